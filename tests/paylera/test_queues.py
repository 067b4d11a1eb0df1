"""Celery's tasks, called in this process; `tests/inbox/test_queues.py` has real workers on a real broker."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from paylera import queues
from paylera.flow import Awaiting, Blocking, Flow, arun, run
from paylera.queues import celery_queue
from paylera.testing import MemoryInboxStore, make_event
from paylera.webhooks import Inbox, InvoicePaidEvent

NO_TRANSPORT: Any = None


class BlockingInbox(Inbox):
    """As on Django."""

    def drive(self, flow: Flow[Any]) -> Any:
        """Run a flow."""
        return run(flow, Blocking(NO_TRANSPORT))


class AwaitingInbox(Inbox):
    """As on FastAPI."""

    async def drive(self, flow: Flow[Any]) -> Any:
        """Run a flow."""
        return await arun(flow, Awaiting(NO_TRANSPORT, in_thread=asyncio.to_thread))


def receive(inbox: Inbox, event_id: str) -> str:
    """Store an event, and return its state then."""
    event = make_event(InvoicePaidEvent, id=event_id, aggregate_id=event_id)
    flow = inbox.receive(event, payload=event.model_dump_json().encode())
    return run(flow, Blocking(NO_TRANSPORT, wait_for=lambda start: asyncio.run(_awaited(start)))).state


async def _awaited(start: Any) -> Any:
    return await start()


@pytest.fixture
def app() -> Iterator[Celery]:
    """Return a Celery app whose tasks run when they are sent."""
    with Celery("shop", broker="memory://", set_as_current=False) as app:
        app.conf.task_always_eager = True
        app.conf.task_eager_propagates = True
        yield app


@pytest.mark.parametrize("kind", [BlockingInbox, AwaitingInbox])
def test_the_task_handles_the_lane_and_the_sweep_the_rest(app: Celery, kind: Any) -> None:
    """Whatever the colour of the inbox."""
    seen: list[str] = []
    handlers = {"*": lambda event: seen.append(event.id)}
    store = MemoryInboxStore()
    inbox = kind(store, handlers=handlers, enqueue=celery_queue(app, inbox=lambda: inbox, queue="billing"))
    assert (receive(inbox, "evt_1"), seen) == ("received", ["evt_1"])
    assert receive(kind(store, handlers=handlers, enqueue="worker"), "evt_2") == "received"
    assert seen == ["evt_1"]
    app.tasks["paylera.sweep"]()
    assert seen == ["evt_1", "evt_2"]


def test_two_inboxes_have_a_name_each(app: Celery) -> None:
    """On one app."""
    for name in ("one", "two"):
        celery_queue(app, inbox=lambda: BlockingInbox(MemoryInboxStore(), handlers={}), name=name)
    app.finalize()
    assert {"one.process_lane", "two.process_lane", "one.sweep", "two.sweep"} <= set(app.tasks)


def test_a_message_is_a_lane(app: Celery) -> None:
    """Nothing of the event leaves the database."""
    app.conf.task_always_eager = False
    celery_queue(app, inbox=lambda: None)("invoice:inv_1")  # type: ignore[arg-type, return-value]
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        message = queue.get(timeout=10)
        assert message.headers["task"] == "paylera.process_lane"
        assert message.payload[0] == ["invoice:inv_1"]
        message.ack()


def test_a_time_limit_cuts_what_is_awaited() -> None:
    """It is raised on the worker's thread, and the loop is on another; the call itself is not given up."""
    counts: list[int] = []

    def limit(_number: int, _frame: Any) -> None:
        raise TimeoutError("the limit")

    async def handled() -> int:
        task = asyncio.current_task()
        assert task is not None
        main = threading.main_thread().ident
        assert main is not None
        asyncio.get_running_loop().call_later(0.2, signal.pthread_kill, main, signal.SIGUSR1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            counts.append(task.cancelling())
        return 1

    before = signal.signal(signal.SIGUSR1, limit)
    try:
        with pytest.raises(TimeoutError, match="the limit"):
            queues._to_its_end(handled())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert counts == [0]


def test_what_the_store_raises_is_the_tasks_failure(app: Celery) -> None:
    """Celery shows it."""

    class Down(MemoryInboxStore):
        def change(self, *_args: Any, **_options: Any) -> Any:
            raise ConnectionError("the database is down")

    inbox = AwaitingInbox(Down(), handlers={}, enqueue="worker")
    celery_queue(app, inbox=lambda: inbox)
    app.finalize()
    with pytest.raises(ConnectionError):
        app.tasks["paylera.process_lane"]("invoice:inv_1")
