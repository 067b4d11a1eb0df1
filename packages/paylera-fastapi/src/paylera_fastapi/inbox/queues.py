"""Background tasks behind an inbox, in the process that received the event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from paylera_fastapi.inbox.host import Inbox

log = logging.getLogger("paylera.webhooks")


def background_queue(inbox: Callable[[], Inbox], *, at_once: int = 4) -> Callable[[str], Awaitable[None]]:
    """Return an `enqueue` for tasks of the server's own loop, at most `at_once`: `background_queue(lambda: inbox)`.

    What is left when the process ends, and what is due after a failure, is found by the worker: `python -m
    paylera_fastapi.inbox shop.billing:inbox process`.
    """
    turn = asyncio.Semaphore(at_once)
    waiting: set[str] = set()
    tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them only weakly

    async def process(lane: str) -> None:
        try:
            async with turn:
                waiting.discard(lane)
                await inbox().drive(inbox().process(lane))
        except Exception:
            log.exception("a background task failed; the worker will find %s", lane)
        finally:
            waiting.discard(lane)

    async def enqueue(lane: str) -> None:
        if lane in waiting:  # who waits will find the new record too
            return
        waiting.add(lane)
        task = asyncio.create_task(process(lane))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return enqueue
