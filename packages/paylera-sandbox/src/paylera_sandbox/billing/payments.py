"""Payments: one attempt to move money each, from its beginning to what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from paylera_sandbox.billing import agenda, methods
from paylera_sandbox.billing.cards import DISPUTES, Decline
from paylera_sandbox.billing.machines import PAYMENT
from paylera_sandbox.clock import stamp
from paylera_sandbox.money import amount_text
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

DISPUTE_STEP = timedelta(seconds=60)
CARD_PROVIDER, WALLET_PROVIDER = "sandbox", "wallet"


def create(
    unit: Unit,
    owed: Doc,
    *,
    method_id: str | None = None,
    invoice_id: str | None = None,
    provider: str = CARD_PROVIDER,
    amount: Decimal | None = None,
) -> Doc:
    """Begin a payment over what is due on an invoice, which need not be stored yet, or over another amount."""
    currency = owed["currency"]
    payment = {
        "id": unit.new_id("pay"),
        "object": "payment",
        "invoice_id": invoice_id,
        "customer_id": owed["customer_id"],
        "payment_method_id": method_id,
        "provider": provider,
        "provider_id": unit.new_id(provider),
        "status": "processing",
        "amount": owed["amount_due"] if amount is None else amount_text(amount, currency),
        "currency": currency,
        "amount_settled": None,
        "settlement_currency": currency,
        "fx_rate": None,
        "amount_refunded": amount_text(Decimal(0), currency),
        "captured_at": None,
        "settled_at": None,
        "next_action": None,
        "last_error": None,
        "refunds": [],
        "metadata": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
        "_captured_on": None,
        "_return_url": None,
        "_session_id": None,
        "_wallet_id": owed["id"] if owed["object"] == "wallet" else None,
    }
    unit.store.insert("payments", payment)
    emit(unit, "payment.created", payment)
    return payment


def succeed(unit: Unit, payment: Doc, method: Doc | None = None) -> Doc:
    """Record that the money is there, and remember on the method that it was charged."""
    waited = payment["status"] == "requires_action"
    settled = {"amount_settled": payment["amount"], "captured_at": unit.stamp, "settled_at": unit.stamp}
    settled["_captured_on"] = unit.stamp[:10]
    _move(unit, payment, "succeeded", next_action=None, **settled)
    if waited:
        emit(unit, "payment.action_completed", payment)
    emit(unit, "payment.succeeded", payment)
    if method is not None:
        methods.count_charge(unit, method)
        _announce_dispute(unit, payment, method)
    return payment


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
    _move(unit, payment, "failed", last_error=error, next_action=None)
    emit(unit, "payment.failed", payment)
    return payment


def cancel(unit: Unit, payment: Doc) -> Doc:
    """Give up a payment that is no longer needed."""
    _move(unit, payment, "canceled", next_action=None)
    emit(unit, "payment.canceled", payment)
    return payment


def cancel_waiting(unit: Unit, invoice: Doc) -> None:
    """Give up the payment of an invoice that waits for the payer, if there is one."""
    for payment in unit.store.newest("payments", {"invoice_id": invoice["id"], "status": "requires_action"}):
        cancel(unit, payment)


def ask_payer(unit: Unit, payment: Doc, url: str, *, return_url: str | None = None) -> Doc:
    """Record that the payer's bank wants a confirmation at `url`; the payer goes on to `return_url`."""
    action = {"type": "redirect_to_url", "url": url}
    _move(unit, payment, "requires_action", next_action=action, _return_url=return_url)
    emit(unit, "payment.requires_action", payment)
    return payment


def is_due(invoice: Doc) -> bool:
    """Tell whether an invoice needs a payment at all."""
    return Decimal(invoice["amount_due"]) > 0


def _announce_dispute(unit: Unit, payment: Doc, method: Doc) -> None:
    """Plan what the card of a payment does later, one step a minute."""
    for number, step in enumerate(DISPUTES.get(method["_behaviour"], ()), start=1):
        agenda.schedule(unit, step, payment["id"], stamp(unit.now + number * DISPUTE_STEP))


def _move(unit: Unit, payment: Doc, status: str, **members: object) -> None:
    PAYMENT.expect(payment, status)
    payment.update(status=status, **members, updated_at=unit.stamp)
    unit.store.save("payments", payment)
