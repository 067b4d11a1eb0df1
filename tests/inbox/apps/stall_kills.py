"""The SQLAlchemy inbox for `support.killing`: SHOP_DATABASE is a path (SQLite) or a port (PostgreSQL); SHOP_ENGINE is
`plain` or `async`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from paylera.flow import Awaiting, Flow, arun
from paylera.system import System
from paylera.webhooks import Inbox
from paylera_fastapi.inbox import (
    AsyncSqlAlchemyInboxStore,
    SqlAlchemyInboxStore,
    metadata,
    session,
    sync_session,
)
from support.killing import Killer, Life, Mortal

NO_TRANSPORT: Any = None
NAME = os.environ["SHOP_DATABASE"]
IS_PLAIN = os.environ["SHOP_ENGINE"] == "plain"
URL = f"postgresql+psycopg://postgres@127.0.0.1:{NAME}/postgres" if NAME.isdigit() else f"sqlite:///{NAME}"
OPTIONS: dict[str, Any] = {"poolclass": NullPool} | ({} if NAME.isdigit() else {"connect_args": {"timeout": 60}})
WRITE = text("INSERT INTO halves (part) VALUES (:part)")

made = create_engine(URL, **OPTIONS)
metadata.drop_all(made)  # of an earlier run
metadata.create_all(made)
with made.begin() as connection:
    connection.execute(text("DROP TABLE IF EXISTS halves"))
    connection.execute(text("CREATE TABLE halves (part varchar(300))"))
made.dispose()


def drive(flow: Flow[Any]) -> Any:
    """Drive a flow on a loop of its own."""
    return asyncio.run(arun(flow, Awaiting(NO_TRANSPORT, in_thread=run_in_threadpool)))


def life(killer: Killer, system: System) -> Life:
    """Return an inbox whose handler writes twice, and may die in between."""
    engine = create_engine(URL, **OPTIONS)

    def handler(event: Any) -> None:
        sync_session().execute(WRITE, {"part": f"{event.id}/1"})
        killer.step("handler: between two writes")
        sync_session().execute(WRITE, {"part": f"{event.id}/2"})

    async def ahandler(event: Any) -> None:
        await session().execute(WRITE, {"part": f"{event.id}/1"})
        killer.step("handler: between two writes")
        await session().execute(WRITE, {"part": f"{event.id}/2"})

    def effects() -> list[str]:
        with engine.connect() as reading:
            return list(reading.scalars(text("SELECT part FROM halves")))

    store: Any = (
        SqlAlchemyInboxStore(engine)
        if IS_PLAIN
        else AsyncSqlAlchemyInboxStore(create_async_engine(URL.replace("sqlite:", "sqlite+aiosqlite:"), **OPTIONS))
    )
    inbox = Inbox(
        Mortal(store, killer),
        handlers={"*": handler if IS_PLAIN else ahandler},
        enqueue="worker",
        stale="handle",
        max_attempts=10_000,
        on_dead=killer.tell,
        system=system,
    )
    return Life(inbox, drive, effects)
