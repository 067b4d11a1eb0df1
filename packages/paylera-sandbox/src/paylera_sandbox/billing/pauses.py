"""Pauses: a subscription rests, and goes on later."""

from __future__ import annotations

from paylera_sandbox.billing import cycles, renewals, subscriptions
from paylera_sandbox.billing.machines import SUBSCRIPTION
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def resume(unit: Unit, subscription: Doc) -> Doc:
    """End a pause. If the paid period is over meanwhile, a new one begins now and is billed."""
    SUBSCRIPTION.expect(subscription, "active")
    over = {"status": "active", "paused_at": None, "resumes_at": None, "pause_reason": None}
    if unit.stamp < subscription["current_period_end"]:
        return subscriptions.change(unit, subscription, "subscription.resumed", **over)
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    used = (subscription["current_period_start"], subscription["current_period_end"])
    period = cycles.first(unit.now, plan, subscription["commitment"], None)
    return renewals.begin(unit, subscription, plan, "subscription.resumed", used=used, **over, **period)


def end(unit: Unit, identifier: str) -> None:
    """End a pause whose time is over."""
    resume(unit, subscriptions.get(unit, identifier))
