"""What is sold: products, plans with their prices and the features they grant, coupons."""

from __future__ import annotations

from typing import Literal, Required

from typing_extensions import TypedDict

from paylera_sandbox.models.values import Amount, Code, CouponId, Currency, Metadata, PlanId, ProductId, Quantity, Stamp

Interval = Literal["month", "year", "week", "day"]
Status = Literal["active", "archived"]
FeatureKind = Literal["metered", "numeric", "boolean"]


class Price(TypedDict):
    """What a plan costs an interval."""

    amount: Amount
    currency: Currency
    interval: Interval


class PlanFeature(TypedDict):
    """What a plan grants of one feature. Members that do not apply to its kind are null."""

    kind: FeatureKind
    name: str
    included_usage: Quantity | None
    usage_cycle: Literal["calendar_month", "billing_period"] | None
    unlimited: bool | None
    value: Quantity | bool | None


class Tier(TypedDict):
    """A step of a price, up to a quantity (null: without end)."""

    up_to: Quantity | None
    unit_amount: Amount


class Pricing(TypedDict, total=False):
    """A price. Its model says which members it has; docs/api-objects.md, "Pricing"."""

    model: Required[Literal["flat", "per_unit", "tiered", "volume", "package", "usage"]]
    amount: Amount
    meter: Code
    unit_amount: Amount
    included_units: Quantity
    tiers: list[Tier]
    package_size: Quantity
    package_price: Amount
    charge: Literal["per_unit", "tiered", "volume", "package"]
    aggregation: Literal["sum", "max", "last_during_period", "unique_count"]
    unique_by: str | None
    late_events: Literal["next_period", "rebill"]


class Component(TypedDict):
    """A part of what a plan costs: a line of its invoices."""

    code: Code
    name: str
    pricing: Pricing
    tax_code: Code | None
    recognition: Code | None


class PlanDunningPolicy(TypedDict):
    """What happens when dunning gives up."""

    on_exhaustion: Literal["cancel_subscription", "pause_subscription", "mark_uncollectible_only", "notify_only"]


class Plan(TypedDict):
    """A plan. A free plan has the amount `0.00`."""

    id: PlanId
    object: Literal["plan"]
    code: Code
    name: str
    description: str | None
    product_code: Code | None
    status: Status
    currency: Currency
    interval: Interval
    interval_count: int
    trial_days: int
    prices: list[Price]
    """What the flat components cost together."""
    components: list[Component]
    features: dict[str, PlanFeature]
    """By feature code."""
    dunning_policy: PlanDunningPolicy | None
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp


class Product(TypedDict):
    """What plans belong to."""

    id: ProductId
    object: Literal["product"]
    code: Code
    name: str
    description: str | None
    tax_code: Code | None
    status: Status
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp


class Coupon(TypedDict):
    """A percentage or an amount that is taken off before tax."""

    id: CouponId
    object: Literal["coupon"]
    code: Code
    name: str | None
    percent_off: Quantity | None
    amount_off: Amount | None
    currency: Currency | None
    """Of `amount_off`."""
    duration: Literal["once", "repeating", "forever"]
    duration_in_months: int | None
    max_redemptions: int | None
    times_redeemed: int
    expires_at: Stamp | None
    status: Status
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp
