"""What an application calls with every request of its own: attach a plan, check a feature, track usage."""

from __future__ import annotations

from paylera_sandbox.api import attach, metering
from paylera_sandbox.models.metering import Check, UsageEvent
from paylera_sandbox.models.subscriptions import Attach
from paylera_sandbox.operations import Operation

TABLE = (
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
        "/v1/attach",
        attach.attach,
        body=attach.BODY,
        name="Attach",
        either=("plan_id", "plan_code"),
        answer=Attach,
        problems=("subscription.already_active", "subscription.exists"),
    ),
)
