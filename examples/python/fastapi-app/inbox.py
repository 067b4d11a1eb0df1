"""The webhook events that the app received: in SQLite, so that every worker process can show all of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from settings import DATABASE

from paylera_fastapi import PayleraWebhookEvent

EVENTS_PER_ANSWER = 100
SCHEMA = """
CREATE TABLE IF NOT EXISTS received_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE, -- the same event may be delivered more than once
    type TEXT NOT NULL,
    received_at TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    email TEXT NOT NULL,
    payload TEXT NOT NULL
)
"""
ADD = """
INSERT OR IGNORE INTO received_event (event_id, type, received_at, customer_id, email, payload)
VALUES (?, ?, ?, ?, ?, ?)
"""
# Whose event it is, `customer.*` events tell; nobody sees another customer's.
FIND = """
SELECT * FROM received_event
WHERE seq > ? AND customer_id IN (SELECT customer_id FROM received_event WHERE email = ? AND email <> '')
ORDER BY seq DESC LIMIT ?
"""


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Open the database for one transaction."""
    connection = sqlite3.connect(DATABASE, timeout=20)
    connection.row_factory = sqlite3.Row
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def create() -> None:
    """Make the table when it is not there."""
    with database() as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(SCHEMA)


def add(event: PayleraWebhookEvent) -> None:
    """Remember an event, once."""
    payload = event.model_dump(mode="json")
    data = payload.get("data") or {}
    is_customer = event.type.startswith("customer.")
    customer_id = data.get("id" if is_customer else "customer_id") or ""
    email = (data.get("email") or "").lower() if is_customer else ""
    with database() as connection:
        row = (event.id, event.type, datetime.now(UTC).isoformat(), customer_id, email, json.dumps(payload))
        connection.execute(ADD, row)


def events_of(email: str, *, after: int) -> list[dict[str, Any]]:
    """Return one customer's events after number `after`, oldest first; at most the newest hundred."""
    with database() as connection:
        rows = connection.execute(FIND, (after, email.lower(), EVENTS_PER_ANSWER)).fetchall()
    return [_as_json(row) for row in reversed(rows)]


def _as_json(row: sqlite3.Row) -> dict[str, Any]:
    payload = json.loads(row["payload"])
    return {
        "seq": row["seq"],
        "id": row["event_id"],
        "type": row["type"],
        "occurred_at": payload.get("occurred_at"),
        "received_at": row["received_at"],
        "data": payload.get("data"),
    }
