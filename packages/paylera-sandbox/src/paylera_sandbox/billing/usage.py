"""Usage and entitlements: what a subscription includes, what is spent, what may still be done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from paylera_sandbox.billing import subscriptions
from paylera_sandbox.billing.periods import month_of
from paylera_sandbox.clock import stamp
from paylera_sandbox.money import quantity_text
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def subscription_for(unit: Unit, customer_id: str, subscription_id: str | None) -> Doc | None:
    """Return the named subscription, which must be the customer's, or the current one."""
    if subscription_id is None:
        return subscriptions.current(unit, customer_id)
    subscription = unit.store.find("subscriptions", subscription_id)
    if subscription is None or subscription["customer_id"] != customer_id:
        raise Problem("subscription.not_found", f"The customer has no subscription '{subscription_id}'.")
    return subscription if subscription["status"] in subscriptions.CURRENT else None


def feature(unit: Unit, code: str) -> Doc:
    """Return a feature of the catalogue or refuse."""
    found = unit.catalogue.features.get(code)
    if found is None:
        raise Problem("feature.not_found", f"There is no feature '{code}' in the catalogue.")
    return found


def state(unit: Unit, subscription: Doc, code: str, grant: Doc) -> Doc:
    """Return what a subscription has of one feature; members that do not apply to its kind are null."""
    common = {"kind": grant["kind"], "name": grant["name"]}
    if grant["kind"] != "metered":
        allowed = grant["value"] if grant["kind"] == "boolean" else Decimal(grant["value"]) > 0
        empty = dict.fromkeys(("included", "usage", "balance", "unlimited"))
        cycle = {"usage_cycle": None, "resets_at": None}
        return {**common, "allowed": allowed, **empty, "value": grant["value"], **cycle}
    start, end = month_of(unit.now)
    used = spent(unit, subscription["id"], code, start)
    balance = None if grant["unlimited"] else Decimal(grant["included_usage"]) - used
    return {
        **common,
        "allowed": balance is None or balance > 0 or not hard_limit(unit, code),
        "included": grant["included_usage"],
        "usage": quantity_text(used),
        "balance": None if balance is None else quantity_text(balance),
        "unlimited": grant["unlimited"],
        "value": None,
        "usage_cycle": grant["usage_cycle"],
        "resets_at": stamp(end),
    }


def hard_limit(unit: Unit, code: str) -> bool:
    """Tell whether usage stops at what is included; a feature that left the catalogue stops."""
    return bool(unit.catalogue.features.get(code, {}).get("hard_limit", True))


def verdict(unit: Unit, code: str, found: Doc, quantity: Decimal) -> str | None:
    """Return why a quantity of a feature is not to be had, or None if it is."""
    if found["kind"] == "boolean":
        return None if found["value"] else "disabled"
    if found["kind"] == "numeric":
        return None if quantity <= Decimal(found["value"]) else "limit_reached"
    enough = found["unlimited"] or Decimal(found["balance"]) >= quantity
    return None if enough or not hard_limit(unit, code) else "limit_reached"


def spent(unit: Unit, subscription_id: str, code: str, cycle: datetime) -> Decimal:
    """Return what was used in the cycle."""
    sql = "SELECT used FROM usage_counters WHERE subscription_id = ? AND feature = ? AND cycle_start = ?"
    rows = unit.store.execute(sql, (subscription_id, code, stamp(cycle)))
    return Decimal(rows[0][0]) if rows else Decimal(0)


def spend(unit: Unit, subscription: Doc, code: str, grant: Doc, quantity: Decimal) -> Doc:
    """Add to the cycle's usage and return the new state; refuse beyond a hard limit."""
    before = state(unit, subscription, code, grant)
    if verdict(unit, code, before, quantity):
        detail = f"{before['balance']} of '{code}' are left until {before['resets_at']}, you asked for {quantity:f}."
        raise Problem("usage.limit_reached", detail)
    used = quantity_text(Decimal(before["usage"]) + quantity)
    key = (subscription["id"], code, stamp(month_of(unit.now)[0]))
    unit.store.execute("INSERT OR REPLACE INTO usage_counters VALUES (?, ?, ?, ?)", (*key, used))
    return state(unit, subscription, code, grant)
