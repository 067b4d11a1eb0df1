"""Usage: `/v1/usage`, `/v1/usage/batch`, and what a subscription used: `/v1/subscriptions/{id}/usage`."""

from __future__ import annotations

from collections.abc import Iterator

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.api.metering import properties
from paylera_sandbox.billing import meters, pricing, recording, subscriptions, usage
from paylera_sandbox.fields import Rule
from paylera_sandbox.money import amount_text, quantity_text
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Fault, Problem, invalid
from paylera_sandbox.shapes import list_of, record
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, public

LARGEST_BATCH = 1000
EVENT = {
    "subscription_id": Rule(fields.identifier, required=True),
    "meter": Rule(fields.identifier, required=True),
    "quantity": Rule(fields.decimal, required=True),
    "timestamp": Rule(fields.timestamp),
    "external_id": Rule(fields.text()),
    "properties": Rule(properties),
}
BATCH = {"events": Rule(list_of(record(EVENT), least=1, most=LARGEST_BATCH), required=True)}
FILTERS = filters(
    subscription_id=fields.identifier,
    customer_id=fields.identifier,
    meter=fields.identifier,
    external_id=fields.text(),
    timestamp=fields.timestamp,
    recorded_at=fields.timestamp,
    sort=("timestamp",),
)


def report(call: Call) -> Doc:
    """Record usage that has happened, whatever the limits. Of events with the same `external_id` on the same meter of a
    subscription, the first counts, and the others are answered with it."""
    unit, given = call.unit, call.body
    subscription = unit.need("subscriptions", given["subscription_id"], "subscription.not_found")
    if subscription["status"] not in subscriptions.CURRENT:
        raise Problem("usage.no_subscription", f"The subscription is {subscription['status']} and takes no usage.")
    event, wrong = _Batch(unit).take(subscription, given)
    if wrong:
        raise invalid(*wrong)
    return event


def report_batch(call: Call) -> Doc:
    """Record up to 1000 events, all or none."""
    batch, events, wrong = _Batch(call.unit), [], []
    for place, given in enumerate(call.body["events"]):
        event, faults = batch.take(batch.subscription(given["subscription_id"]), given)
        events.append(event)
        wrong += [fault._replace(field=f"events[{place}].{fault.field}") for fault in faults]
    if wrong:
        raise invalid(*wrong)
    shown, again = [public(event) for event in events], batch.duplicates
    return {"object": "usage_batch", "accepted": len(events) - again, "duplicates": again, "events": shown}


def listing(call: Call) -> Doc:
    """List usage events."""
    return page(call, "usage_events")


def of_subscription(call: Call) -> Doc:
    """Return what a subscription has used in its current period, meter by meter, and what that costs so far."""
    unit = call.unit
    subscription = unit.need("subscriptions", call.ids["id"], "subscription.not_found")
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    period = (subscription["current_period_start"], subscription["current_period_end"])
    return {
        "object": "subscription_usage",
        "subscription_id": subscription["id"],
        "customer_id": subscription["customer_id"],
        "plan_code": plan["code"],
        "currency": subscription["currency"],
        "period_start": period[0],
        "period_end": period[1],
        "components": list(_components(unit, subscription, plan, period)),
    }


def _components(unit: Unit, subscription: Doc, plan: Doc, period: tuple[str, str]) -> Iterator[Doc]:
    start = max(period[0], subscription["_usage_from"])
    for component in plan["components"]:
        price = component["pricing"]
        if price["model"] == pricing.USAGE:
            quantity = meters.billed(unit, subscription, price, (start, period[1]))
            amount = pricing.charge(price, quantity).amount
            yield {
                "code": component["code"],
                "name": component["name"],
                "meter": price["meter"],
                "aggregation": price["aggregation"],
                "quantity": quantity_text(quantity),
                "amount": amount_text(amount, subscription["currency"]),
            }


class _Batch:
    """Events that are recorded together: each subscription is read once."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._subscriptions: dict[str, Doc | None] = {}
        self.duplicates = 0

    def subscription(self, identifier: str) -> Doc | None:
        """Return a subscription that takes usage."""
        if identifier not in self._subscriptions:
            found = self._unit.store.find("subscriptions", identifier)
            current = found is not None and found["status"] in subscriptions.CURRENT
            self._subscriptions[identifier] = found if current else None
        return self._subscriptions[identifier]

    def take(self, subscription: Doc | None, given: Doc) -> tuple[Doc, list[Fault]]:
        """Record an event, or return what is wrong with it."""
        if subscription is None:
            message = "is not the id of a subscription that takes usage: there is none, or it is not current"
            return {}, [Fault("subscription_id", "subscription.not_found", message)]
        plan = usage.plan_of(self._unit, subscription)
        used = recording.Usage(
            given["meter"],
            given["quantity"],
            given.get("timestamp") or self._unit.stamp,
            given.get("external_id"),
            given.get("properties") or {},
        )
        known = recording.earlier(self._unit, subscription, used)
        if known is not None:
            self.duplicates += 1
            return known, []
        wrong = recording.faults(self._unit, subscription, plan, used)
        return ({}, wrong) if wrong else (recording.record(self._unit, subscription, plan, used), [])
