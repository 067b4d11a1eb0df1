"""The sender: one POST to a receiver, and what came of it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import httpx2

    from paylera_sandbox.webhooks.connections import Answer, Connections

TIMEOUT_SECONDS = 10.0  # of real time, whatever the sandbox's clock says
_KEPT_OF_ANSWER = 2048
_KEPT_HEADERS = 32


class Outcome(NamedTuple):
    """What came of one attempt: a status with the start of the answer, or the reason why there is none."""

    status: int | None
    answer: str
    headers: dict[str, str]
    error: str | None
    duration_ms: int

    @property
    def succeeded(self) -> bool:
        """Tell whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Tell whether the receiver said that it does not want the event."""
        return self.status is not None and 400 <= self.status < 500


class Sender:
    """Posts to receivers over sockets, or to one in this process if there is one."""

    def __init__(self, receiver: httpx2.AsyncBaseTransport | None = None) -> None:
        self._receiver = receiver
        self._connections: Connections | None = None

    async def post(self, url: str, payload: bytes, headers: dict[str, str]) -> Outcome:
        """Send once; redirects are failures, an answer that takes longer than ten seconds too."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._send(url, payload, headers)
        except TimeoutError:
            return _unanswered(f"no answer within {TIMEOUT_SECONDS:g} s", begun)
        except OSError as error:
            return _unanswered(str(error) or type(error).__name__, begun)
        kept = dict(list(answer.headers.items())[:_KEPT_HEADERS])
        return Outcome(answer.status, answer.body.decode("utf-8", "replace"), kept, None, _since(begun))

    def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            self._connections.close()

    async def _send(self, url: str, payload: bytes, headers: dict[str, str]) -> Answer:
        from paylera_sandbox.webhooks.connections import (
            Answer,
            Closed,
            Connections,
        )  # slow to load, and often not needed

        if self._receiver is None:
            self._connections = self._connections or Connections()
            return await self._connections.post(url, payload, headers, keep=_KEPT_OF_ANSWER)
        from httpx2 import HTTPError, Request

        try:
            answer = await self._receiver.handle_async_request(Request("POST", url, headers=headers, content=payload))
            return Answer(answer.status_code, dict(answer.headers), (await answer.aread())[:_KEPT_OF_ANSWER])
        except HTTPError as error:
            raise Closed(str(error) or type(error).__name__) from None


def _unanswered(reason: str, begun: float) -> Outcome:
    return Outcome(None, "", {}, reason, _since(begun))


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
