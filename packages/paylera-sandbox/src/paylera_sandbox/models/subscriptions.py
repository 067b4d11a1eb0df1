"""Subscriptions, and the answer to attach, which begins them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

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
    trial_end: Stamp | None
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
