"""Credit notes: `/v1/invoices/{id}/credit-notes` and `/v1/credit-notes`."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox import fields
from paylera_sandbox.api.amounts import expect_whole
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.billing import creditnotes, drafts
from paylera_sandbox.billing.creditnotes import Part
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.shapes import list_of, record
from paylera_sandbox.store import Doc

LINE = {"line_id": Rule(fields.identifier, required=True), "amount": Rule(fields.quantity)}
CREATE = {
    "reason": Rule(fields.choice(*creditnotes.REASONS), required=True),
    "lines": Rule(list_of(record(LINE), least=1, most=drafts.MAX_LINES)),
    "amount": Rule(fields.quantity),
    "outcome": Rule(record({"kind": Rule(fields.choice(*creditnotes.OUTCOMES), required=True)})),
}
FILTERS = filters(
    customer_id=fields.identifier,
    invoice_id=fields.identifier,
    reason=fields.choice(*creditnotes.REASONS),
    currency=fields.identifier,
)


def create(call: Call) -> Doc:
    """Credit an invoice: an `amount` with the tax in it, `lines` (amounts before tax), or without both all that is
    left."""
    unit, given = call.unit, call.body
    invoice = unit.need("invoices", call.ids["id"], "invoice.not_found")
    if given.get("lines") and given.get("amount"):
        raise fault("amount", "credit_note.amount_or_lines", "is one way to say how much, lines is the other")
    kind = (given.get("outcome") or {}).get("kind")
    parts = _lines(call, invoice) if given.get("lines") else [_amount(call, invoice)]
    return creditnotes.issue(unit, invoice, parts, reason=given["reason"], outcome=kind)


def listing(call: Call) -> Doc:
    """List credit notes."""
    return page(call, "credit_notes")


def of_invoice(call: Call) -> Doc:
    """List the credit notes of an invoice."""
    invoice = call.unit.need("invoices", call.ids["id"], "invoice.not_found")
    return page(call, "credit_notes", invoice_id=invoice["id"])


def get(call: Call) -> Doc:
    """Return a credit note."""
    return call.unit.need("credit_notes", call.ids["id"], "credit_note.not_found")


def _amount(call: Call, invoice: Doc) -> Part:
    given: Decimal | None = call.body.get("amount")
    amount = creditnotes.left(call.unit, invoice) if given is None else given
    return creditnotes.gross(invoice, expect_whole("amount", amount, invoice["currency"]))


def _lines(call: Call, invoice: Doc) -> list[Part]:
    known = {line["id"]: line for line in invoice["lines"]}
    parts: list[Part] = []
    for number, wanted in enumerate(call.body["lines"]):
        line = known.pop(wanted["line_id"], None)
        if line is None:
            detail = f"The invoice has no line '{wanted['line_id']}', or it is named twice."
            raise Problem("invoice.line_not_found", detail)
        amount = wanted.get("amount")
        if amount is not None:
            expect_whole(f"lines[{number}].amount", amount, invoice["currency"])
        parts.append(creditnotes.whole_line(call.unit, invoice, line, amount))
    return parts
