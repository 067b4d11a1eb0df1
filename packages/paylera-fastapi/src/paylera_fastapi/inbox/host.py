"""The inbox of a FastAPI application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Unpack, cast

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from paylera.flow import AsyncTransport, Awaiting, Flow, T, arun
from paylera.webhooks import Inbox as CoreInbox
from paylera.webhooks.options import InboxOptions
from paylera_fastapi.inbox.queues import BackgroundQueue
from paylera_fastapi.inbox.store import AsyncSqlAlchemyInboxStore, SqlAlchemyInboxStore, check
from paylera_fastapi.inbox.tables import metadata

_AT_ONCE = 20  # failures for want of being first: a few for every process that starts at the same time


class Inbox(CoreInbox):
    """`inbox = Inbox(engine, handlers=on)`: events in the database of an SQLAlchemy `AsyncEngine` or `Engine`.

    The options are those of `paylera.webhooks.Inbox`. On an `AsyncEngine` write `async def` handlers and use
    `session()`; on an `Engine` write `def` ones and use `sync_session()`.
    """

    def __init__(
        self,
        engine: AsyncEngine | Engine,
        *,
        handlers: Mapping[str, Callable[..., Any]],
        **options: Unpack[InboxOptions],
    ) -> None:
        check(engine)
        self.engine = engine
        store = SqlAlchemyInboxStore(engine) if isinstance(engine, Engine) else AsyncSqlAlchemyInboxStore(engine)
        super().__init__(store, handlers=handlers, **options)
        self._queue = options.get("enqueue")

    async def create_tables(self) -> None:
        """Create the tables that are not there yet, where no migration does; any process may, at any time."""
        for _ in range(_AT_ONCE):
            with suppress(DBAPIError):  # another process was faster with one of them
                await self._create()
                return
        await self._create()

    async def _create(self) -> None:
        if isinstance(self.engine, Engine):
            await run_in_threadpool(metadata.create_all, self.engine)
        else:
            async with self.engine.begin() as connection:
                await connection.run_sync(metadata.create_all)

    async def missing_tables(self) -> list[str]:
        """Return the names of the tables that are not there."""
        if isinstance(self.engine, Engine):
            return await run_in_threadpool(_missing, self.engine)
        async with self.engine.connect() as connection:
            return await connection.run_sync(_missing)

    async def stop(self) -> None:
        """Let a `background_queue` end what it is at; the router does, when its application stops."""
        if isinstance(self._queue, BackgroundQueue):
            await self._queue.stop()

    async def drive(self, flow: Flow[T]) -> T:
        """Run one of the inbox's flows: `await inbox.drive(inbox.process(lane))`."""
        return await arun(flow, Awaiting(cast("AsyncTransport", None), in_thread=run_in_threadpool))


def _missing(there: Engine | Connection) -> list[str]:
    return sorted(metadata.tables.keys() - set(inspect(there).get_table_names()))
