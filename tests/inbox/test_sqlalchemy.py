"""The inbox and the claims on SQLAlchemy, on SQLite and on PostgreSQL, with both colours of engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    NullPool,
    StaticPool,
    String,
    Table,
    create_engine,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session

from paylera.flow import Awaiting, Flow, arun
from paylera.webhooks import InboxRecord
from paylera.webhooks.lanes import Lane
from paylera_fastapi.inbox import (
    AsyncSqlAlchemyInboxStore,
    Inbox,
    SqlAlchemyClaims,
    SqlAlchemyInboxStore,
    metadata,
    session,
    statements,
    sync_session,
)
from paylera_fastapi.inbox.tables import events
from support.stores import NOW, Backend, ClaimBackend, ClaimContract, InboxContract, claim, record

NO_TRANSPORT: Any = None
SHOP = MetaData()
EFFECTS = Table("effects", SHOP, Column("n", Integer, primary_key=True), Column("event_id", String(255)))


class Loop:
    """An event loop on a thread of its own, as a server has it: any thread may have a flow driven there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(100)

    def drive(self, flow: Flow[Any]) -> Any:
        """Drive a flow as a FastAPI application does."""
        return self.run(arun(flow, Awaiting(NO_TRANSPORT, in_thread=run_in_threadpool)))

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Return a running loop."""
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def plain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Return an engine on an empty database."""
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'db'}", connect_args={"timeout": 60})
    else:
        port = request.getfixturevalue("postgres")
        engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", pool_size=30)
    for tables in (metadata, SHOP):
        tables.drop_all(engine)
        tables.create_all(engine)
    yield engine
    for tables in (metadata, SHOP):
        tables.drop_all(engine)
    engine.dispose()


@pytest.fixture
def awaited(plain: Engine, loop: Loop) -> Iterator[AsyncEngine]:
    """Return an asynchronous engine on the same database."""
    driver = "sqlite+aiosqlite" if plain.dialect.name == "sqlite" else "postgresql+asyncpg"
    options: dict[str, Any] = {"connect_args": {"timeout": 60}} if plain.dialect.name == "sqlite" else {"pool_size": 10}
    engine = create_async_engine(plain.url.set(drivername=driver), **options)
    yield engine
    loop.run(engine.dispose())


def effect_of(event: Any) -> Any:
    return insert(EFFECTS).values(event_id=getattr(event, "event_id", None) or event.id)


def effects(engine: Engine) -> Callable[[], list[str]]:
    """Read what is committed."""

    def read() -> list[str]:
        with Session(engine) as reading:
            return list(reading.scalars(select(EFFECTS.c.event_id).order_by(EFFECTS.c.n)))

    return read


class TestEngine(InboxContract):
    """A plain engine, and `def` handlers."""

    @pytest.fixture
    def backend(self, plain: Engine, loop: Loop) -> Backend:
        """Return a backend."""
        return Backend(
            SqlAlchemyInboxStore(plain),
            loop.drive,
            lambda event: sync_session().execute(effect_of(event)),
            effects(plain),
        )

    def test_a_lane_that_is_locked_is_not_waited_for(self, backend: Backend, plain: Engine) -> None:
        """Where there are row locks: whoever has it goes on with what they find."""
        if plain.dialect.name == "sqlite":
            pytest.skip("this database has no row locks")
        backend.ask("add", record())
        backend.ask("change", "invoice:inv_1", lambda lane: None)  # the lane has its row
        with Session(plain) as holding, holding.begin():
            assert statements.lock(holding, "invoice:inv_1", wait=True)
            assert backend.ask("change", "invoice:inv_1", claim("me"), wait=False) is None
            assert backend.ask("add", record("evt_2")) == record("evt_2")  # what arrives is not held up


class TestEngineWithCoroutines(InboxContract):
    """A plain engine, and `async def` handlers: the transaction's thread waits for the loop."""

    @pytest.fixture
    def backend(self, plain: Engine, loop: Loop) -> Backend:
        """Return a backend."""

        async def handler(event: Any) -> None:
            await asyncio.sleep(0)
            sync_session().execute(effect_of(event))

        return Backend(SqlAlchemyInboxStore(plain), loop.drive, handler, effects(plain))


class TestAsyncEngine(InboxContract):
    """An asynchronous engine, and `async def` handlers."""

    @pytest.fixture
    def backend(self, plain: Engine, awaited: AsyncEngine, loop: Loop) -> Backend:
        """Return a backend."""

        async def handler(event: Any) -> None:
            await session().execute(effect_of(event))

        return Backend(AsyncSqlAlchemyInboxStore(awaited), loop.drive, handler, effects(plain))


