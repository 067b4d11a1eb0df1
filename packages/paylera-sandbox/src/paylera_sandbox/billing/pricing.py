"""Prices: what a plan's components cost over a period. Everything is exact here; the invoice's lines are rounded.

A component is paid in advance for a quantity of the subscription (`quantities[meter]`), or, with the model `usage`, in
arrears for what was used. Each component makes one line; one that costs nothing makes none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from paylera_sandbox.billing import discounts, meters
from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

USAGE = "usage"
_ONE = Decimal(1)


class Charge(NamedTuple):
    """What a quantity costs: the amount, and the quantity and unit price that explain it on an invoice. `unit_amount`
    is None where units cost differently (tiers)."""

    amount: Fraction
    quantity: Decimal
    unit_amount: Fraction | None


def period_items(
    unit: Unit,
    plan: Doc,
    subscription: Doc,
    start: str,
    end: str,
    *,
    at: str | None = None,
    used: tuple[str, str] | None = None,
) -> list[Item]:
    """Return what a period costs (its two stamps): what is paid in advance for it, and what was used in an earlier one
    (`used`). Coupons count that are valid `at` the moment of charging, which is the start unless given."""
    before = _arrears(unit, plan, subscription, used) if used else []
    items = [*_advance(plan, subscription, (start, end)), *before]
    return discounts.apply(items, discounts.valid(subscription, at or start), subscription["currency"])


def usage_items(unit: Unit, plan: Doc, subscription: Doc, used: tuple[str, str], *, below: str = "~") -> list[Item]:
    """Return only what was used: of a subscription that ends, all that was recorded; of one that leaves its plan, what
    counts `below` the moment from which its next plan counts."""
    items = _arrears(unit, plan, subscription, (used[0], below))
    items = [replace(item, period=(item.period[0], used[1])) for item in items]
    return discounts.apply(items, discounts.valid(subscription, used[0]), subscription["currency"])


def just_after(moment_: str) -> str:
    """Return the next moment: what was used in the moment of a change, but before it, belongs to what was before."""
    return stamp(moment(moment_) + timedelta(milliseconds=1))


def share_of(item: Item, share: Fraction, *, period: tuple[str, str], description: str) -> Item:
    """Return a part of an item: its amount and its discount, for a part of its period."""
    unit_amount = None if item.unit_amount is None else item.unit_amount * share
    part = replace(item, amount=item.amount * share, discount=item.discount * share, unit_amount=unit_amount)
    return replace(part, period=period, description=description)


def is_free(plan: Doc) -> bool:
    """Tell whether a plan costs nothing, whatever the quantities and the usage."""
    return all(_never_costs(component["pricing"]) for component in plan["components"])


def meters_usage(plan: Doc) -> bool:
    """Tell whether a plan bills usage in arrears."""
    return any(component["pricing"]["model"] == USAGE for component in plan["components"])


def quantities(plan: Doc, given: Mapping[str, str]) -> dict[str, str]:
    """Return the quantities of a subscription: those given, and one of each other meter that is paid in advance."""
    known = (component["pricing"] for component in plan["components"])
    return {**{price["meter"]: "1" for price in known if price["model"] not in {"flat", USAGE}}, **given}


def charge(pricing: Doc, quantity: Decimal) -> Charge:
    """Price a quantity by a model; usage is priced by the model that `charge` names. Below zero nothing is charged."""
    model = pricing["charge"] if pricing["model"] == USAGE else pricing["model"]
    return MODELS[model](pricing, max(quantity, Decimal(0)))


def _flat(pricing: Doc, _quantity: Decimal) -> Charge:
    amount = Fraction(pricing["amount"])
    return Charge(amount, _ONE, amount)


def _per_unit(pricing: Doc, quantity: Decimal) -> Charge:
    billed, each = max(quantity - Decimal(pricing["included_units"]), Decimal(0)), Fraction(pricing["unit_amount"])
    return Charge(Fraction(billed) * each, billed, each)


def _tiered(pricing: Doc, quantity: Decimal) -> Charge:
    """Price each unit by the tier that it falls into."""
    amount, floor, whole = Fraction(0), Fraction(0), Fraction(quantity)
    for tier in pricing["tiers"]:
        top = whole if tier["up_to"] is None else min(whole, Fraction(tier["up_to"]))
        amount += max(top - floor, Fraction(0)) * Fraction(tier["unit_amount"])
        floor = top
    return Charge(amount, quantity, None)


def _volume(pricing: Doc, quantity: Decimal) -> Charge:
    """Price all units by the tier that the whole quantity falls into."""
    tiers = pricing["tiers"]
    tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= Decimal(tier["up_to"]))
    each = Fraction(tier["unit_amount"])
    return Charge(Fraction(quantity) * each, quantity, each)


def _package(pricing: Doc, quantity: Decimal) -> Charge:
    """Price whole packages; one that is begun counts."""
    packages, each = (
        math.ceil(Fraction(quantity) / Fraction(pricing["package_size"])),
        Fraction(pricing["package_price"]),
    )
    return Charge(packages * each, Decimal(packages), each)


MODELS: Mapping[str, Callable[[Doc, Decimal], Charge]] = {
    "flat": _flat,
    "per_unit": _per_unit,
    "tiered": _tiered,
    "volume": _volume,
    "package": _package,
}


def _advance(plan: Doc, subscription: Doc, period: tuple[str, str]) -> list[Item]:
    held = quantities(plan, subscription["quantities"])
    components = [component for component in plan["components"] if component["pricing"]["model"] != USAGE]
    return [
        item
        for component in components
        for item in _items(component, Decimal(held.get(component["pricing"].get("meter"), "1")), period)
    ]


def _arrears(unit: Unit, plan: Doc, subscription: Doc, used: tuple[str, str]) -> list[Item]:
    """Price what was used, since the plan began to count if that was later."""
    components = [component for component in plan["components"] if component["pricing"]["model"] == USAGE]
    period = (max(used[0], subscription["_usage_from"]), used[1])
    return [
        item
        for component in components
        for item in _items(component, meters.billed(unit, subscription, component["pricing"], period), period)
    ]


def _items(component: Doc, quantity: Decimal, period: tuple[str, str]) -> list[Item]:
    cost = charge(component["pricing"], quantity)
    item = Item(
        component["code"],
        component["name"],
        cost.amount,
        period,
        quantity=cost.quantity,
        unit_amount=cost.unit_amount,
    )
    return [item] if cost.amount else []


def _never_costs(pricing: Doc) -> bool:
    return all(Decimal(price) == 0 for price in _prices(pricing))


def _prices(pricing: Doc) -> list[str]:
    tiers = [tier["unit_amount"] for tier in pricing.get("tiers", ())]
    return tiers + [pricing[name] for name in ("amount", "unit_amount", "package_price") if name in pricing]
