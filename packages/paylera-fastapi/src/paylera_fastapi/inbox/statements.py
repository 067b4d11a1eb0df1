"""What the inbox asks its database, in the caller's transaction: it locks, loads and saves; `paylera.webhooks.lanes`
decides. Written for a plain connection or session, which asynchronous ones run too (`run_sync`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from paylera.webhooks import InboxQuery, InboxRecord
from paylera.webhooks.lanes import HELD, WAITING, Decide, Lane, State
from paylera_fastapi.inbox.tables import MOMENT, events, lanes, utc

Asked = Connection | Session
_COLUMNS = [events.c[field.name] for field in fields(InboxRecord)]
_MOMENTS = [column.name for column in _COLUMNS if column.type is MOMENT]
INSERTS: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
"""The databases that the inbox runs on, by the name of their dialect."""

ADDING = {
    name: insert(events).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    for name, insert in INSERTS.items()
}
"""Inserts an event that is not there, by the name of the dialect; built once, which takes longer than to run it."""


def inserting(session: Asked, table: Table) -> Any:
    """Return an insert of the session's database, which knows `on_conflict_...`."""
    return INSERTS[_dialect(session)](table)


def has_row_locks(session: Asked) -> bool:
    """Tell whether rows can be locked; SQLite locks the whole database as soon as somebody writes."""
    return _dialect(session) != "sqlite"


def _dialect(session: Asked) -> str:
    return (session if isinstance(session, Connection) else session.get_bind()).dialect.name


def add(session: Asked, record: InboxRecord) -> InboxRecord:
    """Insert a record unless its id is there; return the stored one. Usually that is one question to the database."""
    if cast("Any", session.execute(ADDING[_dialect(session)], row(record))).rowcount:
        return record
    return cast("InboxRecord", get(session, record.event_id))


def get(session: Asked, event_id: str) -> InboxRecord | None:
    """Return a record."""
    return _first(session, select(*_COLUMNS).where(events.c.event_id == event_id))


def change(session: Asked, lane: str, decide: Decide, *, asked: str | None, wait: bool) -> InboxRecord | None:
    """Lock a lane, and save what is decided of it; None also if somebody else has the lock and `wait` is False."""
    if not lock(session, lane, wait=wait):
        return None
    before = _lane(session, lane, asked)
    record = decide(before)
    if record is None:
        return None
    session.execute(update(events).where(events.c.event_id == record.event_id).values(**row(record)))
    mark = before.mark_after(record)
    if mark is not None and mark != before.watermark:
        session.execute(update(lanes).where(lanes.c.lane == lane).values(mark_at=mark[0], mark_id=mark[1]))
    return record


def lock(session: Asked, lane: str, *, wait: bool) -> bool:
    """Lock a lane's row until the transaction ends; False if somebody else has it and `wait` is False."""
    # The insert comes first: on SQLite it takes the lock of the whole database.
    session.execute(inserting(session, lanes).on_conflict_do_nothing(), {"lane": lane, "mark_at": None, "mark_id": ""})
    statement = select(lanes.c.lane).where(lanes.c.lane == lane)
    if has_row_locks(session):
        statement = statement.with_for_update(skip_locked=not wait)
    return session.execute(statement).first() is not None


def due(session: Asked, now: datetime, limit: int) -> Sequence[str]:
    """Return the lanes whose next record is due, the longest due first."""
    other = events.alias()
    same = other.c.lane == events.c.lane
    is_earlier = or_(
        other.c.occurred_at < events.c.occurred_at,
        and_(other.c.occurred_at == events.c.occurred_at, other.c.event_id < events.c.event_id),
    )
    running = exists().where(same, other.c.state.in_(HELD), other.c.due_at.is_not(None))
    before = exists().where(same, other.c.state.in_(WAITING), is_earlier)
    is_next = or_(events.c.state.in_(HELD), and_(events.c.state.in_(WAITING), ~running, ~before))
    statement = select(events.c.lane).where(is_next, events.c.due_at <= now).order_by(events.c.due_at, events.c.lane)
    return list(session.scalars(statement.limit(limit)))


def find(session: Asked, query: InboxQuery) -> Sequence[InboxRecord]:
    """Return the records that match, in the order in which they were received."""
    wanted = ((events.c.state, query.states), (events.c.event_type, query.types), (events.c.event_id, query.event_ids))
    conditions: list[ColumnElement[bool]] = [column.in_(values) for column, values in wanted if values]
    if query.since is not None:
        conditions.append(events.c.received_at >= query.since.astimezone(UTC))
    statement = select(*_COLUMNS).where(*conditions).order_by(events.c.received_at, events.c.event_id)
    return [_record(row) for row in session.execute(statement.limit(query.limit)).mappings()]


def prune(session: Asked, before: datetime) -> int:
    """Delete old records that are done, and lanes without records."""
    old = delete(events).where(events.c.state == "done", events.c.received_at < before)
    count: int = cast("Any", session.execute(old)).rowcount
    # A watermark that moves meanwhile is looked at again: the lane of an event that has just been done stays.
    is_old = lanes.c.mark_at.is_(None) | (lanes.c.mark_at < before)
    session.execute(delete(lanes).where(is_old, ~exists().where(events.c.lane == lanes.c.lane)))
    return count


def counts(session: Asked) -> Mapping[State, int]:
    """Count the records by state."""
    rows = session.execute(select(events.c.state, func.count()).group_by(events.c.state))
    return {row[0]: row[1] for row in rows}


def positions(session: Asked) -> Mapping[int, datetime]:
    """Return when each secret last signed."""
    newest, position = func.max(events.c.received_at), events.c.secret_position
    rows = session.execute(select(position, newest).where(position.is_not(None)).group_by(position))
    return {row[0]: cast("datetime", utc(row[1])) for row in rows}


def _lane(session: Asked, lane: str, asked: str | None) -> Lane:
    mark_at, mark_id = session.execute(select(lanes.c.mark_at, lanes.c.mark_id).where(lanes.c.lane == lane)).one()
    mine = select(*_COLUMNS).where(events.c.lane == lane)
    waiting = mine.where(events.c.state.in_(WAITING)).order_by(events.c.occurred_at, events.c.event_id)
    return Lane(
        watermark=(cast("datetime", utc(mark_at)), mark_id) if mark_at is not None else None,
        running=_first(session, mine.where(events.c.state.in_(HELD), events.c.due_at.is_not(None))),
        head=_first(session, waiting),
        asked=get(session, asked) if asked is not None else None,
    )


def row(record: InboxRecord) -> dict[str, Any]:
    """Return the values of a record's columns; `asdict` would copy each of them."""
    return {column.name: getattr(record, column.name) for column in _COLUMNS}


def _first(session: Asked, statement: Select[Any]) -> InboxRecord | None:
    row = session.execute(statement.limit(1)).mappings().first()
    return _record(row) if row is not None else None


def _record(row: Any) -> InboxRecord:
    return InboxRecord(**{**row, **{name: utc(row[name]) for name in _MOMENTS}})
