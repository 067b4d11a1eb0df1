"""Invoices, payments and payment methods: what billing leaves behind, to be read."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import PAGING, page
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call, File
from paylera_sandbox.receipt import receipt
from paylera_sandbox.store import Doc

_INVOICE_STATUSES = ("draft", "open", "partially_paid", "paid", "void", "uncollectible")
_PAYMENT_STATUSES = ("pending", "processing", "requires_action", "succeeded", "failed", "canceled")
_OWNER = {"customer_id": Rule(fields.identifier)}
INVOICE_FILTERS = {
    **_OWNER,
    "subscription_id": Rule(fields.identifier),
    "status": Rule(fields.any_of(*_INVOICE_STATUSES)),
    **PAGING,
}
PAYMENT_FILTERS = {
    **_OWNER,
    "invoice_id": Rule(fields.identifier),
    "status": Rule(fields.any_of(*_PAYMENT_STATUSES)),
    **PAGING,
}


def invoices(call: Call) -> Doc:
    """List invoices."""
    return page(call, "invoices", **_filters(call))


def invoice(call: Call) -> Doc:
    """Return an invoice."""
    return call.unit.need("invoices", call.ids["id"], "invoice.not_found")


def pdf(call: Call) -> File:
    """Return an invoice as a one-page PDF."""
    found = invoice(call)
    return File(receipt(found, call.unit.customer(found["customer_id"])), "application/pdf", f"{found['number']}.pdf")


def payments(call: Call) -> Doc:
    """List payments."""
    return page(call, "payments", **_filters(call))


def payment(call: Call) -> Doc:
    """Return a payment."""
    return call.unit.need("payments", call.ids["id"], "payment.not_found")


def payment_method(call: Call) -> Doc:
    """Return a payment method."""
    return call.unit.need("payment_methods", call.ids["id"], "payment_method.not_found")


def _filters(call: Call) -> Doc:
    return {name: value for name, value in call.query.items() if name not in PAGING}
