"""Wallets: `/v1/wallets`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.amounts import expect_whole
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.billing import methods, wallets
from paylera_sandbox.fields import Rule
from paylera_sandbox.forms.plans import currency as currency_code
from paylera_sandbox.money import amount_text
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.shapes import record
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

TOP_UP = {
    "enabled": Rule(fields.boolean, required=True),
    "trigger_at": Rule(fields.decimal),
    "amount": Rule(fields.quantity),
    "payment_method_id": Rule(fields.identifier),
}
CHANGES = {"auto_top_up": Rule(record(TOP_UP)), "drift_floor": Rule(fields.decimal)}
CREATE = {
    "customer_id": Rule(fields.identifier, required=True),
    "currency": Rule(currency_code, required=True),
    **CHANGES,
}
CREDIT = {
    "amount": Rule(fields.quantity, required=True),
    "reason": Rule(fields.choice(*wallets.CREDIT_REASONS), default="manual_topup"),
    "external_id": Rule(fields.text()),
}
DEBIT = {"amount": CREDIT["amount"], "external_id": CREDIT["external_id"]}
FILTERS = filters(customer_id=fields.identifier, currency=fields.identifier, balance=fields.decimal)
ENTRY_FILTERS = filters(
    kind=fields.choice("credit", "debit"),
    reason=fields.choice(*sorted({*wallets.CREDIT_REASONS, *wallets.DEBIT_REASONS, "dispute_won"})),
    external_id=fields.text(),
    amount=fields.decimal,
)


def create(call: Call) -> Doc:
    """Open a wallet: one per customer and currency."""
    unit, given = call.unit, call.body
    customer, currency = unit.customer(given["customer_id"]), given["currency"]
    floor = _floor(given, currency)
    rule = _rule(unit, customer["id"], currency, given.get("auto_top_up"), None)
    wallet = wallets.create(unit, customer, currency, drift_floor=floor, auto_top_up=rule)
    wallets.top_up(unit, wallet)
    return wallet


def listing(call: Call) -> Doc:
    """List wallets."""
    return page(call, "wallets")


def get(call: Call) -> Doc:
    """Return a wallet."""
    return call.unit.need("wallets", call.ids["id"], "wallet.not_found")


def update(call: Call) -> Doc:
    """Change the automatic top-up (null ends it) and the drift floor; then top up if it is time."""
    unit, wallet, given = call.unit, get(call), call.body
    members: dict[str, Any] = {}
    before = wallet["auto_top_up"]
    if "drift_floor" in given:
        floor = _floor(given, wallet["currency"])
        if Decimal(wallet["balance"]) < floor:
            raise fault("drift_floor", "wallet.below_floor", f"must not be above the balance, {wallet['balance']}")
        members["drift_floor"] = amount_text(floor, wallet["currency"])
    if "auto_top_up" in given:
        members["auto_top_up"] = _rule(unit, wallet["customer_id"], wallet["currency"], given["auto_top_up"], before)
    wallets.change(unit, wallet, **members)
    if wallet["auto_top_up"] != before:
        wallets.top_up(unit, wallet)
    return wallet


def credit(call: Call) -> Doc:
    """Put money into a wallet. A second call with the same `external_id` returns the entry of the first."""
    return _enter(call, wallets.credit, call.body["reason"])


def debit(call: Call) -> Doc:
    """Take money out of a wallet, down to its drift floor. The same `external_id` does it once."""
    return _enter(call, wallets.debit, "manual_debit")


def entries(call: Call) -> Doc:
    """List what went in and out of a wallet."""
    return page(call, "wallet_entries", wallet_id=get(call)["id"])


def _enter(call: Call, move: Any, reason: str) -> Doc:
    unit, wallet, given = call.unit, get(call), call.body
    amount = expect_whole("amount", given["amount"], wallet["currency"])
    external_id = given.get("external_id")
    known = wallets.by_external_id(unit, wallet, external_id) if external_id else None
    if known is not None:
        _expect_same(known, amount if move is wallets.credit else -amount)
        return known
    entry: Doc = move(unit, wallet, amount, reason=reason, external_id=external_id)
    return entry


def _expect_same(known: Doc, amount: Decimal) -> None:
    if Decimal(known["amount"]) != amount:
        detail = f"The entry {known['id']} has this external_id and the amount {known['amount']}."
        raise Problem("wallet.external_id_conflict", detail)


def _floor(given: dict[str, Any], currency: str) -> Decimal:
    floor = expect_whole("drift_floor", given.get("drift_floor") or Decimal(0), currency)
    if floor > 0:
        raise fault("drift_floor", "drift_floor.positive", "must be zero or below")
    return floor


def _rule(unit: Unit, customer_id: str, currency: str, given: Doc | None, old: Doc | None) -> Doc | None:
    """Read the automatic top-up; what is not sent stays as it was."""
    if given is None:
        return None
    rule: Doc = {**dict.fromkeys(TOP_UP), **(old or {})}
    rule.update({name: value for name, value in given.items() if value is not None})
    for name in ("trigger_at", "amount"):
        if rule[name] is not None:
            rule[name] = amount_text(expect_whole(f"auto_top_up.{name}", Decimal(rule[name]), currency), currency)
    if rule["payment_method_id"] is not None:
        methods.owned(unit, customer_id, rule["payment_method_id"])
    missing = [name for name, value in rule.items() if value is None]
    if rule["enabled"] and missing:
        raise fault(f"auto_top_up.{missing[0]}", "field.required", "is required while the top-up is enabled")
    return rule
