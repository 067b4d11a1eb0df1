"""Both clients behind one blocking face, against a peer on a real socket."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from paylera.client import AsyncPayleraClient, PayleraClient

TOKEN = "pl_test_canary_4711"


class Face:
    """A client of either colour: `face.get_plan("pro")` waits for the answer; `face.items(...)` walks a list."""

    def __init__(self, colour: str, runner: asyncio.Runner) -> None:
        self.colour = colour
        self._runner = runner
        self.client: Any = None

    def connect(self, url: str, **options: Any) -> Face:
        """Make the client."""
        cls: Any = PayleraClient if self.colour == "blocking" else AsyncPayleraClient
        self.client = cls(**{"api_token": TOKEN, "base_url": url, **options})
        return self

    def wait(self, result: Any) -> Any:
        """Wait for what a method returned."""

        async def awaited() -> Any:
            return await result

        return self._runner.run(awaited()) if inspect.isawaitable(result) else result

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return lambda *args, **options: self.wait(method(*args, **options))

    def items(self, result: Any) -> list[Any]:
        """Return every item of a list call."""

        async def walked() -> list[Any]:
            return [item async for item in result]

        return self._runner.run(walked()) if hasattr(result, "__aiter__") else list(result)

    def shut(self) -> None:
        """Close the client."""
        self.wait(self.client.close() if self.colour == "blocking" else self.client.aclose())


@pytest.fixture(params=["blocking", "awaiting"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    with asyncio.Runner() as runner:
        made = Face(request.param, runner)
        yield made
        if made.client is not None:
            made.shut()
