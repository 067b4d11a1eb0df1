"""Refunds: money of a payment that goes back, never more than there is left of it."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing import credit, payments, wallets
from paylera_sandbox.billing.machines import PAYMENT
from paylera_sandbox.money import amount_text
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

DESTINATIONS = ("card", "wallet", "credit_balance")
KEPT = ("succeeded", "partially_refunded")


def refund(unit: Unit, payment: Doc, amount: Decimal | None, *, reason: str | None, destination: str | None) -> Doc:
    """Give back a part of a payment, or all that is left. A payment from a wallet goes back to it, others to where they
    came from, unless `destination` says otherwise."""
    PAYMENT.expect(payment, "refunded")
    destination = _destination(payment, destination)
    left = refundable(unit, payment)
    amount = left if amount is None else amount
    if amount > left or left <= 0:
        detail = f"Of this payment {amount_text(left, payment['currency'])} {payment['currency']} can be refunded."
        raise Problem("refund.too_large", detail)
    made = _make(unit, payment, amount, reason, destination)
    _book(unit, payment, made)
    _pay_out(unit, payment, made)
    return made


def refundable(unit: Unit, payment: Doc) -> Decimal:
    """Return what of a payment can still go back: credit notes may have given some already."""
    left = _left(payment)
    if payment["_wallet_id"]:  # a top-up: what was spent of it cannot go back
        left = min(left, wallets.available(unit.need("wallets", payment["_wallet_id"], "wallet.not_found")))
    invoice = unit.store.find("invoices", payment["invoice_id"]) if payment["invoice_id"] else None
    return min(left, kept(unit, invoice)) if invoice else left


def kept(unit: Unit, invoice: Doc) -> Decimal:
    """Return what the merchant still holds of an invoice's money: what came in, without what went back."""
    came = Decimal(invoice["amount_paid"]) + max(Decimal(invoice["credit_applied"]), Decimal(0))
    paid = unit.store.newest("payments", {"invoice_id": invoice["id"]})
    returned = sum((_returned(payment) for payment in paid), Decimal(0))
    notes = unit.store.newest("credit_notes", {"invoice_id": invoice["id"]})
    credited = (-Decimal(note["total"]) for note in notes if note["outcome"]["kind"] == "credit_balance")
    return came - returned - sum(credited, Decimal(0))


def of_invoice(unit: Unit, invoice: Doc) -> list[Doc]:
    """Return the payments of an invoice of which something can be refunded, the newest first."""
    return unit.store.newest("payments", {"invoice_id": invoice["id"], "status": KEPT})


def _left(payment: Doc) -> Decimal:
    return Decimal(payment["amount"]) - Decimal(payment["amount_refunded"])


def _returned(payment: Doc) -> Decimal:
    whole = payment["status"] == "charged_back"
    return Decimal(payment["amount"] if whole else payment["amount_refunded"])


def _destination(payment: Doc, wanted: str | None) -> str:
    """Return where a refund goes: what a wallet paid has no card, and a top-up does not go back into its wallet."""
    origin = "wallet" if payment["provider"] == payments.WALLET_PROVIDER else "card"
    refused = "card" if origin == "wallet" else "wallet" if payment["_wallet_id"] else None
    if wanted is not None and wanted == refused:
        others = " or ".join(name for name in DESTINATIONS if name != refused)
        raise fault("destination", "refund.destination", f"must be {others} for this payment")
    return wanted or origin


def _make(unit: Unit, payment: Doc, amount: Decimal, reason: str | None, destination: str) -> Doc:
    made = {
        "id": unit.new_id("ref"),
        "object": "refund",
        "payment_id": payment["id"],
        "invoice_id": payment["invoice_id"],
        "customer_id": payment["customer_id"],
        "amount": amount_text(amount, payment["currency"]),
        "currency": payment["currency"],
        "reason": reason,
        "destination": destination,
        "status": "succeeded",
        "created_at": unit.stamp,
    }
    unit.store.insert("refunds", made)
    return made


def _book(unit: Unit, payment: Doc, made: Doc) -> None:
    """Write a refund on its payment and tell of it."""
    refunded = Decimal(payment["amount_refunded"]) + Decimal(made["amount"])
    status = "refunded" if refunded == Decimal(payment["amount"]) else "partially_refunded"
    PAYMENT.expect(payment, status)
    payment.update(
        status=status,
        amount_refunded=amount_text(refunded, payment["currency"]),
        refunds=[*payment["refunds"], made["id"]],
        updated_at=unit.stamp,
    )
    unit.store.save("payments", payment)
    emit(unit, "payment.refunded", payment)
    invoice = unit.store.find("invoices", payment["invoice_id"]) if payment["invoice_id"] else None
    if invoice and invoice["subscription_id"]:
        subscription = unit.need("subscriptions", invoice["subscription_id"], "subscription.not_found")
        emit(unit, "subscription.refund_processed", {**subscription, "refund": made})


def _pay_out(unit: Unit, payment: Doc, made: Doc) -> None:
    """Move the money, when it stays with us. What a top-up brought leaves the wallet."""
    amount, owner, currency = Decimal(made["amount"]), payment["customer_id"], payment["currency"]
    if payment["_wallet_id"]:
        wallet = unit.need("wallets", payment["_wallet_id"], "wallet.not_found")
        wallets.take_back(unit, wallet, amount, reason="refund", payment_id=payment["id"])
    if made["destination"] == "wallet":
        wallets.credit(unit, wallets.opened(unit, owner, currency), amount, reason="refund", payment_id=payment["id"])
    elif made["destination"] == "credit_balance":
        credit.book(unit, owner, currency, amount)
