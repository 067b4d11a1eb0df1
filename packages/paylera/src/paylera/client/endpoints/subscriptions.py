"""Subscriptions: their life, their plan and what they grant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from paylera.client.bodies import Quantity, alternatives, given, timestamp
from paylera.client.calls import Call, ListCall, fetch, listing, write
from paylera.client.models import Entitlements, Subscription

_ONE = "/v1/subscriptions/{subscription_id}"


def create_subscription(
    *,
    customer_id: str,
    plan_code: str | None = None,
    plan_id: str | None = None,
    default_payment_method_id: str | None = None,
    trial_days: int | None = None,
    billing_cycle_anchor: datetime | str | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    coupons: Iterable[str] | None = None,
    require_payment_method: bool | None = None,
    commitment: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[Subscription]:
    """Start a subscription without a checkout; `trial_days` beats the plan's, 0 means no trial."""
    body = given(
        customer_id=customer_id,
        plan_code=plan_code,
        plan_id=plan_id,
        default_payment_method_id=default_payment_method_id,
        trial_days=trial_days,
        billing_cycle_anchor=timestamp("billing_cycle_anchor", billing_cycle_anchor),
        quantities=quantities,
        coupons=None if coupons is None else list(coupons),
        require_payment_method=require_payment_method,
        commitment=commitment,
        metadata=metadata,
    )
    return write("CreateSubscription", "POST /v1/subscriptions", body, idempotency_key)


def get_subscription(subscription_id: str) -> Call[Subscription]:
    """Read a subscription."""
    return fetch("GetSubscription", _ONE, subscription_id=subscription_id)


def list_subscriptions(
    *,
    customer_id: str | None = None,
    status: str | Iterable[str] | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[Subscription]:
    """List subscriptions, newest first; several statuses are alternatives."""
    params = {**(filters or {}), "customer_id": customer_id, "status": alternatives(status), "sort": sort}
    return listing("ListSubscriptions", "/v1/subscriptions", params, limit=limit, cursor=cursor)


def get_entitlements(subscription_id: str) -> Call[Entitlements]:
    """Read what a subscription grants: `["features"]`, by feature code."""
    return fetch("GetEntitlements", f"{_ONE}/entitlements", subscription_id=subscription_id)


def get_subscription_usage(subscription_id: str) -> Call[dict[str, Any]]:
    """Read a subscription's usage in the current period."""
    return fetch("GetSubscriptionUsage", f"{_ONE}/usage", subscription_id=subscription_id)


def change_plan(
    subscription_id: str,
    *,
    plan_id: str | None = None,
    plan_code: str | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    coupons: Iterable[str] | None = None,
    version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Subscription]:
    """Move a subscription to another plan, prorated; `latest_invoice_id` of the answer is the proration's.

    A `version` that is not the current one raises `PreconditionFailedError`.
    """
    body = given(
        plan_id=plan_id,
        plan_code=plan_code,
        quantities=quantities,
        coupons=None if coupons is None else list(coupons),
        version=version,
    )
    target = f"POST {_ONE}/change-plan"
    return write("ChangePlan", target, body, idempotency_key, subscription_id=subscription_id)


def cancel_subscription(
    subscription_id: str,
    *,
    version: int | None = None,
    at_period_end: bool | None = None,
    reason: str | None = None,
    feedback: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Subscription]:
    """Cancel a subscription: at once with `at_period_end=False`, else at the end of the paid period.

    Send the `version` last read: if it is no longer the current one, `PreconditionFailedError` is raised.
    """
    body = given(at_period_end=at_period_end, reason=reason, feedback=feedback)
    target, params = f"POST {_ONE}/cancel", {"version": version}
    return write("CancelSubscription", target, body, idempotency_key, params, subscription_id=subscription_id)


def pause_subscription(
    subscription_id: str,
    *,
    resumes_at: datetime | str | None = None,
    reason: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Subscription]:
    """Pause a subscription."""
    body = given(resumes_at=timestamp("resumes_at", resumes_at), reason=reason)
    target = f"POST {_ONE}/pause"
    return write("PauseSubscription", target, body, idempotency_key, subscription_id=subscription_id)


def extend_trial(
    subscription_id: str, *, trial_end: datetime | str, idempotency_key: str | None = None
) -> Call[Subscription]:
    """Let a trial end later."""
    body = given(trial_end=timestamp("trial_end", trial_end))
    target = f"POST {_ONE}/extend-trial"
    return write("ExtendTrial", target, body, idempotency_key, subscription_id=subscription_id)
