"""Recording: usage events, each once, and what they change: the counters of features and the alarms that they set off.

Late events are those that happened before what is billed at present. They count in the next invoice, unless their
component has them rebilled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from paylera_sandbox.billing import meters, rebilling, usage
from paylera_sandbox.clock import stamp
from paylera_sandbox.money import quantity_text
from paylera_sandbox.problems import Fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit, is_wanted

MOST_AHEAD = timedelta(minutes=5)  # clocks of machines differ by so much
THRESHOLDS = (80, 100)  # per cent of what is included
_NOTHING: Doc = dict.fromkeys(("usage", "balance", "included", "unlimited"))


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: a quantity on a meter, at a moment (a stamp)."""

    meter: str
    quantity: Decimal
    at: str
    external_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


def faults(unit: Unit, subscription: Doc, plan: Doc, used: Usage) -> list[Fault]:
    """Return what keeps usage from being recorded, by the fields of a usage event."""
    found = []
    known = usage.meters_of(unit, plan)
    if used.meter not in known:
        has = ", ".join(known) or "none"
        message = f"is not a meter of the plan '{plan['code']}', which has {has}"
        found.append(Fault("meter", "meter.unknown", message))
    counted = known.get(used.meter)
    if counted and used.properties.get(counted) is None:
        message = f"must have '{counted}', whose values the meter counts"
        found.append(Fault("properties", "properties.required", message))
    if used.at > unit.stamp and used.at > stamp(unit.now + MOST_AHEAD):
        message = f"is in the future: it is {unit.stamp} now, and 5 minutes more are taken at most"
        found.append(Fault("timestamp", "timestamp.future", message))
    if used.at < subscription["created_at"]:
        message = f"is before the subscription began, at {subscription['created_at']}"
        found.append(Fault("timestamp", "timestamp.ancient", message))
    return found


def earlier(unit: Unit, subscription: Doc, used: Usage) -> Doc | None:
    """Return the event that was recorded under the same external id of the meter, if there is one."""
    if used.external_id is None:
        return None
    key = {"subscription_id": subscription["id"], "meter": used.meter, "external_id": used.external_id}
    return unit.store.first("usage_events", **key)


def record(unit: Unit, subscription: Doc, plan: Doc, used: Usage, *, before: Doc | None = None) -> Doc:
    """Record usage, whatever the limits: it has happened. `before` is the state of the feature, if it is known."""
    grant = plan["features"].get(used.meter)
    metered = grant is not None and grant["kind"] == "metered"
    if metered and before is None:
        before = usage.state(unit, subscription, used.meter, grant)
    event = {
        "id": unit.new_id("use"),
        "object": "usage_event",
        "customer_id": subscription["customer_id"],
        "subscription_id": subscription["id"],
        "feature_code": used.meter if metered else None,
        "meter": used.meter,
        "quantity": quantity_text(used.quantity),
        "timestamp": used.at,
        "external_id": used.external_id,
        **(_NOTHING if before is None else _spent(unit, subscription, grant, used, before=before)),
        "properties": used.properties,
        "recorded_at": unit.stamp,
        "_counted_at": _counted_at(subscription, used.at),
    }
    if rebilling.wanted(subscription, plan, used.meter, used.at):
        event |= {"_counted_at": used.at, "_rebilled": False}
        rebilling.plan_it(unit, subscription)
    unit.store.insert("usage_events", event)
    if is_wanted(unit, "usage.recorded"):
        emit(unit, "usage.recorded", event)
    return event


def _counted_at(subscription: Doc, at: str) -> str:
    """Return when usage counts for an invoice: late, in the present period; in a trial, for none."""
    if at < (subscription["trial_end"] or ""):
        return at
    counted: str = max(at, subscription["current_period_start"], subscription["_usage_from"])
    return counted


def _spent(unit: Unit, subscription: Doc, grant: Doc, used: Usage, *, before: Doc) -> Doc:
    """Count usage of a feature, and return what is left of it."""
    counted = usage.unique_by(unit, used.meter)
    row = meters.Row(quantity_text(used.quantity), used.at, used.properties.get(counted) if counted else None)
    after = usage.count(unit, subscription, used.meter, grant, before=before, new=row)
    _sound(unit, subscription, used.meter, before, after)
    return {name: after[name] for name in _NOTHING}


def _sound(unit: Unit, subscription: Doc, code: str, before: Doc, after: Doc) -> None:
    """Tell of each threshold that usage has crossed on its way up."""
    if after["unlimited"]:
        return
    included = Decimal(after["included"])
    for percent in THRESHOLDS:
        line = included * percent / 100
        if Decimal(before["usage"]) < line <= Decimal(after["usage"]):
            crossed = {name: after[name] for name in ("included", "usage", "balance", "usage_cycle", "resets_at")}
            threshold = {"feature_code": code, "percent": percent, **crossed}
            emit(unit, "subscription.usage_threshold_crossed", {**subscription, "usage_threshold": threshold})
