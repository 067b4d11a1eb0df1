"""Trials: time at the beginning for which nothing is billed."""

from __future__ import annotations

from datetime import timedelta

from paylera_sandbox.billing import commitments, cycles, renewals, subscriptions
from paylera_sandbox.billing.machines import SUBSCRIPTION
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

LONGEST = timedelta(days=730)


def warn(unit: Unit, identifier: str) -> None:
    """Tell that a trial will end soon."""
    emit(unit, "subscription.trial_will_end", subscriptions.get(unit, identifier))


def end(unit: Unit, identifier: str) -> None:
    """End a trial: the first period begins and is billed, and a commitment counts from here."""
    subscription = subscriptions.get(unit, identifier)
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    anchor = subscription["billing_cycle_anchor"]
    period = cycles.first(
        unit.now, plan, subscription["commitment"], anchor if anchor > subscription["trial_end"] else None
    )
    SUBSCRIPTION.expect(subscription, "active")
    subscription = renewals.begin(unit, subscription, plan, "subscription.trial_ended", status="active", **period)
    if subscription["status"] == "active":
        emit(unit, "subscription.activated", subscription)
    commitments.begin(unit, subscription)


def extend(unit: Unit, subscription: Doc, trial_end: str) -> Doc:
    """Let a trial end later."""
    if subscription["status"] != "trialing":
        detail = f"The subscription is {subscription['status']}; only a trial can be extended."
        raise Problem("subscription.invalid_transition", detail)
    latest = stamp(moment(subscription["created_at"]) + LONGEST)
    if not subscription["trial_end"] < trial_end <= latest:
        earliest = subscription["trial_end"]
        raise fault("trial_end", "trial_end.range", f"must be later than {earliest} and at most {latest}")
    members = {"trial_end": trial_end, "current_period_end": trial_end}
    if subscription["billing_cycle_anchor"] <= trial_end:
        members["billing_cycle_anchor"] = trial_end
    if subscription["cancel_at_period_end"]:
        members["cancel_at"] = trial_end
    return subscriptions.change(unit, subscription, "subscription.trial_extended", **members)
