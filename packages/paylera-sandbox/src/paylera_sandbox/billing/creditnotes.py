"""Credit notes: corrections of an invoice that was opened. All their amounts are negative.

What becomes of the money is the outcome: `applied_to_invoice` takes it off what is due, `refund` gives payments back,
`credit_balance` keeps it for the customer's next invoices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from paylera_sandbox.billing import credit, invoices, payments, refunds
from paylera_sandbox.money import amount_text, rounded
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory", "service_outage", "other")
OUTCOMES = ("refund", "credit_balance", "applied_to_invoice")
_CREDITABLE = ("open", "partially_paid", "paid")


@dataclass(frozen=True, slots=True)
class Part:
    """What of a line is credited: an amount before tax and the tax on it. Without a line, of the whole invoice."""

    line: Doc | None
    net: Decimal
    tax: Decimal


def whole_line(unit: Unit, invoice: Doc, line: Doc, net: Decimal | None) -> Part:
    """Credit a part of a line, before tax, or all that is left of it. The last part takes the rest of the tax."""
    given = [noted for note in of(unit, invoice) for noted in note["lines"] if noted["invoice_line_id"] == line["id"]]
    left_net = Decimal(line["amount"]) - Decimal(line["discount_amount"]) + _sum(given, "amount")
    left_tax = Decimal(line["tax_amount"]) + _sum(given, "tax_amount")
    net = left_net if net is None else net
    if not 0 < net <= left_net:
        detail = f"Of the line {line['id']}, {amount_text(left_net, invoice['currency'])} before tax can be credited."
        raise Problem("credit_note.too_large", detail)
    share = rounded(Fraction(net) * Fraction(line["tax_rate"]), invoice["currency"])
    return Part(line, net, left_tax if net == left_net else min(share, left_tax))


def gross(invoice: Doc, amount: Decimal) -> Part:
    """Credit an amount with the tax in it, in the proportion that the invoice has."""
    total = Fraction(invoice["total"])
    tax = rounded(Fraction(amount) * Fraction(invoice["tax"]) / total, invoice["currency"]) if total else Decimal(0)
    return Part(None, amount - tax, tax)


def left(unit: Unit, invoice: Doc) -> Decimal:
    """Return what of an invoice's total is not credited yet."""
    return Decimal(invoice["total"]) + _sum(of(unit, invoice), "total")


def of(unit: Unit, invoice: Doc) -> list[Doc]:
    """Return the credit notes of an invoice."""
    return unit.store.newest("credit_notes", {"invoice_id": invoice["id"]})


def issue(unit: Unit, invoice: Doc, parts: list[Part], *, reason: str, outcome: str | None) -> Doc:
    """Issue a credit note and carry its outcome out."""
    if invoice["status"] not in _CREDITABLE:
        detail = f"The invoice is {invoice['status']}; a credit note needs one that is {', '.join(_CREDITABLE)}."
        raise Problem("credit_note.not_allowed", detail)
    kind = outcome or ("credit_balance" if invoice["status"] == "paid" else "applied_to_invoice")
    amount = sum((part.net + part.tax for part in parts), Decimal(0))
    _expect_room(unit, invoice, amount, kind)
    note = _build(unit, invoice, parts, reason, kind)
    unit.store.insert("credit_notes", note)
    note["outcome"] = _carry_out(unit, invoice, note, amount)
    unit.store.save("credit_notes", note)
    return note


def give_back(unit: Unit, invoice: Doc) -> None:
    """Give back all that came in for an invoice: payments to where they came from, credit that it used as credit."""
    for outcome in ("refund", "credit_balance"):
        amount = min(left(unit, invoice), _ROOM[outcome](unit, invoice))
        if amount > 0:
            issue(unit, invoice, [gross(invoice, amount)], reason="order_change", outcome=outcome)


