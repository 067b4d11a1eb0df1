"""Replay: new deliveries of old events to one endpoint, in the order in which the events happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import queue
from paylera_sandbox.webhooks.subscribers import wants

MOST = 10_000
_SPAN = """
SELECT seq, id, type FROM events
WHERE json_extract(doc, '$.occurred_at') BETWEEN ? AND ? ORDER BY seq
"""
_UNSUCCESSFUL = """
SELECT DISTINCT event_id FROM deliveries WHERE endpoint_id = ? AND status IN ('failed', 'dropped')
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events to send again: those named, or those of some time and some types; all, or only those whose
    delivery to the endpoint failed or was dropped."""

    event_ids: Sequence[str] | None = None
    event_types: Sequence[str] = ("*",)
    since: str | None = None
    until: str | None = None
    failed_only: bool = False


def replay(unit: Unit, endpoint: Doc, selection: Selection) -> int:
    """Queue the events again and return how many there are. The ids of the events stay, the deliveries are new."""
    chosen = _chosen(unit, endpoint, selection)
    if len(chosen) > MOST:
        advice = "Narrow it with since, until or event_types."
        detail = f"That matches {len(chosen)} events and one replay takes {MOST}. {advice}"
        raise Problem("webhook_replay.too_many", detail)
    for identifier in chosen:
        queue(unit, unit.need("events", identifier, "event.not_found"), endpoint)
    return len(chosen)


def _chosen(unit: Unit, endpoint: Doc, selection: Selection) -> list[str]:
    rows = _named(unit, selection.event_ids) if selection.event_ids else _span(unit, selection)
    if selection.failed_only:
        unsuccessful = {row[0] for row in unit.store.execute(_UNSUCCESSFUL, (endpoint["id"],))}
        rows = [row for row in rows if row[1] in unsuccessful]
    return [identifier for _, identifier, kind in rows if wants(selection.event_types, kind)]


def _span(unit: Unit, selection: Selection) -> list[tuple[int, str, str]]:
    """Find the events of a time; a tilde sorts behind every stamp."""
    return unit.store.execute(_SPAN, (selection.since or "", selection.until or "~"))


def _named(unit: Unit, names: Sequence[str]) -> list[tuple[int, str, str]]:
    found = [row for name in dict.fromkeys(names) for row in _row(unit, name)]
    return sorted(found)


def _row(unit: Unit, name: str) -> list[tuple[int, str, str]]:
    rows = unit.store.execute("SELECT seq, id, type FROM events WHERE id = ?", (name,))
    if not rows:
        raise Problem("event.not_found", f"There is no event with the id '{name}'.")
    return rows


def expect_enabled(endpoint: Doc) -> None:
    """Refuse to send to an endpoint that takes nothing."""
    if endpoint["status"] != "enabled":
        raise fault("status", "webhook_endpoint.disabled", f"is {endpoint['status']}; enable the endpoint first")
