"""Commitments: so many months that a customer has promised to stay, billed by the month, the quarter or at once."""

from __future__ import annotations

from paylera_sandbox.billing import cycles, subscriptions, timetable
from paylera_sandbox.billing.machines import SUBSCRIPTION
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

# What follows a commitment: another of the same length, a subscription without one, or nothing.
AT_END = ("renew", "continue", "end")


def expect_fit(plan: Doc, commitment: Doc) -> None:
    """Refuse a commitment into which the plan's periods, and what is billed at once, do not fit as wholes."""
    own, billed = cycles.months(cycles.own(plan)), cycles.months(cycles.span(plan, commitment))
    if own is None or billed is None:
        raise fault(
            "commitment", "commitment.interval", f"needs a plan billed by months, this one is by {plan['interval']}"
        )
    if commitment["months"] % billed or billed % own:
        detail = f"must be a multiple of what is billed at once ({billed} months) and of the plan's period ({own})"
        raise fault("commitment.months", "commitment.months", detail)


def begin(unit: Unit, subscription: Doc, *, event: str = "subscription.commitment_started") -> Doc:
    """Begin the commitment of a subscription, if it has one, or another one after it."""
    commitment = subscription["commitment"]
    if not commitment or subscription["status"] not in timetable.LIVE:
        return subscription
    begin = commitment["ends_at"] or subscription["current_period_start"]
    end = cycles.end(moment(begin), ("month", commitment["months"]), subscription["billing_cycle_anchor"])
    dated = {**commitment, "starts_at": begin, "ends_at": stamp(end)}
    return subscriptions.change(unit, subscription, event, commitment=dated)


def warn(unit: Unit, identifier: str) -> None:
    """Tell that a commitment will end soon."""
    emit(unit, "subscription.commitment_ending", subscriptions.get(unit, identifier))


def end(unit: Unit, identifier: str) -> None:
    """End a commitment, or renew it. A cancellation that has waited for the end comes after this, on its own."""
    subscription = subscriptions.get(unit, identifier)
    follows = "end" if subscription["cancel_at"] else subscription["commitment"]["at_end"]
    _FOLLOWS[follows](unit, subscription)


def _renew(unit: Unit, subscription: Doc) -> None:
    begin(unit, subscription, event="subscription.commitment_renewed")


def _continue(unit: Unit, subscription: Doc) -> None:
    subscriptions.change(unit, subscription, "subscription.commitment_ended", commitment=None)


def _end(unit: Unit, subscription: Doc) -> None:
    """End the subscription too, unless it is about to be canceled or owes something: then it is canceled."""
    over: Doc = {}
    if not subscription["cancel_at"] and SUBSCRIPTION.may(subscription["status"], "ended"):
        over = {"status": "ended", "ended_at": unit.stamp}
        over["latest_invoice_id"] = subscriptions.bill_usage(unit, subscription)
    ended = subscriptions.change(unit, subscription, "subscription.commitment_ended", commitment=None, **over)
    if not over and not subscription["cancel_at"]:
        subscriptions.end(unit, ended, "commitment_ended")


_FOLLOWS = {"renew": _renew, "continue": _continue, "end": _end}
