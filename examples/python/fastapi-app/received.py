"""The webhook events that the app received: in SQLite, beside the inbox; every worker process shows all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from settings import DATABASE
from sqlalchemy import JSON, Integer, Select, String, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from paylera_fastapi import PayleraWebhookEvent
from paylera_fastapi.inbox import session

EVENTS_PER_ANSWER = 100
engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}", connect_args={"timeout": 20})


@event.listens_for(engine.sync_engine, "connect")
def _let_readers_read(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


class Base(DeclarativeBase):
    pass


class ReceivedEvent(Base):
    __tablename__ = "received_event"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), unique=True)  # a replay may hand over the same event again
    type: Mapped[str]
    received_at: Mapped[str]
    customer_id: Mapped[str]
    email: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


async def create() -> None:
    """Make the table when it is not there."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


async def add(received: PayleraWebhookEvent) -> None:
    """Remember an event, once: in the transaction of the inbox, which marks it done."""
    await session().execute(insert(ReceivedEvent).values(**_facts_of(received)).on_conflict_do_nothing())


def _facts_of(received: PayleraWebhookEvent) -> dict[str, Any]:
    payload = received.model_dump(mode="json")
    data = payload.get("data") or {}
    is_customer = received.type.startswith("customer.")
    return {
        "event_id": received.id,
        "type": received.type,
        "received_at": datetime.now(UTC).isoformat(),
        "customer_id": data.get("id" if is_customer else "customer_id") or "",
        "email": (data.get("email") or "").lower() if is_customer else "",
        "payload": payload,
    }


async def events_of(email: str, *, after: int) -> list[dict[str, Any]]:
    """Return one customer's events after number `after`, oldest first; at most the newest hundred."""
    async with AsyncSession(engine) as reading:
        rows = await reading.scalars(_newest_of(email.lower(), after))
        return [_as_json(row) for row in reversed(rows.all())]


def _newest_of(email: str, after: int) -> Select[tuple[ReceivedEvent]]:
    # Whose event it is, `customer.*` events tell; nobody sees another customer's.
    told = (ReceivedEvent.email == email, ReceivedEvent.email != "")
    mine = ReceivedEvent.customer_id.in_(select(ReceivedEvent.customer_id).where(*told))
    newest = select(ReceivedEvent).where(ReceivedEvent.seq > after, mine).order_by(ReceivedEvent.seq.desc())
    return newest.limit(EVENTS_PER_ANSWER)


def _as_json(row: ReceivedEvent) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "id": row.event_id,
        "type": row.type,
        "occurred_at": row.payload.get("occurred_at"),
        "received_at": row.received_at,
        "data": row.payload.get("data"),
    }
