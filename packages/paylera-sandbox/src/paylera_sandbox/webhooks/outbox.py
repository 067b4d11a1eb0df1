"""The outbox: what waits to be delivered. A queue is one aggregate at one endpoint; all but its head are held.

Which row is the head is kept up with every change, so finding what may go next costs the same with ten rows waiting as
with a million.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from paylera_sandbox.clock import stamp
from paylera_sandbox.store import Doc, Store
from paylera_sandbox.unit import Unit

_ADD = """
INSERT INTO outbox (delivery_id, endpoint_id, aggregate, due_at, held)
SELECT ?1, ?2, ?3, ?4, EXISTS (SELECT 1 FROM outbox WHERE endpoint_id = ?2 AND aggregate = ?3)
ON CONFLICT (delivery_id) DO UPDATE SET due_at = excluded.due_at
"""
_PROMOTE = """
UPDATE outbox SET held = 0
WHERE seq = (SELECT min(seq) FROM outbox WHERE endpoint_id = ? AND aggregate = ?)
"""
_HEADS = """
SELECT delivery_id, endpoint_id, aggregate, due_at FROM outbox
WHERE endpoint_id = ? AND held = 0 ORDER BY due_at, seq LIMIT ?
"""
WAITING = "SELECT delivery_id FROM outbox WHERE endpoint_id = ? ORDER BY aggregate, seq LIMIT ?"
# Goes through the endpoints for which something waits by their index, whatever waits.
_ABANDONED = """
WITH RECURSIVE found (id) AS (
    SELECT min(endpoint_id) FROM outbox
    UNION ALL SELECT (SELECT min(endpoint_id) FROM outbox WHERE endpoint_id > id) FROM found WHERE id IS NOT NULL)
SELECT id FROM found WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM webhook_endpoints WHERE status = 'enabled')
LIMIT 1
"""
BATCH = 250  # so many are given up in one step: some 5 ms
_DUE = "SELECT 1 FROM outbox WHERE endpoint_id = ? AND held = 0 AND due_at <= ? LIMIT 1"


class Head(NamedTuple):
    """A delivery that is the first in its queue."""

    delivery_id: str
    endpoint_id: str
    aggregate: str
    due_at: str


def enqueue(unit: Unit, delivery: Doc) -> None:
    """Put a delivery at the end of its queue, due now. One that waits already keeps its place."""
    aggregate = f"{delivery['aggregate_type']}:{delivery['aggregate_id']}"
    unit.store.execute(_ADD, (delivery["id"], delivery["endpoint_id"], aggregate, unit.stamp))
    unit.emitted += 1


def postpone(unit: Unit, delivery_id: str, due: datetime) -> None:
    """Let a delivery wait where it is; those behind it wait too."""
    unit.store.execute("UPDATE outbox SET due_at = ? WHERE delivery_id = ?", (stamp(due), delivery_id))


def finish(unit: Unit, delivery_id: str) -> None:
    """Take a delivery out; the next of its queue becomes the head."""
    sql = "DELETE FROM outbox WHERE delivery_id = ? RETURNING endpoint_id, aggregate"
    for queue in unit.store.execute(sql, (delivery_id,)):
        unit.store.execute(_PROMOTE, queue)


def overtaken(unit: Unit, delivery_id: str, due: datetime) -> None:
    """Let a delivery wait in a queue of its own, so that those behind it pass."""
    sql = "SELECT endpoint_id, aggregate FROM outbox WHERE delivery_id = ?"
    for queue in unit.store.execute(sql, (delivery_id,)):
        sql = "UPDATE outbox SET aggregate = ?, due_at = ?, held = 0 WHERE delivery_id = ?"
        unit.store.execute(sql, (f"alone:{delivery_id}", stamp(due), delivery_id))
        unit.store.execute(_PROMOTE, queue)


def drop(unit: Unit, endpoint_id: str, *, most: int = -1) -> None:
    """Give up what waits for an endpoint, or so many at most. It may be very much, so no row passes through Python."""
    chosen = (endpoint_id, most)
    unit.abandoned |= most >= 0
    unit.store.amend("deliveries", WAITING, chosen, status="dropped", next_attempt_at=None)
    unit.store.execute(f"DELETE FROM outbox WHERE delivery_id IN ({WAITING})", chosen)  # noqa: S608 our own text


def abandoned(store: Store) -> str | None:
    """Return the id of an endpoint that takes nothing (any more) and for which something waits, if there is one."""
    rows = store.execute(_ABANDONED)
    return rows[0][0] if rows else None


def heads(store: Store, endpoint_id: str, *, limit: int) -> list[Head]:
    """Return what may go next to an endpoint, in the order in which it is due."""
    return [Head(*row) for row in store.execute(_HEADS, (endpoint_id, limit))]


def anything_due(store: Store, now: str) -> bool:
    """Tell whether any delivery should be under way."""
    return any(store.execute(_DUE, (endpoint, now)) for endpoint in receivers(store))


def receivers(store: Store) -> list[str]:
    """Return the ids of the endpoints that get deliveries. Nothing waits for the others."""
    return [row[0] for row in store.execute("SELECT id FROM webhook_endpoints WHERE status = 'enabled' ORDER BY seq")]
