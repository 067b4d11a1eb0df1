"""A shop on FastAPI with an inbox, as a merchant would write it; configured by the environment, see `shop`.

`python -m paylera_fastapi.inbox inbox.apps.stall:inbox stats` runs its commands; `inbox.apps.stall:asgi` serves it.

SHOP_DATABASE: a path (SQLite) or a port (PostgreSQL). SHOP_ENGINE: `plain` for an Engine and `def` handlers, otherwise
an AsyncEngine and `async def` ones. SHOP_ENQUEUE: see `queues`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import create_engine, func, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from inbox.apps import queues
from inbox.apps.peers import api
from inbox.apps.queues import celery  # noqa: F401 - for its worker
from paylera.webhooks import PayleraWebhookEvent, WebhookHandlers
from paylera_fastapi import paylera_webhooks
from paylera_fastapi.inbox import Inbox, session, sync_session

NAME = os.environ["SHOP_DATABASE"]
IS_PLAIN = os.environ.get("SHOP_ENGINE") == "plain"
URL = f"postgresql+psycopg://postgres@127.0.0.1:{NAME}/postgres" if NAME.isdigit() else f"sqlite:///{NAME}"
OPTIONS: dict[str, Any] = {} if NAME.isdigit() else {"connect_args": {"timeout": 60}}
reading = create_engine(URL, **OPTIONS)
engine: Any = reading if IS_PLAIN else create_async_engine(URL.replace("sqlite:", "sqlite+aiosqlite:"), **OPTIONS)


class Base(DeclarativeBase):
    pass


class Effect(Base):
    __tablename__ = "effects"
    n: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str]


def refuse(event: PayleraWebhookEvent) -> None:
    if "fail" in str(event.aggregate_id):
        raise RuntimeError("the shop is closed")


def grant(event: PayleraWebhookEvent) -> None:
    """Write the effect of an event; then fail if its data say so."""
    sync_session().add(Effect(event_id=event.id))
    sync_session().flush()
    queues.gate(event)
    refuse(event)


async def agrant(event: PayleraWebhookEvent) -> None:
    """Do the same on the loop."""
    session().add(Effect(event_id=event.id))
    await session().flush()
    await queues.agate(event)
    assert await session().scalar(select(func.count()).select_from(Effect).where(Effect.event_id == event.id)) == 1
    refuse(event)


on = WebhookHandlers()
on("*")(grant if IS_PLAIN else agrant)
inbox: Inbox = Inbox(engine, handlers=on, enqueue=queues.enqueue(lambda: inbox), api=api(), **queues.OPTIONS)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    await inbox.create_tables()
    await run_in_threadpool(Base.metadata.create_all, reading)
    yield


asgi = FastAPI(lifespan=lifespan)
asgi.include_router(
    paylera_webhooks(signing_secret="whsec_new", accepted_secrets=["whsec_shop"], inbox=inbox), prefix="/hooks"
)


@asgi.get("/effects")
def effects() -> list[str]:
    """Tell what is committed."""
    with Session(reading) as found:
        return [f"effect {one}" for one in found.scalars(select(Effect.event_id).order_by(Effect.n))]
