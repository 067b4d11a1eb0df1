"""Invoices and payments."""

from __future__ import annotations

from paylera_sandbox.billing.machines import INVOICE, PAYMENT
from paylera_sandbox.pages.acting import given, perform
from paylera_sandbox.pages.console.listing import listing, with_customers
from paylera_sandbox.pages.console.telling import told
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.unit import public

_SHOWN = 25
# What the form's button says -> the operation.
_ACTIONS = {name: f"/v1/invoices/{{id}}/{name}" for name in ("finalize", "pay", "void", "mark-uncollectible")}


def invoices(visit: Visit) -> Answer:
    """List invoices."""
    found = listing(visit, "invoices", filters=("status", "customer_id", "subscription_id"))
    rows = with_customers(visit.unit, found.rows)
    values = {"here": "invoices", "listing": found, "rows": rows, "statuses": INVOICE.states}
    return Page("console/invoices.html", values)


def invoice(visit: Visit) -> Answer:
    """Show one invoice."""
    unit = visit.unit
    found = unit.need("invoices", visit.ids["id"], "invoice.not_found")
    values = {
        "here": "invoices",
        "invoice": found,
        "customer": unit.customer(found["customer_id"]),
        "payments": unit.store.newest("payments", {"invoice_id": found["id"]}, limit=_SHOWN),
        "events": [told(event) for event in unit.store.newest("events", {"aggregate_id": found["id"]}, limit=_SHOWN)],
        "data": public(found),
    }
    return Page("console/invoice.html", values)


def act(visit: Visit) -> Answer:
    """Finalize an invoice, have it paid, void it or write it off."""
    action = visit.form.get("action", "")
    perform(visit, "POST", _ACTIONS.get(action, _ACTIONS["pay"]), id=visit.ids["id"])
    return Redirect(f"/console/invoices/{visit.ids['id']}")


def payments(visit: Visit) -> Answer:
    """List payments."""
    found = listing(visit, "payments", filters=("status", "customer_id", "invoice_id"))
    rows = with_customers(visit.unit, found.rows)
    values = {"here": "payments", "listing": found, "rows": rows, "statuses": PAYMENT.states}
    return Page("console/payments.html", values)


def payment(visit: Visit) -> Answer:
    """Show one payment."""
    unit = visit.unit
    found = unit.need("payments", visit.ids["id"], "payment.not_found")
    method = found["payment_method_id"]
    values = {
        "here": "payments",
        "payment": found,
        "customer": unit.customer(found["customer_id"]),
        "method": unit.store.find("payment_methods", method) if method else None,
        "refunds": unit.store.newest("refunds", {"payment_id": found["id"]}, limit=_SHOWN),
        "events": [told(event) for event in unit.store.newest("events", {"aggregate_id": found["id"]}, limit=_SHOWN)],
        "data": public(found),
    }
    return Page("console/payment.html", values)


def refund(visit: Visit) -> Answer:
    """Give a payment back, in full or in part."""
    perform(visit, "POST", "/v1/payments/{id}/refunds", given(visit, "amount", "reason"), id=visit.ids["id"])
    return Redirect(f"/console/payments/{visit.ids['id']}")
