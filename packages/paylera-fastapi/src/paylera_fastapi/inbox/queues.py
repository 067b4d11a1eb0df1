"""Background tasks behind an inbox, in the process that received the event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paylera_fastapi.inbox.host import Inbox

log = logging.getLogger("paylera.webhooks")


class BackgroundQueue:
    """An `enqueue` that starts tasks; see `background_queue`."""

    def __init__(self, inbox: Callable[[], Inbox], *, at_once: int, grace_seconds: float) -> None:
        self._inbox = inbox
        self._at_once = at_once
        self._grace_seconds = grace_seconds
        self._waiting: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them only weakly
        self._begin()

    def _begin(self) -> None:
        self._turn = asyncio.Semaphore(self._at_once)
        self._is_stopping = False

    async def __call__(self, lane: str) -> None:
        """Start a task for a lane, unless one waits for its turn: that will find the new record too."""
        if self._is_stopping or lane in self._waiting:
            return
        self._waiting.add(lane)
        task = asyncio.create_task(self._process(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Finish the events that are being handled, within `grace_seconds`; begin no other."""
        self._is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace_seconds)
        for task in list(self._tasks):
            task.cancel()
            log.warning("a background task took longer than the %s s of grace: it is cut", self._grace_seconds)
        self._begin()  # an application may be started again, on another loop

    async def _process(self, lane: str) -> None:
        try:
            async with self._turn:
                self._waiting.discard(lane)
                inbox = self._inbox()
                await inbox.drive(inbox.process(lane, is_stopping=lambda: self._is_stopping))
        except Exception:
            log.exception("a background task failed; the worker will find %s", lane)
        finally:
            self._waiting.discard(lane)


def background_queue(inbox: Callable[[], Inbox], *, at_once: int = 4, grace_seconds: float = 10) -> BackgroundQueue:
    """Return an `enqueue` for tasks of the server's own loop, at most `at_once`: `background_queue(lambda: inbox)`.

    When the application stops, the events that are being handled have `grace_seconds` to end. What has not begun by
    then, and what is due after a failure, is found by the worker: `python -m paylera_fastapi.inbox shop.billing:inbox
    process`.
    """
    return BackgroundQueue(inbox, at_once=at_once, grace_seconds=grace_seconds)
