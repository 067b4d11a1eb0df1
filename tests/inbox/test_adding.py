"""How an event is stored on PostgreSQL: past SQLAlchemy's connections, and yet with everything that they are for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateSchema, DropSchema

from paylera.webhooks import InboxRecord
from paylera_fastapi.inbox import AsyncSqlAlchemyInboxStore, SqlAlchemyInboxStore, metadata
from paylera_fastapi.inbox.tables import events
from support.stores import record


@pytest.fixture
def engine(postgres: int) -> Iterator[Engine]:
    """Return an engine on an empty PostgreSQL database, with one connection."""
    engine = create_engine(
        f"postgresql+psycopg://postgres@127.0.0.1:{postgres}/postgres", pool_size=1, max_overflow=0, pool_timeout=5
    )
    metadata.create_all(engine)
    yield engine
    metadata.drop_all(engine)
    engine.dispose()


@asynccontextmanager
async def asynchronous(engine: Engine, driver: str) -> AsyncIterator[AsyncEngine]:
    """Return an engine of one connection on the same database."""
    url = make_url(engine.url).set(drivername=f"postgresql+{driver}")
    awaited = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=5)
    yield awaited
    await awaited.dispose()


def stored(engine: Engine) -> list[str]:
    """Return the ids that are committed."""
    with engine.connect() as connection:
        return list(connection.scalars(select(events.c.event_id).order_by(events.c.event_id)))


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_every_driver_stores_the_same(engine: Engine, driver: str) -> None:
    """Every column, and the first of two stays."""

    async def add_twice() -> tuple[InboxRecord, InboxRecord | None, InboxRecord]:
        async with asynchronous(engine, driver) as awaited:
            store = AsyncSqlAlchemyInboxStore(awaited)
            return await store.add(first), await store.get("evt_1"), await store.add(record(payload="second"))

    first = record(payload='{"amount": "1\u00a0é🙂"}', secret_position=3)
    assert asyncio.run(add_twice()) == (first, first, first)


def test_a_connection_goes_back_as_it_was(engine: Engine) -> None:
    """What others do with it is in a transaction again."""
    SqlAlchemyInboxStore(engine).add(record())
    with engine.connect() as connection:
        connection.execute(events.delete())
        connection.rollback()
    assert stored(engine) == ["evt_1"]


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_a_connection_that_died_in_the_pool_is_replaced(
    engine: Engine, driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a restart of the database: the event is stored, the log tells."""
    others = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'dying'")

    async def scenario() -> None:
        async with asynchronous(engine, driver) as awaited:
            store = AsyncSqlAlchemyInboxStore(awaited)
            await store.add(record("evt_1"))
            async with awaited.begin() as connection:
                await connection.execute(text("SET application_name = 'dying'"))
            with engine.connect() as connection:
                assert connection.scalar(others) == 1
            await store.add(record("evt_2"))
            await store.add(record("evt_3"))

    with caplog.at_level(logging.WARNING, "paylera.webhooks"):
        asyncio.run(scenario())
    assert stored(engine) == ["evt_1", "evt_2", "evt_3"]
    assert [found.getMessage() for found in caplog.records] == ["storing event evt_2 is tried again"]


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_giving_up_leaves_no_connection_in_the_middle(engine: Engine, driver: str) -> None:
    """A cancelled one is closed; its place in the pool is free, and it holds nothing back."""

    async def scenario() -> None:
        async with asynchronous(engine, driver) as awaited:
            store = AsyncSqlAlchemyInboxStore(awaited)
            await store.add(record("evt_1"))
            with engine.begin() as holding:
                holding.execute(text("LOCK TABLE paylera_inbox_event IN ACCESS EXCLUSIVE MODE"))
                adding = asyncio.ensure_future(store.add(record("evt_2")))
                waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                async with asyncio.timeout(20):
                    while not holding.scalar(waiting):
                        await asyncio.sleep(0.005)
                adding.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await adding
            await store.add(record("evt_3"))

    asyncio.run(scenario())
    assert stored(engine) in (["evt_1", "evt_3"], ["evt_1", "evt_2", "evt_3"])


def test_a_failure_is_told(engine: Engine) -> None:
    """The tables are missing: nothing is taken for stored."""
    metadata.drop_all(engine)
    with pytest.raises(Exception, match="paylera_inbox_event"):
        SqlAlchemyInboxStore(engine).add(record())


def test_listeners_see_what_is_stored(engine: Engine) -> None:
    """A tracer's, say; also those who come later."""
    store, seen = SqlAlchemyInboxStore(engine), []
    store.add(record("evt_1"))

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    store.add(record("evt_2"))
    assert seen == ["INSERT"]
    assert stored(engine) == ["evt_1", "evt_2"]


def test_options_of_the_engine_count(engine: Engine) -> None:
    """A schema of one's own, say."""
    with engine.begin() as connection:
        connection.execute(CreateSchema("billing", if_not_exists=True))
    elsewhere = engine.execution_options(schema_translate_map={None: "billing"})
    try:
        metadata.create_all(elsewhere)
        SqlAlchemyInboxStore(elsewhere).add(record())
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM billing.paylera_inbox_event")) == 1
            assert connection.scalar(select(func.count()).select_from(events)) == 0
    finally:
        with engine.begin() as connection:
            connection.execute(DropSchema("billing", cascade=True))


@pytest.mark.parametrize("is_traced", [False, True])
@pytest.mark.parametrize("moment", ["connect", "checkout"])
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_what_a_listener_of_the_pool_says_counts(engine: Engine, driver: str, moment: str, is_traced: bool) -> None:
    """It runs in a transaction that it does not end: its search path is neither rolled back nor in the way."""
    with engine.begin() as connection:
        connection.execute(CreateSchema("billing", if_not_exists=True))
    metadata.create_all(engine.execution_options(schema_translate_map={None: "billing"}))

    def choose(connection: Any, *_: object) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute("SET search_path = billing")

    async def scenario() -> None:
        async with asynchronous(engine, driver) as awaited:
            event.listen(awaited.sync_engine, moment, choose)
            if is_traced:
                event.listen(awaited.sync_engine, "before_cursor_execute", lambda *_: None)
            store = AsyncSqlAlchemyInboxStore(awaited)
            for event_id in ("evt_1", "evt_2", "evt_2"):
                assert (await store.add(record(event_id))).event_id == event_id

    try:
        asyncio.run(scenario())
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM billing.paylera_inbox_event")) == 2
        assert stored(engine) == []
    finally:
        with engine.begin() as connection:
            connection.execute(DropSchema("billing", cascade=True))
