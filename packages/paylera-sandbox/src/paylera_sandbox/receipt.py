"""A one-page PDF of an invoice, written by hand: text in Helvetica, nothing else."""

from __future__ import annotations

from paylera_sandbox.store import Doc

_PAGE = "612 792"
_LINES_THAT_FIT = 40


def receipt(invoice: Doc, customer: Doc) -> bytes:
    """Return the PDF."""
    stream = _content(_text(invoice, customer)[:_LINES_THAT_FIT])
    fonts = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >> >>"
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_PAGE}] /Contents 4 0 R "
            f"/Resources << /Font {fonts} >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        ]
    )


def _text(invoice: Doc, customer: Doc) -> list[str]:
    currency = invoice["currency"]
    lines = [f"{line['description'][:44]:<44} {line['amount']:>12} {currency}" for line in invoice["lines"]]
    sums = [f"{name.replace('_', ' '):>44} {invoice[name]:>12} {currency}" for name in _SUMS if _counts(invoice, name)]
    return [
        "Paylera sandbox: no real money",
        "",
        f"Invoice {invoice['number'] or '(draft)'}    {(invoice['issued_at'] or '')[:10]}    {invoice['status']}",
        f"For {customer['name'] or ''} {customer['email'] or ''}",
        "",
        *lines,
        "",
        *sums,
    ]


_SUMS = ("subtotal", "discount", "tax", "total", "credit_applied", "amount_paid", "amount_due")


def _counts(invoice: Doc, name: str) -> bool:
    return name in {"subtotal", "tax", "total", "amount_due"} or float(invoice[name]) != 0


def _content(lines: list[str]) -> bytes:
    shown = b" T* ".join(b"(%s) Tj" % _escaped(line) for line in lines)
    return b"BT /F1 10 Tf 16 TL 50 740 Td " + shown + b" ET"


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    """Put objects and their table of places together."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
