"""Metering: `/v1/check`, `/v1/track` and the entitlements of a subscription."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.billing import recording, usage
from paylera_sandbox.fields import Rule
from paylera_sandbox.idempotency import dedup_key
from paylera_sandbox.kinds import Invalid, accepts
from paylera_sandbox.money import quantity_text
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, invalid
from paylera_sandbox.store import Doc

_ONE = Decimal(1)
CHECK = {
    "customer_id": Rule(fields.identifier, required=True),
    "feature_code": Rule(fields.identifier, required=True),
    "quantity": Rule(fields.quantity, default=_ONE),
    "subscription_id": Rule(fields.identifier),
}


@accepts({**fields.metadata.schema, "maxProperties": 20})
def properties(value: object) -> dict[str, Any]:
    """Take flat properties, at most 20."""
    found = fields.metadata(value)
    if len(found) > 20:
        raise Invalid("properties.too_many", "must have at most 20 members")
    return {name: item for name, item in found.items() if item is not None}


TRACK = {**CHECK, "properties": Rule(properties), "dedup_key": Rule(dedup_key)}
_NOTHING: Doc = dict.fromkeys(("included", "usage", "balance", "unlimited", "value", "usage_cycle", "resets_at"))


def check(call: Call) -> Doc:
    """Tell whether a customer may use so much of a feature now. Changes nothing."""
    unit, given = call.unit, call.body
    code, quantity = given["feature_code"], given["quantity"]
    kind = usage.feature(unit, code)["kind"]
    subscription = usage.subscription_for(unit, given["customer_id"], given.get("subscription_id"))
    grant = usage.plan_of(unit, subscription)["features"].get(code) if subscription else None
    found, reason = _NOTHING, "not_in_plan" if subscription else "no_subscription"
    if subscription and grant:
        found = usage.state(unit, subscription, code, grant)
        reason = usage.verdict(unit, code, found, quantity) or ""
    return {
        "object": "check",
        "allowed": not reason,
        "feature_code": code,
        "kind": kind,
        "quantity": quantity_text(quantity),
        **{name: found[name] for name in _NOTHING},
        "subscription_id": subscription["id"] if subscription else None,
        "reason": reason or None,
    }


def track(call: Call) -> Doc:
    """Record usage of a metered feature."""
    unit, given = call.unit, call.body
    code, quantity = given["feature_code"], given["quantity"]
    if usage.feature(unit, code)["kind"] != "metered":
        raise Problem("feature.not_metered", f"The feature '{code}' is not metered; only check it.")
    subscription = usage.subscription_for(unit, given["customer_id"], given.get("subscription_id"))
    if subscription is None:
        raise Problem("usage.no_subscription", "The customer has no current subscription to track usage on.")
    plan = usage.plan_of(unit, subscription)
    grant = plan["features"].get(code)
    if grant is None:
        raise Problem("feature.not_in_plan", f"The plan '{subscription['plan_code']}' does not include '{code}'.")
    used = recording.Usage(code, quantity, unit.stamp, properties=given.get("properties") or {})
    wrong = recording.faults(unit, subscription, plan, used)
    if wrong:
        raise invalid(*wrong)
    before = usage.state(unit, subscription, code, grant)
    usage.expect_room(unit, code, before, quantity)
    return recording.record(unit, subscription, plan, used, before=before)


def entitlements(call: Call) -> Doc:
    """Return what a subscription has of every feature of its plan; one that is not current has nothing."""
    unit = call.unit
    subscription = unit.need("subscriptions", call.ids["id"], "subscription.not_found")
    live = usage.subscription_for(unit, subscription["customer_id"], subscription["id"])
    grants = usage.plan_of(unit, live)["features"] if live else {}
    return {
        "object": "entitlements",
        "subscription_id": subscription["id"],
        "customer_id": subscription["customer_id"],
        "plan_code": subscription["plan_code"],
        "features": {code: usage.state(unit, subscription, code, grant) for code, grant in grants.items()},
    }
