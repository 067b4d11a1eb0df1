"""Disputes: what some test cards do to a payment that went through, a minute later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from paylera_sandbox.billing import invoices, wallets
from paylera_sandbox.billing.machines import PAYMENT
from paylera_sandbox.money import amount_text
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

# What happens -> the event that tells of it.
_EVENTS = {"charged_back": "payment.charged_back", "dispute_won": "payment.dispute_won"}


def take(unit: Unit, step: str, payment_id: str) -> None:
    """Take a step of a dispute, unless the payment has been given back in full meanwhile."""
    payment = unit.need("payments", payment_id, "payment.not_found")
    status = "charged_back" if step == "charged_back" else _before_the_dispute(payment)
    if not PAYMENT.may(payment["status"], status):
        return
    payment.update(status=status, updated_at=unit.stamp)
    unit.store.save("payments", payment)
    emit(unit, _EVENTS[step], payment)
    if payment["invoice_id"]:
        _note(unit, unit.need("invoices", payment["invoice_id"], "invoice.not_found"))
    if payment["_wallet_id"]:
        _ON_WALLET[step](unit, payment, unit.need("wallets", payment["_wallet_id"], "wallet.not_found"))


def _before_the_dispute(payment: Doc) -> str:
    """A payment that is won back is what it was: what went back to the payer stays there."""
    return "partially_refunded" if payment["refunds"] else "succeeded"


def _note(unit: Unit, invoice: Doc) -> None:
    """Write on an invoice what is lost of its payments. It stays as it is otherwise: it was paid, which is final, and
    what is done about the dispute is the merchant's decision."""
    before, currency = dict(invoice), invoice["currency"]
    lost = unit.store.newest("payments", {"invoice_id": invoice["id"], "status": "charged_back"})
    invoice["amount_charged_back"] = amount_text(sum(map(_kept, lost), Decimal(0)), currency)
    invoices.save(unit, invoice, "invoice.updated", before=before)


def _kept(payment: Doc) -> Decimal:
    """Return what of a payment had not gone back to the payer yet."""
    return Decimal(payment["amount"]) - Decimal(payment["amount_refunded"])


def _take_back(unit: Unit, payment: Doc, wallet: Doc) -> None:
    """Take a top-up out of its wallet again, as far as it is still there."""
    amount = min(_kept(payment), wallets.available(wallet))
    unit.store.save("payments", {**payment, "_taken": amount_text(amount, payment["currency"])})
    if amount > 0:
        wallets.take_back(unit, wallet, amount, reason="chargeback", payment_id=payment["id"])


def _give_again(unit: Unit, payment: Doc, wallet: Doc) -> None:
    """Put back what the dispute had taken out."""
    amount = Decimal(payment.get("_taken", "0"))
    if amount > 0:
        wallets.credit(unit, wallet, amount, reason="dispute_won", payment_id=payment["id"])


_ON_WALLET: Mapping[str, Callable[[Unit, Doc, Doc], None]] = {"charged_back": _take_back, "dispute_won": _give_again}
