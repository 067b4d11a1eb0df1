"""The tables, with the names and columns of the Django app's; the columns of an event are the fields of `InboxRecord`.

They are in `metadata`: call `metadata.create_all`, or let Alembic see it beside your own (`target_metadata = [yours,
metadata]`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC, to the microsecond. SQLite keeps it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write."""
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None and _is_naive(dialect) else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read."""
        return value.replace(tzinfo=UTC) if value is not None and _is_naive(dialect) else value


class Key(TypeDecorator[str]):
    """An id, compared as bytes, as Python does, whatever the database's language."""

    impl = String(255)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Name the collation where the default one is a language's."""
        return dialect.type_descriptor(String(255, collation=None if _is_naive(dialect) else "C"))


def _is_naive(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"


metadata = MetaData()

events = Table(
    "paylera_inbox_event",
    metadata,
    Column("event_id", Key, primary_key=True),
    Column("event_type", String(255), nullable=False),
    Column("lane", String(255), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("secret_position", SmallInteger),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("is_stale", Boolean, nullable=False),
    Column("force", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
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
    Column("mark_at", Moment),
    Column("mark_id", Key, nullable=False),
)

claims = Table(
    "paylera_inbox_claim",
    metadata,
    Column("event_id", String(255), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("is_done", Boolean, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("paylera_inbox_claim_expiry", "expires_at"),
)
