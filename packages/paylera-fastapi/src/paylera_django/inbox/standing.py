"""What a person on call asks first: what failed, since when, why, and how much waits behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils.timezone import now

from paylera.webhooks.lanes import WAITING
from paylera_django.inbox.models import InboxEvent

TROUBLE = ("failed", "dead", "quarantined")
"""The states that somebody should look at."""

BLOCKING = ("failed", "processing")
"""The states that keep the rest of a lane waiting."""


LATE = timedelta(minutes=10)
"""Whoever sweeps has been at a failed event by then."""


def told(events: QuerySet[InboxEvent]) -> dict[str, Any]:
    """Return what stands above the list: `trouble`, how many are `received` only, whether attempts are `overdue`."""
    overdue = events.filter(state="failed", due_at__lt=now() - LATE)
    received = events.filter(state="received").count()
    return {"trouble": _trouble(events), "received": received, "overdue": overdue.exists()}


def _trouble(events: QuerySet[InboxEvent]) -> list[Mapping[str, Any]]:
    # State, count and since when, for each state that has any.
    found = events.filter(state__in=TROUBLE).values("state").annotate(count=Count("pk"), since=Min("received_at"))
    by_state = {one["state"]: one for one in found.order_by()}
    return [by_state[state] for state in TROUBLE if state in by_state]


def behind(events: QuerySet[InboxEvent], page: Collection[InboxEvent]) -> dict[str, int]:
    """Return how many events wait behind those of a page, by their id; one question for all of them."""
    blocking = {event.lane: event for event in page if event.state in BLOCKING}
    waiting = events.filter(lane__in=list(blocking), state__in=WAITING)
    counts = waiting.values_list("lane").annotate(Count("pk")).order_by()
    return {blocking[lane].pk: count - (blocking[lane].state in WAITING) for lane, count in counts}


def reason(error: str) -> str:
    """Return the line of a traceback that tells why: the first one of the exception's message."""
    lines = error.strip().splitlines()
    after = [line for line in lines if line and not line.startswith((" ", "Traceback"))]
    return after[-1] if after else (lines[-1].strip() if lines else "")
