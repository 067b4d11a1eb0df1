"""Invoices: `/v1/invoices`, from draft to paid."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.lines import LINES, item, items
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.api.moments import expect_near
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import collection, drafts, invoices, methods, payments
from paylera_sandbox.billing.machines import INVOICE
from paylera_sandbox.fields import Rule
from paylera_sandbox.forms.plans import currency as currency_code
from paylera_sandbox.kinds import Kind
from paylera_sandbox.operations import Call, File
from paylera_sandbox.problems import Problem
from paylera_sandbox.receipt import receipt
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

CREATE = {
    "customer_id": Rule(fields.identifier, required=True),
    "currency": Rule(currency_code, required=True),
    "subscription_id": Rule(fields.identifier),
    "lines": Rule(LINES),
    "due_at": Rule(fields.timestamp),
    "metadata": Rule(fields.metadata),
}
UPDATE = {"due_at": Rule(fields.timestamp), "metadata": Rule(fields.metadata)}
PAY = {"payment_method_id": Rule(fields.identifier), "return_url": Rule(fields.url)}
_BY: Mapping[str, Kind[Any]] = {
    "subscription_id": fields.identifier,
    "status": fields.choice(*INVOICE.states),
    "number": fields.identifier,
    "currency": fields.identifier,
    "total": fields.decimal,
    "amount_due": fields.decimal,
    "due_at": fields.timestamp,
    "issued_at": fields.timestamp,
}
_SORTS = ("updated_at", "due_at", "issued_at", "number", "total")
OF_CUSTOMER = filters(sort=_SORTS, **_BY)
FILTERS = filters(sort=_SORTS, customer_id=fields.identifier, **_BY)


def create(call: Call) -> Doc:
    """Create a draft."""
    unit, given = call.unit, call.body
    customer = unit.customer(given["customer_id"])
    currency = given["currency"]
    given_items = items(given.get("lines") or [], currency, "lines")
    invoice = invoices.build(unit, customer["id"], currency, given_items)
    invoice["subscription_id"] = _subscription(unit, customer, given.get("subscription_id"), currency)
    invoice["due_at"] = expect_near(unit, "due_at", given.get("due_at"))
    invoice["metadata"] = merged({}, given.get("metadata"))
    return drafts.store(unit, invoice)


def listing(call: Call) -> Doc:
    """List invoices."""
    return page(call, "invoices")


def get(call: Call) -> Doc:
    """Return an invoice."""
    return call.unit.need("invoices", call.ids["id"], "invoice.not_found")


def update(call: Call) -> Doc:
    """Change a draft. Of an invoice that was opened only the metadata changes."""
    before, given = get(call), call.body
    changed = {**before, **given}
    if "metadata" in given:
        changed["metadata"] = merged(before["metadata"], given["metadata"])
    if changed == before:
        return before
    if changed["due_at"] != before["due_at"]:
        drafts.expect_draft(before)
        expect_near(call.unit, "due_at", changed["due_at"])
    invoices.save(call.unit, changed, "invoice.updated", before=before)
    return changed


def delete(call: Call) -> None:
    """Delete a draft."""
    drafts.delete(call.unit, get(call))


def add_line(call: Call) -> Doc:
    """Add a line to a draft and return the line."""
    invoice = get(call)
    drafts.expect_draft(invoice)
    return drafts.add_line(call.unit, invoice, item(call.body, invoice["currency"], ""))


def delete_line(call: Call) -> None:
    """Remove a line from a draft."""
    drafts.delete_line(call.unit, get(call), call.ids["line_id"])


def finalize(call: Call) -> Doc:
    """Open a draft: it gets its number. With nothing to pay it is paid at once."""
    unit, invoice = call.unit, get(call)
    drafts.expect_lines(invoice)
    invoices.finalize(unit, invoice)
    if not payments.is_due(invoice):
        invoices.record(unit, invoice, Decimal(0))
    return invoice


def recompute_tax(call: Call) -> Doc:
    """Compute the tax of a draft by the rate that holds now."""
    return drafts.recompute_tax(call.unit, get(call))


def pay(call: Call) -> Doc:
    """Try to have an open invoice paid and return the payment. One that `requires_action` has a `next_action`; a
    declined one is a refusal."""
    unit, invoice, given = call.unit, get(call), call.body
    INVOICE.expect(invoice, "paid")
    subscription = unit.store.find("subscriptions", invoice["subscription_id"] or "")
    wanted = given.get("payment_method_id")
    method = methods.owned(unit, invoice["customer_id"], wanted) if wanted else None
    if not method and not collection.can_collect(unit, invoice, subscription):
        detail = "The customer has no payment method. Name one, or give the customer a default."
        raise Problem("payment_method.required", detail)
    collection.collect(unit, invoice, subscription, method, return_url=given.get("return_url"))
    payment = unit.need("payments", invoice["payments"][-1], "payment.not_found")
    if payment["status"] == "failed":
        error, named = payment["last_error"], {"payment_id": payment["id"]}
        raise Problem("payment.declined", error["user_message"], keep=True, decline_code=error["decline_code"], **named)
    return {**payment, "problem": "payment.requires_action"} if payment["next_action"] else payment


def void(call: Call) -> Doc:
    """Declare an open invoice void."""
    invoice = get(call)
    payments.cancel_waiting(call.unit, invoice)
    invoices.void(call.unit, invoice)
    return invoice


def mark_uncollectible(call: Call) -> Doc:
    """Write an open invoice off."""
    invoice = get(call)
    payments.cancel_waiting(call.unit, invoice)
    invoices.write_off(call.unit, invoice)
    return invoice


def pdf(call: Call) -> File:
    """Return an invoice as a PDF."""
    found = get(call)
    owner, name = call.unit.customer(found["customer_id"]), f"{found['number'] or found['id']}.pdf"
    tax_ids = call.unit.store.newest("tax_ids", {"customer_id": owner["id"]})
    return File(receipt(found, owner, tax_ids), "application/pdf", name)


def _subscription(unit: Unit, customer: Doc, identifier: str | None, currency: str) -> str | None:
    if identifier is None:
        return None
    subscription = unit.need("subscriptions", identifier, "subscription.not_found")
    if subscription["customer_id"] != customer["id"]:
        raise Problem("subscription.not_found", f"The customer has no subscription '{identifier}'.")
    if subscription["currency"] != currency:
        raise Problem("subscription.currency_mismatch", f"The subscription is in {subscription['currency']}.")
    return identifier