def _expect_room(unit: Unit, invoice: Doc, amount: Decimal, kind: str) -> None:
    """Refuse more than is left of the invoice, or than the outcome can take."""
    room = min(left(unit, invoice), _ROOM[kind](unit, invoice))
    if not 0 < amount <= room:
        currency = invoice["currency"]
        detail = f"At most {amount_text(max(room, Decimal(0)), currency)} {currency} can be credited as {kind}."
        raise Problem("credit_note.too_large", detail)


def _refundable(unit: Unit, invoice: Doc) -> Decimal:
    paid = sum((refunds.refundable(unit, payment) for payment in refunds.of_invoice(unit, invoice)), Decimal(0))
    return min(paid, refunds.kept(unit, invoice))


def _due(_: Unit, invoice: Doc) -> Decimal:
    return Decimal(invoice["amount_due"])


_ROOM: Mapping[str, Callable[[Unit, Doc], Decimal]] = {
    "refund": _refundable,
    "credit_balance": refunds.kept,
    "applied_to_invoice": _due,
}


def _build(unit: Unit, invoice: Doc, parts: list[Part], reason: str, kind: str) -> Doc:
    currency = invoice["currency"]
    lines = [_line(unit, part, currency) for part in parts]
    subtotal, tax = _sum(lines, "amount"), _sum(lines, "tax_amount")
    number = unit.store.next_number(f"credit-note-{unit.now.year}")
    return {
        "id": unit.new_id("cn"),
        "object": "credit_note",
        "number": f"CN-{unit.now.year}-{number:06d}",
        "invoice_id": invoice["id"],
        "customer_id": invoice["customer_id"],
        "currency": currency,
        "reason": reason,
        "status": "issued",
        "issued_at": unit.stamp,
        "lines": lines,
        "subtotal": amount_text(subtotal, currency),
        "tax": amount_text(tax, currency),
        "total": amount_text(subtotal + tax, currency),
        "outcome": {"kind": kind, "refund_id": None, "amount_refunded": amount_text(Decimal(0), currency)},
        "created_at": unit.stamp,
    }


def _line(unit: Unit, part: Part, currency: str) -> Doc:
    return {
        "id": unit.new_id("cnl"),
        "invoice_line_id": part.line["id"] if part.line else None,
        "description": part.line["description"] if part.line else "Credit",
        "amount": amount_text(-part.net, currency),
        "tax_amount": amount_text(-part.tax, currency),
    }


def _carry_out(unit: Unit, invoice: Doc, note: Doc, amount: Decimal) -> Doc:
    """Do what the outcome says, write the note on its invoice, and return the outcome."""
    outcome, before = note["outcome"], dict(invoice)
    invoice["credit_notes"] = [*invoice["credit_notes"], note["id"]]
    if outcome["kind"] == "applied_to_invoice":
        payments.cancel_waiting(unit, invoice)
        invoices.record(unit, invoice, amount, member="amount_credited", before=before)
        return dict(outcome)
    invoices.save(unit, invoice, "invoice.updated", before=before)
    if outcome["kind"] == "credit_balance":
        credit.book(unit, invoice["customer_id"], invoice["currency"], amount)
        return dict(outcome)
    made = _refund(unit, invoice, note["reason"], amount)
    return {**outcome, "refund_id": made["id"], "amount_refunded": amount_text(amount, invoice["currency"])}


def _refund(unit: Unit, invoice: Doc, reason: str, amount: Decimal) -> Doc:
    """Give back payments, the newest first, until the amount is reached; return the first refund."""
    made: list[Doc] = []
    for payment in refunds.of_invoice(unit, invoice):
        part = min(amount, refunds.refundable(unit, payment))
        if part > 0:
            made.append(refunds.refund(unit, payment, part, reason=reason, destination=None))
            amount -= part
    return made[0]


def _sum(docs: list[Doc], name: str) -> Decimal:
    return sum((Decimal(doc[name]) for doc in docs), Decimal(0))
