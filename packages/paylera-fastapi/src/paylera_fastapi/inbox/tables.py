"""The tables, with the names and columns of the Django app's; the columns of an event are the fields of `InboxRecord`.

They are in `metadata`: call `metadata.create_all`, or let Alembic see it beside your own (`target_metadata = [yours,
metadata]`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, MetaData, SmallInteger, String, Table, Text

# Types of SQLAlchemy only: a revision that Alembic writes imports nothing else.
MOMENT = DateTime(timezone=True)
"""An aware moment, to the microsecond. SQLite keeps it without its zone: write UTC, and read with `utc`."""

KEY = String(255).with_variant(String(255, collation="C"), "postgresql")
"""An id, compared as bytes, as Python does, whatever the database's language."""


def utc(moment: datetime | None) -> datetime | None:
    """Return a moment as it was written, aware."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


metadata = MetaData()

events = Table(
    "paylera_inbox_event",
    metadata,
    Column("event_id", KEY, primary_key=True),
    Column("event_type", String(255), nullable=False),
    Column("lane", String(255), nullable=False),
    Column("occurred_at", MOMENT, nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("due_at", MOMENT),
    Column("secret_position", SmallInteger),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("is_stale", Boolean, nullable=False),
    Column("force", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", MOMENT),
    Column("finished_at", MOMENT),
    Column("history", Text, nullable=False),
    Index("paylera_inbox_due", "state", "due_at"),
    Index("paylera_inbox_lane_head", "lane", "state", "occurred_at", "event_id"),
    Index("paylera_inbox_received", "received_at"),
)

# No foreign key leads here: its check would wait for the lock.
lanes = Table(
    "paylera_inbox_lane",
    metadata,
    Column("lane", String(255), primary_key=True),
    Column("mark_at", MOMENT),
    Column("mark_id", KEY, nullable=False),
)

claims = Table(
    "paylera_inbox_claim",
    metadata,
    Column("event_id", String(255), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("is_done", Boolean, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Index("paylera_inbox_claim_expiry", "expires_at"),
)
