"""Metering: checks, usage and entitlements."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.catalog import FeatureKind
from paylera_sandbox.models.values import Code, CustomerId, Metadata, Quantity, Stamp, SubscriptionId, UsageEventId

UsageCycle = Literal["calendar_month", "billing_period"]


class Check(TypedDict):
    """Whether a customer may use so much of a feature now. Members that do not apply are null."""

    object: Literal["check"]
    allowed: bool
    feature_code: Code
    kind: FeatureKind
    quantity: Quantity
    included: Quantity | None
    usage: Quantity | None
    balance: Quantity | None
    """What is left; null when it is unlimited."""
    unlimited: bool | None
    value: Quantity | bool | None
    subscription_id: SubscriptionId | None
    usage_cycle: UsageCycle | None
    resets_at: Stamp | None
    reason: Literal["no_subscription", "not_in_plan", "limit_reached", "disabled"] | None


class UsageEvent(TypedDict):
    """Usage of a metered feature as it was recorded, and what is left after it."""

    id: UsageEventId
    object: Literal["usage_event"]
    customer_id: CustomerId
    subscription_id: SubscriptionId
    feature_code: Code
    quantity: Quantity
    usage: Quantity
    balance: Quantity | None
    included: Quantity | None
    unlimited: bool
    properties: Metadata
    recorded_at: Stamp
    meter: Code
    timestamp: Stamp
    external_id: str | None


class Entitlement(TypedDict):
    """What a subscription has of one feature now."""

    kind: FeatureKind
    name: str
    allowed: bool
    included: Quantity | None
    usage: Quantity | None
    balance: Quantity | None
    unlimited: bool | None
    value: Quantity | bool | None
    usage_cycle: UsageCycle | None
    resets_at: Stamp | None


class Entitlements(TypedDict):
    """All features of a subscription; one that is not current has none."""

    object: Literal["entitlements"]
    subscription_id: SubscriptionId
    customer_id: CustomerId
    plan_code: Code
    features: dict[str, Entitlement]
    """By feature code."""
