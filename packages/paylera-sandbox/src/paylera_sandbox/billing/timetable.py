"""The timetable of a subscription: what is to happen to it and when follows from what it is, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from paylera_sandbox.billing import agenda
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

ACTIVATION = timedelta(hours=23)  # how long a first payment is waited for
TRIAL_NOTICE = timedelta(days=3)
COMMITMENT_NOTICE = timedelta(days=30)
BILLED = ("active", "past_due")
LIVE = (*BILLED, "trialing", "paused")


def _expires(subscription: Doc) -> str | None:
    waits = subscription["status"] == "pending_activation"
    return stamp(moment(subscription["created_at"]) + ACTIVATION) if waits else None


def _trial_ends(subscription: Doc) -> str | None:
    return subscription["trial_end"] if subscription["status"] == "trialing" else None


def _trial_ending(subscription: Doc) -> str | None:
    end = _trial_ends(subscription)
    return stamp(moment(end) - TRIAL_NOTICE) if end else None


def _renews(subscription: Doc) -> str | None:
    return subscription["current_period_end"] if subscription["status"] in BILLED else None


def _resumes(subscription: Doc) -> str | None:
    return subscription["resumes_at"] if subscription["status"] == "paused" else None


def _cancels(subscription: Doc) -> str | None:
    return subscription["cancel_at"] if subscription["status"] in LIVE else None


def _commitment_ends(subscription: Doc) -> str | None:
    commitment = subscription["commitment"]
    return commitment["ends_at"] if commitment and subscription["status"] in LIVE else None


def _commitment_ending(subscription: Doc) -> str | None:
    end = _commitment_ends(subscription)
    return stamp(moment(end) - COMMITMENT_NOTICE) if end else None


def _retries(subscription: Doc) -> str | None:
    dunning = subscription["dunning"]
    return dunning["next_attempt_at"] if dunning and subscription["status"] == "past_due" else None


# Kind of job -> when it is due for a subscription.
TIMETABLE: Mapping[str, Callable[[Doc], str | None]] = {
    "subscription.expire": _expires,
    "trial.ending": _trial_ending,
    "trial.end": _trial_ends,
    "commitment.ending": _commitment_ending,
    "commitment.end": _commitment_ends,
    "subscription.cancel": _cancels,
    "subscription.resume": _resumes,
    "subscription.renew": _renews,
    "dunning.retry": _retries,
}


def follow(unit: Unit, before: Doc | None, after: Doc) -> None:
    """Plan what a change of a subscription brings with it, and drop what it does away with."""
    for kind, due in TIMETABLE.items():
        old, new = due(before) if before else None, due(after)
        if new is None and old is not None:
            agenda.unschedule(unit, after["id"], kind)
        elif new is not None and new != old:
            agenda.schedule(unit, kind, after["id"], new)
