"""The part of the API's table that is about use: checks, tracking, entitlements, usage."""

from __future__ import annotations

from paylera_sandbox.api import metering, usage
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.metering import Check, Entitlements, SubscriptionUsage, UsageBatch, UsageEvent
from paylera_sandbox.operations import Operation

USAGE = (
    Operation("POST", "/v1/check", metering.check, body=metering.CHECK, keyed=False, name="Check", answer=Check),
    Operation(
        "POST",
        "/v1/track",
        metering.track,
        body=metering.TRACK,
        name="Track",
        answer=UsageEvent,
        problems=("feature.not_metered", "feature.not_in_plan", "usage.no_subscription", "usage.limit_reached"),
    ),
    Operation(
        "POST",
        "/v1/usage",
        usage.report,
        body=usage.EVENT,
        status=202,
        name="ReportUsage",
        answer=UsageEvent,
        problems=("usage.no_subscription",),
    ),
    Operation("GET", "/v1/usage", usage.listing, query=usage.FILTERS, name="ListUsage", answer=Page[UsageEvent]),
    Operation(
        "POST",
        "/v1/usage/batch",
        usage.report_batch,
        body=usage.BATCH,
        status=202,
        name="ReportUsageBatch",
        answer=UsageBatch,
    ),
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
)
