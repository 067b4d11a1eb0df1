"""The inbox's records on an SQLAlchemy engine: the same statements for both colours of engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from anyio import from_thread
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine, StaticPool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.util import greenlet_spawn

from paylera.flow import AsyncTransport, Awaiting, Blocking, Flow, SyncTransport, arun, run
from paylera.webhooks import InboxQuery, InboxRecord
from paylera.webhooks.lanes import Decide, State
from paylera_fastapi.inbox import statements
from paylera_fastapi.inbox.adding import Adding
from paylera_fastapi.inbox.sessions import HandlersSession, published

T = TypeVar("T")
# A handler sends nothing through the flow, so there is no transport.
_ON_THE_LOOP = Awaiting(cast("AsyncTransport", None), in_thread=run_in_threadpool)
_ON_THE_THREAD = Blocking(cast("SyncTransport", None), wait_for=lambda start: from_thread.run(_awaited, start))
_CONFLICTS = 10  # so often is asked again, before it is an error


class SqlAlchemyInboxStore:
    """An `InboxStore` on an `Engine`, PostgreSQL or SQLite. A handler runs on the thread of its transaction."""

    def __init__(self, engine: Engine) -> None:
        _check(engine)
        self._engine = engine
        self._adding = Adding(engine)

    def add(self, record: InboxRecord) -> InboxRecord:
        """Insert a record; see `adding`."""
        return self._adding(record)

    def get(self, event_id: str) -> InboxRecord | None:
        """Return a record."""
        return self._do(statements.get, event_id)

    def change(self, lane: str, decide: Decide, *, asked: str | None = None, wait: bool = True) -> InboxRecord | None:
        """Change a lane under its lock."""
        return self._do(statements.change, lane, decide, asked=asked, wait=wait)

    def settle(self, record: InboxRecord, work: Flow[None], decide: Decide) -> InboxRecord:
        """Run the handler and finish its record, both or neither."""
        with HandlersSession(self._engine) as session, session.begin():
            if statements.has_row_locks(session):
                statements.lock(session, record.lane, wait=True)
            with published(session):
                run(work, _ON_THE_THREAD)
            settled = statements.change(session, record.lane, decide, asked=None, wait=True)
            return cast("InboxRecord", settled)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes whose next record is due."""
        return self._do(statements.due, now, limit)

    def find(self, query: InboxQuery) -> Sequence[InboxRecord]:
        """Return the records that match."""
        return self._do(statements.find, query)

    def prune(self, before: datetime) -> int:
        """Delete old records that are done."""
        return self._do(statements.prune, before)

    def counts(self) -> Mapping[State, int]:
        """Count the records by state."""
        return self._do(statements.counts)

    def positions(self) -> Mapping[int, datetime]:
        """Return when each secret last signed."""
        return self._do(statements.positions)

    def _do(self, ask: Callable[..., T], *args: Any, **options: Any) -> T:
        for _ in range(_CONFLICTS):
            with _conflict_forgiven():
                return self._once(ask, *args, **options)
        return self._once(ask, *args, **options)

    def _once(self, ask: Callable[..., T], *args: Any, **options: Any) -> T:
        with self._engine.begin() as connection:
            return ask(connection, *args, **options)


class AsyncSqlAlchemyInboxStore:
    """The same on an `AsyncEngine`: an `async def` handler runs on the loop, and its `session()` is the transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        _check(engine)
        self._engine = engine
        self._adding = Adding(engine.sync_engine)

    async def add(self, record: InboxRecord) -> InboxRecord:
        """See `SqlAlchemyInboxStore`, as for all of these."""
        return await greenlet_spawn(self._adding, record)  # one of them: `AsyncConnection` makes three

    async def get(self, event_id: str) -> InboxRecord | None:
        """Return a record."""
        return await self._do(statements.get, event_id)

    async def change(
        self, lane: str, decide: Decide, *, asked: str | None = None, wait: bool = True
    ) -> InboxRecord | None:
        """Change a lane under its lock."""
        return await self._do(statements.change, lane, decide, asked=asked, wait=wait)

    async def settle(self, record: InboxRecord, work: Flow[None], decide: Decide) -> InboxRecord:
        """Run the handler and finish its record, both or neither."""
        async with AsyncSession(self._engine, sync_session_class=HandlersSession) as session, session.begin():
            if statements.has_row_locks(session.sync_session):
                await session.run_sync(partial(statements.lock, lane=record.lane, wait=True))
            with published(session):
                await arun(work, _ON_THE_LOOP)
            change = partial(statements.change, lane=record.lane, decide=decide, asked=None, wait=True)
            return cast("InboxRecord", await session.run_sync(change))

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes whose next record is due."""
        return await self._do(statements.due, now, limit)

    async def find(self, query: InboxQuery) -> Sequence[InboxRecord]:
        """Return the records that match."""
        return await self._do(statements.find, query)

    async def prune(self, before: datetime) -> int:
        """Delete old records that are done."""
        return await self._do(statements.prune, before)

    async def counts(self) -> Mapping[State, int]:
        """Count the records by state."""
        return await self._do(statements.counts)

    async def positions(self) -> Mapping[int, datetime]:
        """Return when each secret last signed."""
        return await self._do(statements.positions)

    async def _do(self, ask: Callable[..., T], *args: Any, **options: Any) -> T:
        for _ in range(_CONFLICTS):
            with _conflict_forgiven():
                return await self._once(ask, *args, **options)
        return await self._once(ask, *args, **options)

    async def _once(self, ask: Callable[..., T], *args: Any, **options: Any) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(lambda plain: ask(plain, *args, **options))


@contextmanager
def _conflict_forgiven() -> Iterator[None]:
    # Of two transactions at once one had to go: a deadlock, or, above READ COMMITTED, nothing unusual.
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)  # the latter is psycopg2's
        if code not in {"40001", "40P01"}:
            raise


async def _awaited(start: Callable[[], Awaitable[T]]) -> T:
    return await start()


def check(engine: Engine | AsyncEngine) -> None:
    """Refuse an engine that our tables cannot be used on: a `ValueError` says why."""
    if not isinstance(engine, Engine | AsyncEngine):
        raise ValueError("engine must be an SQLAlchemy Engine or AsyncEngine")
    if engine.dialect.name not in statements.INSERTS:
        known = " or ".join(sorted(statements.INSERTS))
        raise ValueError(f"engine must lead to {known}, not {engine.dialect.name}")


def _check(engine: Engine | AsyncEngine) -> None:
    # Without a transaction of its own, a handler's work is committed before its event is done, and done again.
    check(engine)
    plain = engine if isinstance(engine, Engine) else engine.sync_engine
    created = getattr(
        plain.dialect, "_on_connect_isolation_level", None
    )  # of `create_engine`; nobody tells it publicly
    if str(plain.get_execution_options().get("isolation_level", created)).upper() == "AUTOCOMMIT":
        raise ValueError("engine must have transactions: give the inbox one without isolation_level='AUTOCOMMIT'")
    if isinstance(plain.pool, StaticPool) and plain.dialect.name != "sqlite":
        raise ValueError("engine must give every transaction a connection of its own, which StaticPool does not")
