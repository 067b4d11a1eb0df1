"""Subscriptions: their life, what they entitle to and what they used."""

from __future__ import annotations

from paylera_sandbox.api import metering, subscriptions, usage
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.metering import Entitlements, SubscriptionUsage
from paylera_sandbox.models.subscriptions import Subscription
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "GET", "/v1/subscriptions/{id}/entitlements", metering.entitlements, name="GetEntitlements", answer=Entitlements
    ),
    Operation(
        "GET",
        "/v1/subscriptions/{id}/usage",
        usage.of_subscription,
        name="GetSubscriptionUsage",
        answer=SubscriptionUsage,
    ),
    Operation(
        "GET",
        "/v1/subscriptions",
        subscriptions.listing,
        query=subscriptions.FILTERS,
        name="ListSubscriptions",
        answer=Page[Subscription],
    ),
    Operation(
        "POST",
        "/v1/subscriptions",
        subscriptions.create,
        body=subscriptions.CREATE,
        status=201,
        name="CreateSubscription",
        either=("plan_id", "plan_code"),
        answer=Subscription,
        problems=("subscription.already_active", "subscription.exists", "payment_method.required", "payment.declined"),
    ),
    Operation("GET", "/v1/subscriptions/{id}", subscriptions.get, name="GetSubscription", answer=Subscription),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/change-plan",
        subscriptions.change_plan,
        body=subscriptions.CHANGE_PLAN,
        query=subscriptions.VERSION,
        name="ChangePlan",
        either=("plan_id", "plan_code"),
        answer=Subscription,
        problems=(
            "subscription.commitment_active",
            "subscription.invalid_transition",
            "subscription.same_plan",
            "subscription.currency_mismatch",
            "payment_method.required",
            "payment.declined",
        ),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/cancel",
        subscriptions.cancel,
        body=subscriptions.CANCEL,
        query=subscriptions.VERSION,
        name="CancelSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition", "subscription.commitment_active"),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/extend-trial",
        subscriptions.extend_trial,
        body=subscriptions.EXTEND_TRIAL,
        query=subscriptions.VERSION,
        name="ExtendTrial",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/pause",
        subscriptions.pause,
        body=subscriptions.PAUSE,
        query=subscriptions.VERSION,
        name="PauseSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/resume",
        subscriptions.resume,
        body=subscriptions.VERSION,
        query=subscriptions.VERSION,
        name="ResumeSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
)
