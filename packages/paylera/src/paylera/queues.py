"""Celery behind an inbox: its message is a lane, and its task handles what is due there.

A message that is lost, late or doubled does no harm. What a broker that was down never heard of, and what is due again
after a failure, is found by the inbox's worker command, or by the task `paylera.sweep` on a schedule.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import wait
from functools import cache
from typing import Any, Protocol

from paylera.flow import Flow

_CUT_SECONDS = 5
"""How long a worker waits until a handler that was cut is rolled back, and its record noted as failed."""


class Drivable(Protocol):
    """An inbox of a host: its `drive` is `def` or `async def`."""

    def process(self, lane: str, /) -> Flow[int]:
        """Handle what is due in a lane."""
        ...

    def work(self, *, once: bool) -> Flow[int]:
        """Handle what is due anywhere."""
        ...

    def drive(self, flow: Flow[int], /) -> int | Awaitable[int]:
        """Run a flow."""
        ...


def celery_queue(
    app: Any, *, inbox: Callable[[], Drivable], name: str = "paylera", **options: Any
) -> Callable[[str], None]:
    """Return an `enqueue` for a Celery `app`: `Inbox(..., enqueue=celery_queue(app, inbox=lambda: inbox))`.

    Registers the tasks `paylera.process_lane` and `paylera.sweep`, which call `inbox()` in the worker; for a second
    inbox on the same app give another `name`. `options` are those of `apply_async`, as in `queue="billing"`. A broker
    that does not answer is given up at once: the row is stored, and a sweep will find it.
    """
    from kombu.pools import producers

    def process_lane(lane: str) -> None:
        _drive(inbox(), inbox().process(lane))

    def sweep() -> None:
        _drive(inbox(), inbox().work(once=True))

    task = app.task(process_lane, name=f"{name}.process_lane", ignore_result=True, shared=False)
    app.task(sweep, name=f"{name}.sweep", ignore_result=True, shared=False)

    def enqueue(lane: str) -> None:
        # Celery's own connection goes on trying a dead broker for six seconds, while the sender waits.
        connection = app.connection_for_write(transport_options={"max_retries": 0})
        with producers[connection].acquire(block=True) as producer:
            task.apply_async((lane,), **{"retry": False, **options}, producer=producer)

    return enqueue


def _drive(inbox: Drivable, flow: Flow[int]) -> None:
    outcome = inbox.drive(flow)
    if inspect.isawaitable(outcome):
        _to_its_end(outcome)


def _to_its_end(awaitable: Awaitable[int]) -> None:
    running: list[asyncio.Task[Any]] = []

    async def awaited() -> int:
        running.extend(filter(None, [asyncio.current_task()]))
        return await awaitable

    loop = _loop(os.getpid())
    future = asyncio.run_coroutine_threadsafe(awaited(), loop)
    try:
        future.result()
    except BaseException:
        if not future.done():  # a time limit of Celery's, which is raised on this thread
            loop.call_soon_threadsafe(_interrupt, running)
            wait([future], timeout=_CUT_SECONDS)
        raise


def _interrupt(running: list[asyncio.Task[Any]]) -> None:
    for task in running:
        # What it awaits is cancelled, but it is not given up: so the handler has failed, and the flow notes it.
        task.cancel()
        task.uncancel()


@cache
def _loop(_pid: int) -> asyncio.AbstractEventLoop:
    # One for each process and for all its tasks: the connections that an async engine pools belong to one loop.
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="paylera-inbox", daemon=True).start()
    return loop
