"""Payments and the methods that are charged."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing.cards import DECLINES, LATER_DECLINES, Card, Decline
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit


def attach_card(unit: Unit, customer: Doc, card: Card, *, exp_month: int, exp_year: int) -> Doc:
    """Store a card and make it the customer's default."""
    method = {
        "id": unit.new_id("pm"),
        "object": "payment_method",
        "customer_id": customer["id"],
        "type": "card",
        "is_default": True,
        "verified": True,
        "card": _card(card, exp_month, exp_year),
        "billing_address": customer["billing_address"],
        "metadata": {},
        "created_at": unit.stamp,
        "_behaviour": card.behaviour,
    }
    for other in unit.store.newest("payment_methods", {"customer_id": customer["id"]}):
        unit.store.save("payment_methods", {**other, "is_default": False})
    unit.store.insert("payment_methods", method)
    emit(unit, "payment_method.attached", method)
    changed = {**customer, "default_payment_method_id": method["id"], "updated_at": unit.stamp}
    unit.store.save("customers", changed)
    emit(unit, "customer.updated", changed, before=customer)
    return method


def _card(card: Card, exp_month: int, exp_year: int) -> Doc:
    return {
        "brand": card.brand,
        "last4": card.number[-4:],
        "exp_month": exp_month,
        "exp_year": exp_year,
        "country": "US",
        "funding": "credit",
    }


def later_decline(method: Doc) -> Decline | None:
    """Return why a charge of a stored method fails, or None if it succeeds."""
    name = LATER_DECLINES.get(method["_behaviour"])
    return DECLINES[name] if name else None


def succeed(unit: Unit, invoice: Doc, method: Doc, *, payment: Doc | None = None) -> Doc:
    """Charge what is due on an invoice. A payment that waited for the payer is completed instead of a new one."""
    charged = payment or create(unit, invoice, method_id=method["id"])
    before = dict(charged)
    charged.update(
        invoice_id=invoice["id"],
        payment_method_id=method["id"],
        status="succeeded",
        amount=invoice["amount_due"],
        amount_settled=invoice["amount_due"],
        captured_at=unit.stamp,
        settled_at=unit.stamp,
        next_action=None,
        updated_at=unit.stamp,
    )
    unit.store.save("payments", charged)
    if before["status"] == "requires_action":
        emit(unit, "payment.action_completed", charged)
    emit(unit, "payment.succeeded", charged)
    return charged


def fail(unit: Unit, payment: Doc, decline: Decline) -> Doc:
    """Record that a payment failed and why."""
    error = {
        "code": "payment.declined",
        "decline_code": decline.code,
        "provider_message": decline.code.replace("_", " "),
        "user_message": decline.message,
        "is_retriable": decline.retriable,
        "retriable_after": None,
    }
    payment.update(status="failed", last_error=error, next_action=None, updated_at=unit.stamp)
    unit.store.save("payments", payment)
    emit(unit, "payment.failed", payment)
    return payment


def release(unit: Unit, payment: Doc | None) -> None:
    """Give up a payment that is no longer needed."""
    if payment is not None:
        payment.update(status="canceled", next_action=None, updated_at=unit.stamp)
        unit.store.save("payments", payment)
        emit(unit, "payment.canceled", payment)


def ask_payer(unit: Unit, payment: Doc, url: str) -> Doc:
    """Record that the payer's bank wants a confirmation at `url`."""
    payment.update(status="requires_action", next_action={"type": "redirect_to_url", "url": url})
    unit.store.save("payments", payment)
    emit(unit, "payment.requires_action", payment)
    return payment


def create(unit: Unit, owed: Doc, *, method_id: str | None = None) -> Doc:
    """Begin a payment over what is due on an invoice, which need not be stored yet."""
    payment = {
        "id": unit.new_id("pay"),
        "object": "payment",
        "invoice_id": None,
        "customer_id": owed["customer_id"],
        "payment_method_id": method_id,
        "provider": "sandbox",
        "provider_id": unit.new_id("sandbox"),
        "status": "processing",
        "amount": owed["amount_due"],
        "currency": owed["currency"],
        "amount_settled": None,
        "settlement_currency": owed["currency"],
        "captured_at": None,
        "settled_at": None,
        "next_action": None,
        "last_error": None,
        "refunds": [],
        "metadata": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }
    unit.store.insert("payments", payment)
    emit(unit, "payment.created", payment)
    return payment


def is_due(invoice: Doc) -> bool:
    """Tell whether an invoice needs a payment at all."""
    return Decimal(invoice["amount_due"]) > 0
