"""Subscriptions, and the answer to attach, which begins them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.payments import Refund
from paylera_sandbox.models.values import (
    CheckoutSessionId,
    Code,
    Currency,
    CustomerId,
    InvoiceId,
    Metadata,
    PaymentMethodId,
    PlanId,
    Quantity,
    Stamp,
    SubscriptionId,
    Url,
)

SubscriptionStatus = Literal[
    "pending_activation", "trialing", "active", "past_due", "paused", "canceled", "ended", "incomplete_expired"
]


class Commitment(TypedDict):
    """So many months that the customer has promised to stay."""

    months: int
    billing: Literal["monthly", "upfront", "quarterly"]
    """How much is billed at once."""
    early_cancel: Literal["forbid", "allow"]
    """With `forbid`, a cancellation takes effect at the end of the commitment."""
    at_end: Literal["renew", "continue", "end"]
    """What follows: another commitment, the subscription without one, or nothing."""
    starts_at: Stamp | None
    """Null until the first period begins."""
    ends_at: Stamp | None


class Dunning(TypedDict):
    """The attempts to collect what a subscription owes."""

    invoice_id: InvoiceId
    attempts: int
    started_at: Stamp
    next_attempt_at: Stamp | None
    exhausted_at: Stamp | None


class DunningPolicy(TypedDict):
    """When a failed payment is tried again, and what happens after the last time."""

    object: Literal["dunning_policy"]
    retry_days: list[int]
    """Days after the first attempt."""
    on_exhaustion: Literal["cancel_subscription", "pause_subscription", "mark_uncollectible_only", "notify_only"]
    updated_at: Stamp | None


class Subscription(TypedDict):
    """A customer's subscription to a plan."""

    id: SubscriptionId
    object: Literal["subscription"]
    customer_id: CustomerId
    plan_id: PlanId
    plan_code: Code
    status: SubscriptionStatus
    version: int
    """Grows with every change. Send it with a change to be refused (412) if another came first."""
    currency: Currency
    quantities: dict[str, Quantity]
    """By meter."""
    coupons: list[Code]
    metadata: Metadata
    current_period_start: Stamp
    current_period_end: Stamp
    billing_cycle_anchor: Stamp
    """Where periods begin; its day is kept to."""
    trial_end: Stamp | None
    commitment: Commitment | None
    dunning: Dunning | None
    """Null unless a payment failed and is being collected."""
    paused_at: Stamp | None
    resumes_at: Stamp | None
    """When a pause ends by itself."""
    pause_reason: str | None
    cancel_at_period_end: bool
    cancel_at: Stamp | None
    canceled_at: Stamp | None
    cancellation_reason: str | None
    ended_at: Stamp | None
    latest_invoice_id: InvoiceId | None
    default_payment_method_id: PaymentMethodId | None
    created_at: Stamp
    updated_at: Stamp


class Attach(TypedDict):
    """What became of an attach: a checkout page to send the customer to, or an active subscription."""

    object: Literal["attach"]
    status: Literal["checkout_required", "active"]
    customer_id: CustomerId
    plan_id: PlanId
    plan_code: Code
    checkout_session_id: CheckoutSessionId | None
    checkout_url: Url | None
    """Null when nothing is to be paid."""
    subscription_id: SubscriptionId | None
    """Null until the checkout is completed."""


class RefundedSubscription(Subscription):
    """A subscription with the refund of one of its payments."""

    refund: Refund
