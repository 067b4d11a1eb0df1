"""Invoices, payments and credit notes."""

from __future__ import annotations

from paylera_sandbox.billing.machines import INVOICE, PAYMENT
from paylera_sandbox.pages.acting import given, perform
from paylera_sandbox.pages.console.listing import list_of_customers
from paylera_sandbox.pages.console.telling import told
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.unit import public

_SHOWN = 25
# What the form's button says -> the operation.
_ACTIONS = {name: f"/v1/invoices/{{id}}/{name}" for name in ("finalize", "pay", "void", "mark-uncollectible")}


def invoices(visit: Visit) -> Answer:
    """List invoices."""
    filters = ("status", "customer_id", "subscription_id")
    return list_of_customers(visit, "invoices", filters=filters, statuses=INVOICE.states)


def invoice(visit: Visit) -> Answer:
    """Show one invoice."""
    unit = visit.unit
    found = unit.need("invoices", visit.ids["id"], "invoice.not_found")
    values = {
        "here": "invoices",
        "invoice": found,
        "customer": unit.customer(found["customer_id"]),
        "payments": unit.store.newest("payments", {"invoice_id": found["id"]}, limit=_SHOWN),
        "notes": unit.store.newest("credit_notes", {"invoice_id": found["id"]}, limit=_SHOWN),
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
    filters = ("status", "customer_id", "invoice_id")
    return list_of_customers(visit, "payments", filters=filters, statuses=PAYMENT.states)


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


def credit_notes(visit: Visit) -> Answer:
    """List credit notes."""
    return list_of_customers(visit, "credit_notes", filters=("customer_id", "invoice_id"))


def credit_note(visit: Visit) -> Answer:
    """Show one credit note."""
    note = visit.unit.need("credit_notes", visit.ids["id"], "credit_note.not_found")
    customer = visit.unit.customer(note["customer_id"])
    values = {"here": "credit-notes", "note": note, "customer": customer, "data": public(note)}
    return Page("console/credit_note.html", values)
