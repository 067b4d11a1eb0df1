"""The timeline of a subscription: its events and those of its invoices and payments, in the order of simulated time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby

from paylera_sandbox.pages.console.listing import PAGE, Listing, place
from paylera_sandbox.pages.console.telling import Told, told
from paylera_sandbox.pages.endpoint import Visit
from paylera_sandbox.pages.words import query
from paylera_sandbox.store import Doc

# Events are stored in the order in which they happen, so the place of a row is its place in time.
_EVENTS = """
SELECT seq, doc FROM events WHERE aggregate_id IN (
    SELECT :subscription
    UNION ALL SELECT id FROM invoices WHERE subscription_id = :subscription
    UNION ALL SELECT payments.id FROM payments JOIN invoices ON payments.invoice_id = invoices.id
              WHERE invoices.subscription_id = :subscription)
AND seq < :before ORDER BY seq DESC LIMIT :limit
"""
_END = 2**62


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day, with the deliveries that each caused."""

    stamp: str
    entries: list[tuple[Told, list[Doc]]]


def timeline(visit: Visit, subscription: Doc) -> Listing:
    """Return a page of the timeline, newest first, by days."""
    before = place(visit.query.get("after"))
    given = {"subscription": subscription["id"], "before": before or _END, "limit": PAGE + 1}
    rows = visit.unit.store.select(_EVENTS, given)
    events = [json.loads(doc) for _, doc in rows[:PAGE]]
    days = [
        Day(day, [(told(event), _deliveries(visit, event)) for event in group])
        for day, group in groupby(events, key=lambda event: event["occurred_at"][:10])
    ]
    older = query({"after": rows[PAGE - 1][0]}) if len(rows) > PAGE else None
    return Listing(days, newer="?" if before else None, older=older)


def _deliveries(visit: Visit, event: Doc) -> list[Doc]:
    return visit.unit.store.newest("deliveries", {"event_id": event["id"]}, limit=5)
