"""The ticker: does what is due while a server runs, in short steps, so that requests and deliveries go on."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from paylera_sandbox.engine import Engine

PAUSE_SECONDS = 0.008  # between two steps of an advance: what requests and deliveries have to themselves
_FAULT_SECONDS = 1.0
_LONGEST_SLEEP = 60.0  # the computer's clock may be set, or the computer sleep
log = logging.getLogger("paylera_sandbox")


class Ticker:
    """Runs the jobs of one engine on the server's event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the jobs again. Any thread may call it, and before the ticker runs it does no harm."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Do what is due, until cancelled; sleeps until a job is due or somebody wakes it."""
        self._loop = asyncio.get_running_loop()
        self._engine.ticking = True
        try:
            while True:
                self._wake.clear()
                await self._turn()
        finally:
            self._engine.ticking = False

    async def _turn(self) -> None:
        """Do a step, and wait until the next one is due; what fails now (a full disk) may work in a second."""
        try:
            more = self._engine.step() | self._engine.sweep()
            wait = self._engine.seconds_to_next()
        except Exception:
            log.exception("the jobs cannot be run")
            await asyncio.sleep(_FAULT_SECONDS)
            return
        if more:
            await asyncio.sleep(PAUSE_SECONDS)
            return
        with contextlib.suppress(TimeoutError):
            longest = None if wait is None else min(max(wait, 0.001), _LONGEST_SLEEP)
            async with asyncio.timeout(longest):  # wait_for may swallow the end (Python 3.11)
                await self._wake.wait()
