"""The sender: one POST to a receiver, and what came of it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import httpx2

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
    """The connections to receivers, opened when the first delivery needs them."""

    def __init__(self, receiver: httpx2.AsyncBaseTransport | None = None) -> None:
        self._receiver = receiver
        self._opening = asyncio.Lock()
        self._client: httpx2.AsyncClient | None = None

    async def post(self, url: str, payload: bytes, headers: dict[str, str]) -> Outcome:
        """Send once; redirects are failures, an answer that takes longer than ten seconds too."""
        client = await self._connections()
        from httpx2 import HTTPError, InvalidURL

        begun = time.monotonic()
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                client.stream("POST", url, content=payload, headers=headers) as answer,
            ):
                text = await _beginning(answer)
                told = dict(list(answer.headers.items())[:_KEPT_HEADERS])
                return Outcome(answer.status_code, text, told, None, _since(begun))
        except TimeoutError:
            return _unanswered(f"no answer within {TIMEOUT_SECONDS:g} s", begun)
        except (HTTPError, InvalidURL, OSError) as error:
            return _unanswered(str(error) or type(error).__name__, begun)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _connections(self) -> httpx2.AsyncClient:
        """Return the client, made in a thread: loading its library would hold up the API."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_new_client, self._receiver)
            return self._client


def _new_client(receiver: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    from httpx2 import AsyncClient

    return AsyncClient(transport=receiver, trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS)


async def _beginning(answer: httpx2.Response) -> str:
    kept = b""
    async for chunk in answer.aiter_bytes():
        kept += chunk
        if len(kept) >= _KEPT_OF_ANSWER:
            break
    return kept[:_KEPT_OF_ANSWER].decode("utf-8", "replace")


def _unanswered(reason: str, begun: float) -> Outcome:
    return Outcome(None, "", {}, reason, _since(begun))


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
