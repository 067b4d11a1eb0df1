"""What is sold: plans and the features they grant."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.values import Amount, Code, Currency, PlanId, Quantity, Stamp

Interval = Literal["month", "year"]
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
    usage_cycle: Literal["calendar_month"] | None
    unlimited: bool | None
    value: Quantity | bool | None


class Plan(TypedDict):
    """A plan of the catalogue. A free plan has the amount `0.00`."""

    id: PlanId
    object: Literal["plan"]
    code: Code
    name: str
    description: str | None
    currency: Currency
    interval: Interval
    interval_count: int
    trial_days: int
    prices: list[Price]
    features: dict[str, PlanFeature]
    """By feature code."""
    created_at: Stamp
