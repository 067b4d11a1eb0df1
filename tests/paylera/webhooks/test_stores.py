"""The stores of this package against the contracts that every store must keep."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from paylera.flow import Awaiting, Blocking, Flow, arun, run
from paylera.testing import MemoryInboxStore
from paylera.webhooks import InProcessClaims
from support.stepping import Clock
from support.stores import Backend, ClaimBackend, ClaimContract, InboxContract

NO_TRANSPORT: Any = None


class TestMemory(InboxContract):
    """Without an event loop."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Return a store in memory."""
        effects: list[str] = []
        return Backend(
            store=MemoryInboxStore(),
            run=lambda flow: run(flow, Blocking(NO_TRANSPORT)),
            handler=lambda event: effects.append(getattr(event, "event_id", None) or event.id),
            effects=lambda: effects,
            rolls_back=False,
        )

    def test_every_permutation_of_a_life_ends_alike(self, backend: Backend) -> None:
        """All 720."""
        self.permutations(backend, list(itertools.permutations(range(6))))


class TestMemoryOnALoop(InboxContract):
    """On an event loop, with an async handler."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Return a store in memory."""
        effects: list[str] = []

        async def handler(event: Any) -> None:
            await asyncio.sleep(0)
            effects.append(getattr(event, "event_id", None) or event.id)

        def on_a_loop(flow: Flow[Any]) -> Any:
            return asyncio.run(arun(flow, Awaiting(NO_TRANSPORT, in_thread=asyncio.to_thread)))

        return Backend(MemoryInboxStore(), on_a_loop, handler, lambda: effects, rolls_back=False)


class TestInProcess(ClaimContract):
    """The default."""

    @pytest.fixture
    def claims(self) -> ClaimBackend:
        """Return a store with a clock that can be moved; its lease is as long as its memory."""
        clock = Clock()

        def forward(seconds: float) -> None:
            clock.time += seconds

        store = InProcessClaims(system=clock.system())
        return ClaimBackend(store, lambda flow: run(flow, Blocking(NO_TRANSPORT)), forward, lease_seconds=48 * 3600)