class TestClaims(ClaimContract):
    """Claims in a table."""

    @pytest.fixture
    def claims(self, plain: Engine, loop: Loop) -> ClaimBackend:
        """Return a store whose clock can be moved."""
        system = MovableSystem()
        return ClaimBackend(SqlAlchemyClaims(plain, system=system), loop.drive, system.forward)  # type: ignore[arg-type]


class MovableSystem:
    """A clock."""

    def __init__(self) -> None:
        self._now = NOW.timestamp()

    def now(self) -> float:
        return self._now

    def forward(self, seconds: float) -> None:
        self._now += seconds


def test_a_session_is_only_there_while_an_event_is_handled(plain: Engine, loop: Loop) -> None:
    """And of the colour of the engine."""
    for ask, words in ((session, "AsyncEngine"), (sync_session, "an Engine")):
        with pytest.raises(RuntimeError, match=words):
            ask()
    store, seen = SqlAlchemyInboxStore(plain), []

    def wrong(_event: Any) -> None:
        with pytest.raises(RuntimeError, match="async def handler"):
            session()
        seen.append(threading.get_ident())

    backend = Backend(store, loop.drive, wrong, list)
    contract = InboxContract()
    mine = contract._claimed(backend)
    backend.ask("settle", mine, contract._work(backend), lambda lane: lane.running)
    assert len(seen) == 1


@pytest.mark.parametrize("engine", ["sqlite://", None, create_engine("sqlite://").connect])
def test_a_wrong_engine_is_refused(engine: object) -> None:
    """By name."""
    with pytest.raises(ValueError, match="engine"):
        Inbox(engine, handlers={})  # type: ignore[arg-type]


ENGINES: list[Callable[..., Engine | AsyncEngine]] = [create_engine, create_async_engine]


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    "options",
    [
        {"isolation_level": "AUTOCOMMIT"},
        {"execution_options": {"isolation_level": "autocommit"}},
        {"poolclass": StaticPool},
    ],
)
def test_an_engine_without_transactions_is_refused(
    make: Callable[..., Engine | AsyncEngine], options: dict[str, Any]
) -> None:
    """A handler's work and the mark of its event would be two things."""
    with pytest.raises(ValueError, match="engine must"):
        Inbox(make("postgresql+psycopg://nobody@127.0.0.1/nothing", **options), handlers={})


@pytest.mark.parametrize("is_async", [False, True])
def test_a_conflict_of_two_transactions_is_no_failure(postgres: int, is_async: bool) -> None:
    """On a SERIALIZABLE engine: the loser is asked again, with what the other one saved; not for ever."""
    url, tries = f"postgresql+psycopg://postgres@127.0.0.1:{postgres}/postgres", []
    other = create_engine(url)
    metadata.drop_all(other)
    metadata.create_all(other)

    def interrupted(lane: Lane) -> InboxRecord | None:
        tries.append(lane.head and lane.head.error)
        if len(tries) <= conflicts:
            with other.begin() as connection:
                connection.execute(update(events).values(error=str(len(tries))))
        return lane.head

    async def changed() -> InboxRecord | None:
        if not is_async:
            store = SqlAlchemyInboxStore(create_engine(url, isolation_level="SERIALIZABLE", poolclass=NullPool))
            return store.change("invoice:inv_1", interrupted)
        engine = create_async_engine(
            url.replace("psycopg", "asyncpg"), isolation_level="SERIALIZABLE", poolclass=NullPool
        )
        return await AsyncSqlAlchemyInboxStore(engine).change("invoice:inv_1", interrupted)

    try:
        SqlAlchemyInboxStore(other).add(record())
        conflicts = 2
        assert asyncio.run(changed()) == record(error="2")
        assert tries == ["", "1", "2"]
        conflicts = 1000
        with pytest.raises(DBAPIError, match="could not serialize"):
            asyncio.run(changed())
    finally:
        metadata.drop_all(other)
        other.dispose()


def test_the_tables_are_created(awaited: AsyncEngine, plain: Engine, loop: Loop) -> None:
    """On both colours; twice does no harm."""
    for engine in (awaited, plain):
        metadata.drop_all(plain)
        inbox = Inbox(engine, handlers={})
        loop.run(inbox.create_tables())
        loop.run(inbox.create_tables())
        assert loop.run(inbox.drive(inbox.counts())) == {}


def test_several_processes_may_create_the_tables_at_once(plain: Engine, loop: Loop) -> None:
    """As the workers of a server do when they start."""
    for _ in range(5):
        metadata.drop_all(plain)
        inbox = Inbox(plain, handlers={})
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: loop.run(inbox.create_tables()), range(4)))  # noqa: B023
        assert loop.run(inbox.drive(inbox.counts())) == {}
