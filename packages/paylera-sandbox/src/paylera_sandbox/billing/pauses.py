"""Pauses: a subscription rests, and goes on later."""

from __future__ import annotations

from paylera_sandbox.billing import cycles, dunning, renewals, subscriptions
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def resume(unit: Unit, subscription: Doc) -> Doc:
    """End a pause, and try to collect what was owed before it. If the paid period is over meanwhile, a new one begins
    now and is billed."""
    subscriptions.expect_status(subscription, "paused")
    over = {"status": "active", "paused_at": None, "resumes_at": None, "pause_reason": None, "dunning": None}
    if unit.stamp < subscription["current_period_end"]:
        resumed = subscriptions.change(unit, subscription, "subscription.resumed", **over)
        return dunning.take_up(unit, resumed)
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    used = (subscription["current_period_start"], subscription["current_period_end"])
    period = cycles.first(unit.now, plan, subscription["commitment"], None)
    resumed = renewals.begin(unit, subscription, plan, "subscription.resumed", used=used, **over, **period)
    return dunning.take_up(unit, resumed)


def end(unit: Unit, identifier: str) -> None:
    """End a pause whose time is over."""
    resume(unit, subscriptions.get(unit, identifier))
