"""The shapes of results. Results are plain dicts as Paylera sent them: unknown members stay, listed ones may be absent.

Amounts and quantities are decimal strings, timestamps ISO 8601 UTC strings. `Required` marks what is always there.
Source: docs/api-objects.md; facts section 7.
"""

from __future__ import annotations

from typing import Any, Required, TypedDict

Metadata = dict[str, str]


class Customer(TypedDict, total=False):
    """A paying user or organisation."""

    id: Required[str]
    object: str
    email: str | None
    name: str | None
    external_id: str | None
    billing_address: dict[str, Any] | None
    metadata: Metadata
    default_payment_method_id: str | None
    created_at: str
    updated_at: str


class Price(TypedDict, total=False):
    """What a plan costs an interval."""

    amount: str
    currency: str
    interval: str


class PlanFeature(TypedDict, total=False):
    """What a plan grants of one feature; `kind` is `metered`, `numeric` or `boolean`."""

    kind: str
    name: str
    included_usage: str | None
    usage_cycle: str | None
    unlimited: bool
    value: str | bool | None


class Component(TypedDict, total=False):
    """A part of what a plan costs; the `model` of its `pricing` says which other members that has."""

    code: str
    name: str
    pricing: dict[str, Any]
    tax_code: str | None
    recognition: str | None


class Plan(TypedDict, total=False):
    """A plan of the catalogue."""

    id: Required[str]
    object: str
    code: str
    name: str
    description: str | None
    currency: str
    interval: str
    interval_count: int
    trial_days: int
    prices: list[Price]
    components: list[Component]
    features: dict[str, PlanFeature]
    product_code: str | None
    status: str
    dunning_policy: dict[str, Any] | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


class Product(TypedDict, total=False):
    """A product, which plans belong to."""

    id: Required[str]
    object: str
    code: str
    name: str
    description: str | None
    tax_code: str | None
    status: str
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


class Attach(TypedDict, total=False):
    """The answer to attach; `checkout_url` is None when nothing is to be paid."""

    object: str
    status: str
    customer_id: str
    plan_id: str
    plan_code: str
    checkout_session_id: str | None
    checkout_url: str | None
    subscription_id: str | None


class Check(TypedDict, total=False):
    """The answer to check; members that do not apply are None."""

    object: str
    allowed: Required[bool]
    feature_code: str
    kind: str
    quantity: str
    included: str | None
    usage: str | None
    balance: str | None
    unlimited: bool | None
    value: str | bool | None
    subscription_id: str | None
    usage_cycle: str | None
    resets_at: str | None
    reason: str | None


class UsageEvent(TypedDict, total=False):
    """A recorded use of a metered feature."""

    object: str
    id: str
    customer_id: str
    subscription_id: str | None
    feature_code: str
    meter: str
    quantity: str
    usage: str | None
    balance: str | None
    included: str | None
    unlimited: bool | None
    timestamp: str
    external_id: str | None
    properties: dict[str, Any]
    recorded_at: str


class UsageBatch(TypedDict, total=False):
    """The answer to a batch of usage events; a duplicate is the event that was recorded first."""

    object: str
    accepted: int
    duplicates: int
    events: list[UsageEvent]


class Entitlement(TypedDict, total=False):
    """What a subscription grants of one feature now."""

    kind: str
    name: str
    allowed: bool
    included: str | None
    usage: str | None
    balance: str | None
    unlimited: bool | None
    value: str | bool | None
    usage_cycle: str | None
    resets_at: str | None


class Entitlements(TypedDict, total=False):
    """All features of a subscription, by code."""

    object: str
    subscription_id: str
    customer_id: str
    plan_code: str
    features: Required[dict[str, Entitlement]]


class Subscription(TypedDict, total=False):
    """A subscription; `version` grows with every change, `status` is an open string."""

    id: Required[str]
    object: str
    customer_id: Required[str]
    plan_id: str
    plan_code: str
    status: Required[str]
    version: Required[int]
    currency: str
    quantities: dict[str, Any]
    coupons: list[str]
    metadata: Metadata
    current_period_start: str | None
    current_period_end: str | None
    billing_cycle_anchor: str | None
    trial_end: str | None
    commitment: dict[str, Any] | None
    dunning: dict[str, Any] | None
    paused_at: str | None
    resumes_at: str | None
    pause_reason: str | None
    cancel_at_period_end: bool
    cancel_at: str | None
    canceled_at: str | None
    cancellation_reason: str | None
    ended_at: str | None
    latest_invoice_id: str | None
    default_payment_method_id: str | None
    created_at: str
    updated_at: str


class BillingPortalSession(TypedDict, total=False):
    """A link to the hosted portal, for one customer and a short time."""

    id: str
    object: str
    customer_id: str
    url: Required[str]
    return_url: str | None
    locale: str | None
    expires_at: str
    created_at: str


class CheckoutSession(TypedDict, total=False):
    """A hosted checkout page; `status` is `open`, `complete` or `expired`."""

    id: Required[str]
    object: str
    mode: str
    status: str
    customer_id: str
    plan_id: str | None
    plan_code: str | None
    currency: str | None
    quantities: dict[str, str]
    coupons: list[str]
    trial_days: int | None
    allow_promotion_codes: bool
    line_items: list[dict[str, Any]]
    metadata: Metadata
    success_url: str | None
    cancel_url: str | None
    locale: str | None
    url: str
    subscription_id: str | None
    invoice_id: str | None
    payment_method_id: str | None
    expires_at: str
    created_at: str
