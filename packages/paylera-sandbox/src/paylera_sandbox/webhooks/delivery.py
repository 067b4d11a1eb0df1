"""Delivery: takes what is due from the outbox, in order per endpoint and aggregate, and posts it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.webhooks import outbox
from paylera_sandbox.webhooks.attempts import Parcel, conclude, prepare
from paylera_sandbox.webhooks.outbox import Head
from paylera_sandbox.webhooks.sender import Sender

PAUSE_SECONDS = 1.0  # after a fault of our own
AT_ONCE = 8  # to one endpoint: a slow one does not hold up the others, and development servers queue few connections
log = logging.getLogger("paylera_sandbox")


class Courier:
    """Runs the deliveries of one engine on the server's event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sender = Sender(engine.receiver)
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._load: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the outbox again. Any thread may call it, and before the delivery runs it does no harm."""
        if self._loop is None or self._loop is _running_loop():
            self._wake.set()
        else:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver until cancelled; sleeps until something is due or somebody wakes it."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look()):  # wait_for may swallow the end (Python 3.11)
                        await self._wake.wait()
        finally:
            await self._stop()

    async def idle(self) -> None:
        """Return once nothing is due and nothing is under way. Retries that are due later do not count."""
        async with self._progress:
            await self._progress.wait_for(lambda: not self._under_way and not self._anything_due())

    async def progressed(self, seconds: float) -> None:
        """Wait until a delivery has ended, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._progress:
                await self._progress.wait()

    def _anything_due(self) -> bool:
        return outbox.anything_due(self._engine.store, stamp(self._engine.clock.now()))

    def _look(self) -> float | None:
        """Start what is due; a database that fails now may work in a second."""
        try:
            waits = [self._start_due(endpoint) for endpoint in outbox.receivers(self._engine.store)]
        except sqlite3.Error:
            log.exception("the outbox cannot be read")
            return PAUSE_SECONDS
        return min((wait for wait in waits if wait is not None), default=None)

    def _start_due(self, endpoint: str) -> float | None:
        """Start what is due and may start; return the seconds until the next is due, None if nothing waits for time.
        What is due and may not start yet needs no time either: the end of a delivery wakes the loop."""
        now = self._engine.clock.now()
        # Those under way are heads as well, so there are at most so many that may not start.
        for head in outbox.heads(self._engine.store, endpoint, limit=AT_ONCE + self._load[endpoint]):
            if moment(head.due_at) > now:
                return max(0.001, (moment(head.due_at) - now).total_seconds())
            queue = (endpoint, head.aggregate)
            if queue not in self._under_way and self._load[endpoint] < AT_ONCE:
                self._load[endpoint] += 1
                self._under_way[queue] = asyncio.create_task(self._deliver(head, queue, self._engine.generation))
        return None

    async def _deliver(self, head: Head, queue: tuple[str, str], generation: int) -> None:
        try:
            await self._attempt(head.delivery_id, generation)
        except Exception:
            log.exception("delivery %s broke", head.delivery_id)
            await asyncio.sleep(PAUSE_SECONDS)  # it is still due: do not spin
        finally:
            del self._under_way[queue]
            self._load[queue[0]] -= 1
            self.wake()
            async with self._progress:
                self._progress.notify_all()

    async def _attempt(self, delivery_id: str, generation: int) -> None:
        """Send once. After a reset or a restore, the delivery is another one or none, and not touched."""
        sent = self._prepare(delivery_id) if generation == self._engine.generation else None
        if sent is None:
            return
        outcome = await self._sender.post(sent.url, sent.payload, sent.headers)
        if sent.fault == "webhook_duplicate":
            await self._sender.post(sent.url, sent.payload, sent.headers)
        if generation != self._engine.generation:
            return
        with self._engine.unit() as unit:
            conclude(unit, delivery_id, sent, outcome, self._engine.time_scale)

    def _prepare(self, delivery_id: str) -> Parcel | None:
        with self._engine.unit() as unit:
            return prepare(unit, delivery_id)

    async def _stop(self) -> None:
        """Give up what is under way: it is still in the outbox and comes again after a restart."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sender.close()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
