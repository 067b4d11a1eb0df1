"""Handlers that do to SQLAlchemy's session what they should not: nothing is lost, nothing twice, nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from paylera.testing import make_event
from paylera.webhooks import InboxRecord, InvoicePaidEvent
from paylera_fastapi.inbox import Inbox, session, sync_session

SAVE = text("INSERT INTO effects (event_id) VALUES (:id)")


async def saves(event: Any) -> None:
    await session().execute(SAVE, {"id": event.id})


async def commits(event: Any) -> None:
    await saves(event)
    await session().commit()


async def rolls_back(event: Any) -> None:
    await saves(event)
    await session().rollback()


async def rolls_back_and_goes_on(event: Any) -> None:
    with suppress(RuntimeError):
        await rolls_back(event)
    await session().execute(text("SELECT 1"))


async def closes(event: Any) -> None:
    async with session():
        await saves(event)


async def begins(event: Any) -> None:
    async with session().begin():
        await saves(event)


async def swallows_a_failed_save(event: Any) -> None:
    await saves(event)
    with suppress(IntegrityError):
        async with session().begin_nested():
            await saves(event)


async def commits_a_savepoint(event: Any) -> None:
    async with session().begin_nested() as savepoint:
        await saves(event)
        await savepoint.commit()


def is_no_coroutine(event: Any) -> None:
    session().execute(SAVE, {"id": event.id})


def commits_on_a_thread(event: Any) -> None:
    sync_session().execute(SAVE, {"id": event.id})
    sync_session().commit()


def rolls_back_on_a_thread(event: Any) -> None:
    sync_session().execute(SAVE, {"id": event.id})
    sync_session().rollback()


FAILED = [commits, rolls_back, closes, begins, is_no_coroutine]
DONE = [saves, rolls_back_and_goes_on, swallows_a_failed_save, commits_a_savepoint]
HANDLERS = [(handler, "failed") for handler in FAILED] + [(handler, "done") for handler in DONE]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where an empty database is, without a driver."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db'}"
    return str(request.getfixturevalue("empty_database"))


@asynccontextmanager
async def database(url: str) -> AsyncIterator[AsyncEngine]:
    """Make a table of the merchant's, and take it away again."""
    engine = create_async_engine(
        url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    )
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE effects (event_id varchar(255) PRIMARY KEY)"))
    try:
        yield engine
    finally:
        async with engine.begin() as connection:
            for table in ("effects", "paylera_inbox_event", "paylera_inbox_lane", "paylera_inbox_claim"):
                await connection.execute(text(f"DROP TABLE {table}"))
        await engine.dispose()


async def take(inbox: Inbox, event_id: str, aggregate: str = "inv_1") -> InboxRecord:
    """Deliver an event."""
    event = make_event(InvoicePaidEvent, id=event_id, aggregate_id=aggregate)
    return await inbox.drive(inbox.receive(event, payload=event.model_dump_json().encode()))


async def effects(engine: AsyncEngine) -> list[str]:
    """Return the effects that are committed."""
    async with engine.connect() as connection:
        return list((await connection.scalars(text("SELECT event_id FROM effects"))).all())


@pytest.mark.parametrize(("handler", "state"), HANDLERS, ids=lambda value: getattr(value, "__name__", ""))
def test_its_effect_and_its_mark_are_one(url: str, handler: Callable[[Any], Any], state: str) -> None:
    """Both are there, or neither; a failure is noted at once; and the next event is handled."""

    async def scenario() -> None:
        async with database(url) as engine:
            inbox = Inbox(engine, handlers={"*": handler})
            await inbox.create_tables()
            assert (await take(inbox, "evt_1")).state == state
            assert bool(await effects(engine)) == (state == "done")
            assert (await take(Inbox(engine, handlers={"*": saves}), "evt_2", "inv_2")).state == "done"

    asyncio.run(scenario())


@pytest.mark.parametrize("handler", [commits_on_a_thread, rolls_back_on_a_thread])
def test_on_a_plain_engine_too(url: str, handler: Callable[[Any], Any]) -> None:
    """A `def` handler on a thread."""

    async def scenario() -> None:
        async with database(url) as engine:
            plain = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
            inbox = Inbox(plain, handlers={"*": handler})
            await inbox.create_tables()
            assert (await take(inbox, "evt_1")).state == "failed"
            assert await effects(engine) == []
            plain.dispose()

    asyncio.run(scenario())


def test_a_task_that_outlives_its_event_is_told_so(url: str) -> None:
    """What it did would be in a transaction that nobody ends, on a connection that nobody gives back."""
    tasks = []

    async def spawns(event: Any) -> None:
        is_over, kept = asyncio.Event(), session()

        async def late() -> None:
            await is_over.wait()
            with pytest.raises(RuntimeError, match="while it handles an event"):
                session()
            with pytest.raises(InvalidRequestError, match="permanently closed"):
                await kept.execute(SAVE, {"id": "late"})

        tasks.append((is_over, asyncio.ensure_future(late())))
        await saves(event)

    async def scenario() -> None:
        async with database(url) as engine:
            inbox = Inbox(engine, handlers={"*": spawns})
            await inbox.create_tables()
            assert (await take(inbox, "evt_1")).state == "done"
            for is_over, task in tasks:
                is_over.set()
                await task
            assert await effects(engine) == ["evt_1"]
            assert len(tasks) == 1

    asyncio.run(scenario())
