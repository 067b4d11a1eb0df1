"""Billing cycles: where the periods of a subscription begin and end. They keep the day of their anchor, so that what
began on the 31st is billed on the last day of a shorter month and on the 31st again after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from paylera_sandbox.billing.periods import later, unused_share
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc

Span = tuple[str, int]
_QUARTER = 3
_MONTHS = {"month": 1, "year": 12}


class Part(NamedTuple):
    """A stretch of a period that is priced as one: two stamps, and which share of the plan's own period it is."""

    start: str
    end: str
    share: Fraction


def own(plan: Doc) -> Span:
    """Return the period of a plan."""
    return plan["interval"], plan["interval_count"]


def span(plan: Doc, commitment: Doc | None) -> Span:
    """Return how much time is billed at once: the plan's period, or what a commitment says."""
    spans = {"quarterly": ("month", _QUARTER), "upfront": ("month", commitment["months"] if commitment else 0)}
    return spans.get(commitment["billing"], own(plan)) if commitment else own(plan)


def months(period: Span) -> int | None:
    """Return how many months a period has; None if it is not made of months."""
    return _MONTHS[period[0]] * period[1] if period[0] in _MONTHS else None


def end(start: datetime, period: Span, anchor: str) -> datetime:
    """Return the end of the period that begins at a moment."""
    return later(start, interval=period[0], count=period[1], day=moment(anchor).day)


def first(start: datetime, plan: Doc, commitment: Doc | None, anchor: str | None) -> Doc:
    """Return the members that tell the first period that is billed: from its start to the anchor, if there is one."""
    until = anchor or stamp(end(start, span(plan, commitment), stamp(start)))
    return {
        "current_period_start": stamp(start),
        "current_period_end": until,
        "billing_cycle_anchor": anchor or stamp(start),
    }


def following(subscription: Doc, plan: Doc) -> Doc:
    """Return the members that tell the period after the present one."""
    start, period = moment(subscription["current_period_end"]), span(plan, subscription["commitment"])
    until = end(start, period, subscription["billing_cycle_anchor"])
    return {"current_period_start": stamp(start), "current_period_end": stamp(until)}


def in_trial(subscription: Doc) -> bool:
    """Tell whether the present period is a trial."""
    return bool(subscription["current_period_end"] == subscription["trial_end"])


def parts(subscription: Doc, plan: Doc) -> Iterator[Part]:
    """Divide the present period into the plan's own periods. One that the anchor cuts short is a share of one."""
    start, until = moment(subscription["current_period_start"]), moment(subscription["current_period_end"])
    anchor = subscription["billing_cycle_anchor"]
    while start < until:
        whole = end(start, own(plan), anchor)
        yield Part(stamp(start), stamp(min(whole, until)), _share(start, min(whole, until), whole, plan, anchor))
        start = whole


def _share(start: datetime, until: datetime, whole: datetime, plan: Doc, anchor: str) -> Fraction:
    if until == whole:
        return Fraction(1)
    interval, count = own(plan)
    return unused_share(start, later(until, interval=interval, count=-count, day=moment(anchor).day), until)
