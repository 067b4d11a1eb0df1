"""Rebilling: late usage of a component that wants it so is billed at once, as the difference that it makes to what its
own period cost. All that has come by then is on one invoice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from paylera_sandbox.billing import agenda, collection, cycles, discounts, invoices, meters, pricing
from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.billing.periods import later
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

JOB = "usage.rebill"


def wanted(subscription: Doc, plan: Doc, meter: str, at: str) -> bool:
    """Tell whether usage is late, and of a component that is rebilled. What belongs to a trial or to an earlier plan is
    not."""
    if (
        not max(subscription["_usage_from"], subscription["trial_end"] or "")
        <= at
        < subscription["current_period_start"]
    ):
        return False
    return any(price["meter"] == meter for price in _rebilled(plan))


def plan_it(unit: Unit, subscription: Doc) -> None:
    """Have the late usage that was just recorded billed, together with what else comes in the same request."""
    agenda.schedule(unit, JOB, subscription["id"], unit.stamp)


def rebill(unit: Unit, identifier: str) -> None:
    """Bill the late usage of a subscription that waits for it."""
    subscription = unit.need("subscriptions", identifier, "subscription.not_found")
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    waiting = [event for event in unit.store.newest("usage_events", {"subscription_id": identifier}) if _waits(event)]
    items = list(_items(unit, subscription, plan, waiting))
    for event in waiting:
        unit.store.save("usage_events", {**event, "_rebilled": True})
    if items:
        invoice = invoices.draft(unit, subscription, items)
        invoices.issue(unit, invoice)
        collection.collect(unit, invoice, subscription)


def _waits(event: Doc) -> bool:
    return event.get("_rebilled") is False


def _rebilled(plan: Doc) -> Iterator[Doc]:
    for component in plan["components"]:
        price = component["pricing"]
        if price["model"] == pricing.USAGE and price["late_events"] == "rebill":
            yield price


def _items(unit: Unit, subscription: Doc, plan: Doc, waiting: list[Doc]) -> Iterator[Item]:
    percentages = [found for found in subscription["_discounts"] if found["percent_off"]]
    for component in plan["components"]:
        if component["pricing"] not in list(_rebilled(plan)):
            continue
        late = [event for event in waiting if event["meter"] == component["pricing"]["meter"]]
        for period in sorted({_period(subscription, plan, event["timestamp"]) for event in late}):
            item = _difference(unit, subscription, component, period)
            valid = discounts.valid({**subscription, "_discounts": percentages}, period[0])
            yield from discounts.apply([item], valid, subscription["currency"]) if item.amount else ()


def _difference(unit: Unit, subscription: Doc, component: Doc, period: tuple[str, str]) -> Item:
    """Price a period with its late usage, and without."""
    price = component["pricing"]
    whole = meters.billed(unit, subscription, price, period)
    before = meters.billed(unit, subscription, price, period, without_waiting=True)
    amount = pricing.charge(price, whole).amount - pricing.charge(price, before).amount
    quantity = whole - before or Decimal(1)
    unit_amount = amount / Fraction(quantity)
    name = f"Late usage: {component['name']}"
    return Item(component["code"], name, amount, period, quantity=quantity, unit_amount=unit_amount)


def _period(subscription: Doc, plan: Doc, at: str) -> tuple[str, str]:
    """Return the past period around a moment, counted back from the present one."""
    until, (interval, count) = subscription["current_period_start"], cycles.span(plan, subscription["commitment"])
    day = moment(subscription["billing_cycle_anchor"]).day
    first = subscription["trial_end"] or subscription["created_at"]
    while True:
        start = max(stamp(later(moment(until), interval=interval, count=-count, day=day)), first)
        if start <= at:
            return start, until
        until = start
