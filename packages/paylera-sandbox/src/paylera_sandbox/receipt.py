"""A PDF of an invoice, written by hand: text in Courier, as many pages as it takes, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from paylera_sandbox.store import Doc

_PAGE = "612 792"
_LINES_THAT_FIT = 42
_WIDTH = 84
_ADDRESS = ("line1", "line2", "city", "region", "postal_code", "country")
_SUMS = ("subtotal", "discount", "tax", "total", "credit_applied", "amount_credited", "amount_paid", "amount_due")
_ALWAYS = {"subtotal", "tax", "total", "amount_due"}
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"


def receipt(invoice: Doc, customer: Doc, tax_ids: Sequence[Doc] = ()) -> bytes:
    """Return the PDF."""
    lines = _text(invoice, customer, tax_ids)
    pages = [lines[place : place + _LINES_THAT_FIT] for place in range(0, len(lines), _LINES_THAT_FIT)]
    footed = [[*page, "", f"Page {number} of {len(pages)}"] for number, page in enumerate(pages, start=1)]
    return _file(_objects([_content(page) for page in footed]))


def _text(invoice: Doc, customer: Doc, tax_ids: Sequence[Doc]) -> list[str]:
    return [
        "Paylera sandbox: no real money",
        "",
        f"Invoice {invoice['number'] or '(draft)'}    {(invoice['issued_at'] or '')[:10]}    {invoice['status']}",
        *_customer(customer, tax_ids),
        "",
        *[row for line in invoice["lines"] for row in _line(line, invoice["currency"])],
        "",
        *[_sum(name, invoice) for name in _SUMS if name in _ALWAYS or Decimal(invoice.get(name, "0"))],
        *[f"{_rate(tax['rate'])} tax: {tax['amount']} {invoice['currency']}" for tax in invoice["tax_breakdown"]],
    ]


def _customer(customer: Doc, tax_ids: Sequence[Doc]) -> list[str]:
    address = customer["billing_address"] or {}
    names = [part for part in (customer["name"], customer["email"]) if part]
    return [
        f"For {' '.join(names)}",
        *[f"    {address[name]}"[:_WIDTH] for name in _ADDRESS if address.get(name)],
        *[f"    Tax id {tax_id['type']} {tax_id['value']}"[:_WIDTH] for tax_id in tax_ids],
    ]


def _line(line: Doc, currency: str) -> list[str]:
    row = f"{line['description'][:44]:<44} {line['amount']:>16} {currency}"
    counted = line["quantity"] != "1"
    return [row, f"    {line['quantity']} x {line['unit_amount']} {currency}"] if counted else [row]


def _sum(name: str, invoice: Doc) -> str:
    return f"{name.replace('_', ' '):>44} {invoice[name]:>16} {invoice['currency']}"


def _rate(rate: str) -> str:
    return f"{(Decimal(rate) * 100).normalize():f} %"


def _content(lines: Sequence[str]) -> bytes:
    shown = b" T* ".join(b"(%s) Tj" % _escaped(line) for line in lines)
    return b"BT /F1 10 Tf 16 TL 50 750 Td " + shown + b" ET"


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _objects(contents: Sequence[bytes]) -> list[bytes]:
    """Lay out the catalogue, the tree of pages, the font, and each page followed by its content."""
    places = [4 + 2 * number for number in range(len(contents))]
    kids = " ".join(f"{place} 0 R" for place in places)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(places)} >>".encode(),
        _FONT,
    ]
    for place, content in zip(places, contents, strict=True):
        head = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_PAGE}] /Contents {place + 1} 0 R "
        objects.append(f"{head}/Resources << /Font << /F1 3 0 R >> >> >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return objects


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
