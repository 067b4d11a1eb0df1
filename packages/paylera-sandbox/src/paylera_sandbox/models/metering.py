"""Metering: checks, usage and entitlements."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.catalog import FeatureKind
from paylera_sandbox.models.values import (
    Amount,
    Code,
    Currency,
    CustomerId,
    Metadata,
    Quantity,
    Stamp,
    SubscriptionId,
    UsageEventId,
)

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
    """Usage as it was recorded. `usage`, `balance`, `included` and `unlimited` are those of the feature just after it;
    null for a meter that is not a feature of the plan."""

    id: UsageEventId
    object: Literal["usage_event"]
    customer_id: CustomerId
    subscription_id: SubscriptionId
    feature_code: Code | None
    meter: Code
    quantity: Quantity
    timestamp: Stamp
    """When it was used."""
    external_id: str | None
    usage: Quantity | None
    balance: Quantity | None
    included: Quantity | None
    unlimited: bool | None
    properties: Metadata
    recorded_at: Stamp


class UsageBatch(TypedDict):
    """The events of a batch, in its order. A duplicate is the event that was recorded first."""

    object: Literal["usage_batch"]
    accepted: int
    duplicates: int
    events: list[UsageEvent]


class ComponentUsage(TypedDict):
    """What was used of a component so far, and what that costs before discounts and tax."""

    code: Code
    name: str
    meter: Code
    aggregation: Literal["sum", "max", "last_during_period", "unique_count"]
    quantity: Quantity
    amount: Amount


class SubscriptionUsage(TypedDict):
    """What a subscription has used in its current period, of what is billed by use."""

    object: Literal["subscription_usage"]
    subscription_id: SubscriptionId
    customer_id: CustomerId
    plan_code: Code
    currency: Currency
    period_start: Stamp
    period_end: Stamp
    components: list[ComponentUsage]


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
