"""Wallets: money that a customer has paid ahead, one per currency. The balance is the sum of the entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from paylera_sandbox.billing import methods, payments
from paylera_sandbox.billing.cards import DECLINES
from paylera_sandbox.money import amount_text
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

CREDIT_REASONS = ("manual_topup", "auto_topup", "credit_note", "promotional", "refund", "migration")
DEBIT_REASONS = ("invoice_payment", "manual_debit", "refund", "chargeback")
_ZERO = Decimal(0)


def create(
    unit: Unit, customer: Doc, currency: str, *, drift_floor: Decimal = _ZERO, auto_top_up: Doc | None = None
) -> Doc:
    """Open a wallet. `drift_floor` is how far below zero its balance may go."""
    held = of(unit, customer["id"], currency)
    if held is not None:
        raise Problem("wallet.exists", f"The customer has the wallet {held['id']} in {currency}.")
    wallet = {
        "id": unit.new_id("wal"),
        "object": "wallet",
        "customer_id": customer["id"],
        "currency": currency,
        "balance": amount_text(_ZERO, currency),
        "auto_top_up": auto_top_up,
        "drift_floor": amount_text(drift_floor, currency),
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }
    unit.store.insert("wallets", wallet)
    emit(unit, "wallet.created", wallet)
    return wallet


def of(unit: Unit, customer_id: str, currency: str) -> Doc | None:
    """Return the wallet of a customer in a currency."""
    held = unit.store.newest("wallets", {"customer_id": customer_id})
    return next((wallet for wallet in held if wallet["currency"] == currency), None)


def opened(unit: Unit, customer_id: str, currency: str) -> Doc:
    """Return the wallet of a customer in a currency, opened if need be."""
    return of(unit, customer_id, currency) or create(unit, unit.customer(customer_id), currency)


def available(wallet: Doc) -> Decimal:
    """Return what can be taken out: down to the drift floor."""
    return max(Decimal(wallet["balance"]) - Decimal(wallet["drift_floor"]), _ZERO)


def credit(unit: Unit, wallet: Doc, amount: Decimal, *, reason: str, **more: Any) -> Doc:
    """Put money in and return the entry. `more` may name `external_id`, `payment_id`, `invoice_id`."""
    return _enter(unit, wallet, amount, reason=reason, **more)


def debit(unit: Unit, wallet: Doc, amount: Decimal, *, reason: str, **more: Any) -> Doc:
    """Take money out and return the entry; then top up if that is wanted."""
    entry = take_back(unit, wallet, amount, reason=reason, **more)
    top_up(unit, wallet)
    return entry


def take_back(unit: Unit, wallet: Doc, amount: Decimal, *, reason: str, **more: Any) -> Doc:
    """Take money out and return the entry, without topping up."""
    if amount > available(wallet):
        left, currency = amount_text(available(wallet), wallet["currency"]), wallet["currency"]
        detail = f"The balance is {wallet['balance']} {currency}; {left} can be taken out."
        raise Problem("wallet.insufficient_funds", detail)
    return _enter(unit, wallet, -amount, reason=reason, **more)


def by_external_id(unit: Unit, wallet: Doc, external_id: str) -> Doc | None:
    """Return the entry that was made under an id of the caller's own."""
    return unit.store.first("wallet_entries", wallet_id=wallet["id"], external_id=external_id)


def change(unit: Unit, wallet: Doc, **members: Any) -> Doc:
    """Write changed members in place and tell of it; no difference, no event."""
    before = dict(wallet)
    wallet.update(members)
    if wallet != before:
        wallet["updated_at"] = unit.stamp
        unit.store.save("wallets", wallet)
        emit(unit, "wallet.updated", wallet, before=before)
    return wallet


def top_up(unit: Unit, wallet: Doc) -> None:
    """Charge the method of the automatic top-up if the balance has come down to its trigger; a failure is told."""
    rule = wallet["auto_top_up"]
    if not rule or not rule["enabled"] or Decimal(wallet["balance"]) > Decimal(rule["trigger_at"]):
        return
    amount = Decimal(rule["amount"])
    method = unit.store.find("payment_methods", rule["payment_method_id"])
    payment = payments.create(unit, wallet, amount=amount, method_id=rule["payment_method_id"])
    decline = methods.decline_of(unit, method) if method else DECLINES["method_removed"]
    if method is not None and methods.asks_payer(method):
        decline = DECLINES["authentication_required"]
    if decline is not None:
        payments.fail(unit, payment, decline)
        emit(unit, "wallet.auto_topup_failed", {**wallet, "last_error": payment["last_error"]})
        return
    payments.succeed(unit, payment, method)
    _enter(unit, wallet, amount, reason="auto_topup", payment_id=payment["id"])


def _enter(unit: Unit, wallet: Doc, amount: Decimal, *, reason: str, **more: Any) -> Doc:
    balance = amount_text(Decimal(wallet["balance"]) + amount, wallet["currency"])
    entry = {
        "id": unit.new_id("wen"),
        "object": "wallet_entry",
        "wallet_id": wallet["id"],
        "kind": "credit" if amount >= 0 else "debit",
        "amount": amount_text(amount, wallet["currency"]),
        "currency": wallet["currency"],
        "balance_after": balance,
        "reason": reason,
        "external_id": None,
        "invoice_id": None,
        "payment_id": None,
        **more,
        "created_at": unit.stamp,
    }
    unit.store.insert("wallet_entries", entry)
    change(unit, wallet, balance=balance)
    return entry
