"""Usage and entitlements: what a subscription includes, what is spent, what may still be done.

What is spent of a metered feature in a cycle stands in a counter, so that a check reads one row, whatever the usage.
"""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing import meters, subscriptions
from paylera_sandbox.billing.periods import month_of
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.money import quantity_text
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def subscription_for(unit: Unit, customer_id: str, subscription_id: str | None) -> Doc | None:
    """Return the named subscription, which must be the customer's, or the current one. A customer that does not exist
    is refused."""
    if subscription_id is None:
        current = subscriptions.current(unit, customer_id)
        if current is None:
            unit.customer(customer_id)
        return current
    unit.customer(customer_id)
    subscription = unit.store.find("subscriptions", subscription_id)
    if subscription is None or subscription["customer_id"] != customer_id:
        raise Problem("subscription.not_found", f"The customer has no subscription '{subscription_id}'.")
    return subscription if subscription["status"] in subscriptions.CURRENT else None


def plan_of(unit: Unit, subscription: Doc) -> Doc:
    """Return the plan of a subscription, to be read only: every check needs it, so it is remembered."""
    found = unit.store.kept("plans", id=subscription["plan_id"])
    if not found:
        raise Problem("plan.not_found", f"There is no plan '{subscription['plan_id']}'.")
    return found[0]


def feature(unit: Unit, code: str) -> Doc:
    """Return a feature of the catalogue or refuse."""
    found = unit.catalogue.features.get(code)
    if found is None:
        raise Problem("feature.not_found", f"There is no feature '{code}' in the catalogue.")
    return found


def state(unit: Unit, subscription: Doc, code: str, grant: Doc) -> Doc:
    """Return what a subscription has of one feature; members that do not apply to its kind are null."""
    if grant["kind"] != "metered":
        return _fixed(grant)
    span = cycle(subscription, grant, unit.stamp)
    return _metered(unit, code, grant, spent(unit, subscription["id"], code, span[0]), resets_at=span[1])


def _fixed(grant: Doc) -> Doc:
    allowed = grant["value"] if grant["kind"] == "boolean" else Decimal(grant["value"]) > 0
    empty = dict.fromkeys(("included", "usage", "balance", "unlimited"))
    common = {"kind": grant["kind"], "name": grant["name"], "allowed": allowed}
    return {**common, **empty, "value": grant["value"], "usage_cycle": None, "resets_at": None}


def _metered(unit: Unit, code: str, grant: Doc, used: Decimal, *, resets_at: str) -> Doc:
    balance = None if grant["unlimited"] else Decimal(grant["included_usage"]) - used
    return {
        "kind": grant["kind"],
        "name": grant["name"],
        "allowed": balance is None or balance > 0 or not hard_limit(unit, code),
        "included": grant["included_usage"],
        "usage": quantity_text(used),
        "balance": None if balance is None else quantity_text(balance),
        "unlimited": grant["unlimited"],
        "value": None,
        "usage_cycle": grant["usage_cycle"],
        "resets_at": resets_at,
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
    aggregation = unit.catalogue.features.get(code, _PLAIN)["aggregation"]
    after = meters.after(aggregation, Decimal(found["usage"]), quantity)
    enough = found["unlimited"] or after <= Decimal(found["included"])
    return None if enough or not hard_limit(unit, code) else "limit_reached"


def cycle(subscription: Doc, grant: Doc, at: str) -> tuple[str, str]:
    """Return the usage cycle of a metered grant around a moment, as stamps: a calendar month, or the billing period."""
    if grant["usage_cycle"] == "billing_period":
        return subscription["current_period_start"], subscription["current_period_end"]
    start, end = month_of(moment(at))
    return stamp(start), stamp(end)


def spent(unit: Unit, subscription_id: str, code: str, start: str) -> Decimal:
    """Return what was used in the cycle that began at a moment."""
    sql = "SELECT used FROM usage_counters WHERE subscription_id = ? AND feature = ? AND cycle_start = ?"
    rows = unit.store.execute(sql, (subscription_id, code, start))
    return Decimal(rows[0][0]) if rows else Decimal(0)


def count(unit: Unit, subscription: Doc, code: str, grant: Doc, *, before: Doc, new: meters.Row) -> Doc:
    """Bring the counter of a feature up to date with an event that is about to be stored, and return the new state.

    Late events change the counter of the calendar month that they belong to, and none of an earlier billing period:
    those are not looked at again."""
    span = cycle(subscription, grant, new.at)
    if not span[0] <= new.at < span[1]:
        return before
    known = unit.catalogue.features.get(code, _PLAIN)
    if known["aggregation"] != "sum":
        total = meters.used(unit, (subscription["id"], code), known, span, new=new)
    elif span[1] == before["resets_at"]:
        total = Decimal(before["usage"]) + Decimal(new.quantity)
    else:
        total = spent(unit, subscription["id"], code, span[0]) + Decimal(new.quantity)
    key = (subscription["id"], code, span[0], quantity_text(total))
    unit.store.execute("INSERT OR REPLACE INTO usage_counters VALUES (?, ?, ?, ?)", key)
    return _metered(unit, code, grant, total, resets_at=span[1]) if span[1] == before["resets_at"] else before


_PLAIN: Doc = {"aggregation": "sum", "unique_by": None}  # a feature that left the catalogue


def expect_room(unit: Unit, code: str, found: Doc, quantity: Decimal) -> None:
    """Refuse what goes beyond a hard limit, in the state of a feature."""
    if verdict(unit, code, found, quantity):
        detail = f"{found['balance']} of '{code}' are left until {found['resets_at']}, you asked for {quantity:f}."
        raise Problem("usage.limit_reached", detail)


def unique_by(unit: Unit, code: str) -> str | None:
    """Return the property whose values a feature counts, if it does that."""
    named: str | None = unit.catalogue.features.get(code, _PLAIN)["unique_by"]
    return named


def meters_of(unit: Unit, plan: Doc) -> dict[str, str | None]:
    """Return the meters on which a plan takes usage, with the property whose values each counts, if it does that."""
    features = [code for code, grant in plan["features"].items() if grant["kind"] == "metered"]
    counted = {code: unique_by(unit, code) for code in features}
    prices = [component["pricing"] for component in plan["components"]]
    return counted | {price["meter"]: price["unique_by"] for price in prices if price["model"] == "usage"}
