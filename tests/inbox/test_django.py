"""The inbox in Django's database, on SQLite and on PostgreSQL, without and with an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext
from django.core.management import call_command
from django.db import connection, connections, transaction

from paylera.flow import Awaiting, Blocking, Callee, Flow, arun, invoke, run
from paylera.webhooks import lanes
from paylera_django._host import _in_thread, wait_for
from paylera_django.inbox import DjangoInboxStore
from paylera_django.inbox.models import InboxEvent
from support.stores import NOW, Backend, InboxContract, claim, record

NO_TRANSPORT: Any = None
ALIAS = "inbox"
DAY = timedelta(days=1)


class Effects:
    """A table of the merchant's, beside the inbox."""

    def __init__(self) -> None:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS effects")
            number = "bigserial" if connections[ALIAS].vendor == "postgresql" else "integer"
            cursor.execute(f"CREATE TABLE effects (n {number} PRIMARY KEY, event_id text)")

    def add(self, event: Any) -> None:
        """Write an effect."""
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("INSERT INTO effects (event_id) VALUES (%s)", [getattr(event, "event_id", None) or event.id])

    async def aadd(self, event: Any) -> None:
        """Write an effect from a coroutine."""
        await asyncio.sleep(0)
        await _in_thread(self.add, event)

    def all(self) -> list[str]:
        """Read what is committed."""
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT event_id FROM effects ORDER BY n")
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the alias of an empty database."""
    if request.param == "sqlite":
        options: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db"),
                                   "OPTIONS": {"timeout": 60}}  # fmt: skip
    else:
        options = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres",
                   "HOST": "127.0.0.1", "PORT": request.getfixturevalue("postgres")}  # fmt: skip
    connections.settings[ALIAS] = connections.configure_settings({"default": {}, ALIAS: options})[ALIAS]
    call_command("migrate", database=ALIAS, verbosity=0)
    yield ALIAS
    call_command("migrate", "paylera_inbox", "zero", database=ALIAS, verbosity=0)
    connections[ALIAS].close()
    del connections[ALIAS]
    del connections.settings[ALIAS]


def prune_all(backend: Backend) -> Flow[int]:
    """Prune what was received until a minute after the test's events began."""
    return (yield from invoke(Callee.of(backend.store.prune), NOW + timedelta(minutes=1)))


def blocking(flow: Flow[Any]) -> Any:
    """Drive a flow as under WSGI."""
    try:
        return run(flow, Blocking(NO_TRANSPORT, wait_for=wait_for))
    finally:
        if threading.current_thread() is not threading.main_thread():
            connections.close_all()


def on_a_loop(flow: Flow[Any]) -> Any:
    """Drive a flow as under ASGI."""

    async def body() -> Any:
        async with ThreadSensitiveContext():
            try:
                return await arun(flow, Awaiting(NO_TRANSPORT, in_thread=_in_thread))
            finally:
                await _in_thread(connections.close_all)

    return asyncio.run(body())


class TestWsgi(InboxContract):
    """No event loop."""

    @pytest.fixture
    def backend(self, database: str) -> Backend:
        """Return a backend with a plain handler."""
        effects = Effects()
        return Backend(DjangoInboxStore(using=database), blocking, effects.add, effects.all)

    def test_a_lane_that_is_locked_is_not_waited_for(self, backend: Backend) -> None:
        """Where there are row locks: whoever has it goes on with what they find."""
        if not connections[ALIAS].features.has_select_for_update:
            pytest.skip("this database has no row locks")
        backend.ask("add", record())
        backend.ask("change", "invoice:inv_1", lambda lane: None)  # the lane has its row
        inside, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic(using=ALIAS):
                backend.store._locked("invoice:inv_1", wait=True)
                inside.set()
                assert leave.wait(60)
            connections.close_all()

        holder = threading.Thread(target=hold)
        holder.start()
        assert inside.wait(60)
        assert backend.ask("change", "invoice:inv_1", claim("me"), wait=False) is None
        assert backend.ask("add", record("evt_2")) == record("evt_2")  # what arrives is not held up
        leave.set()
        holder.join(60)
        assert backend.ask("change", "invoice:inv_1", claim("me"), wait=False).event_id == "evt_1"

    def test_what_is_done_while_it_prunes_is_remembered(self, backend: Backend) -> None:
        """Else an older event that comes late would not be known as stale."""
        if not connections[ALIAS].features.has_select_for_update:
            pytest.skip("this database has no row locks")

        def finish(event_id: str) -> None:
            mine = backend.store.change("invoice:inv_1", claim("me"))
            assert mine.event_id == event_id
            backend.store.change(mine.lane, partial(lanes.done, record=mine, now=NOW))

        backend.store.add(record("evt_1"))
        finish("evt_1")
        pruning = threading.Thread(target=lambda: blocking(prune_all(backend)))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE%'"
        with transaction.atomic(using=ALIAS):
            backend.store._locked("invoice:inv_1", wait=True)
            pruning.start()
            with connections[ALIAS].cursor() as cursor:
                while cursor.execute(waiting).fetchone() == (0,):
                    assert pruning.is_alive()
                    cursor.execute("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")
            InboxEvent(**asdict(record("evt_3", minute=3, received_at=NOW + DAY))).save(using=ALIAS)
            finish("evt_3")
        pruning.join(60)
        backend.store.add(record("evt_2", minute=2))
        assert backend.store.change("invoice:inv_1", claim("me")).is_stale

    def test_nothing_is_added_within_a_transaction_of_somebody_else(self, backend: Backend) -> None:
        """It would not be committed when the sender is told so."""
        with transaction.atomic(using=ALIAS), pytest.raises(RuntimeError, match="durable"):
            backend.store.add(record())
        assert connection.alias == "default"


class TestWsgiAsync(InboxContract):
    """No event loop but the handler's own."""

    @pytest.fixture
    def backend(self, database: str) -> Backend:
        """Return a backend with an async handler."""
        effects = Effects()
        return Backend(DjangoInboxStore(using=database), blocking, effects.aadd, effects.all)


class TestAsgi(InboxContract):
    """On a server's loop; the queries of an async handler are in the transaction."""

    @pytest.fixture(params=["def", "async def"])
    def backend(self, database: str, request: pytest.FixtureRequest) -> Backend:
        """Return a backend with a handler of either colour."""
        effects = Effects()
        handler = effects.add if request.param == "def" else effects.aadd
        return Backend(DjangoInboxStore(using=database), on_a_loop, handler, effects.all)
