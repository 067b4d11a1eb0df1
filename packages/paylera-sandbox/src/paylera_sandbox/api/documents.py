"""Invoices, payments and payment methods: what billing leaves behind, to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.billing.machines import INVOICE, PAYMENT
from paylera_sandbox.kinds import Kind
from paylera_sandbox.operations import Call, File
from paylera_sandbox.receipt import receipt
from paylera_sandbox.store import Doc

_INVOICE: Mapping[str, Kind[Any]] = {
    "subscription_id": fields.identifier,
    "status": fields.choice(*INVOICE.states),
    "number": fields.identifier,
    "currency": fields.identifier,
    "total": fields.decimal,
    "amount_due": fields.decimal,
    "due_at": fields.timestamp,
    "issued_at": fields.timestamp,
}
_INVOICE_SORTS = ("updated_at", "due_at", "issued_at", "number", "total")
OWN_INVOICE_FILTERS = filters(sort=_INVOICE_SORTS, **_INVOICE)
INVOICE_FILTERS = filters(sort=_INVOICE_SORTS, customer_id=fields.identifier, **_INVOICE)
PAYMENT_FILTERS = filters(
    customer_id=fields.identifier,
    invoice_id=fields.identifier,
    payment_method_id=fields.identifier,
    status=fields.choice(*PAYMENT.states),
    currency=fields.identifier,
    amount=fields.decimal,
    captured_at=fields.timestamp,
    sort=("updated_at", "captured_at", "amount"),
)


def invoices(call: Call) -> Doc:
    """List invoices."""
    return page(call, "invoices")


def invoice(call: Call) -> Doc:
    """Return an invoice."""
    return call.unit.need("invoices", call.ids["id"], "invoice.not_found")


def pdf(call: Call) -> File:
    """Return an invoice as a one-page PDF."""
    found = invoice(call)
    return File(receipt(found, call.unit.customer(found["customer_id"])), "application/pdf", f"{found['number']}.pdf")


def payments(call: Call) -> Doc:
    """List payments."""
    return page(call, "payments")


def payment(call: Call) -> Doc:
    """Return a payment."""
    return call.unit.need("payments", call.ids["id"], "payment.not_found")


def payment_method(call: Call) -> Doc:
    """Return a payment method."""
    return call.unit.need("payment_methods", call.ids["id"], "payment_method.not_found")
