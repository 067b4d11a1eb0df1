"""Transports over a client of the user's own, `httpx2` or `httpx`; neither library is imported here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Protocol

from paylera.errors import TransportFault
from paylera.http import Request, Response
from paylera.transport.incoming import TooLargeError
from paylera.transport.outgoing import CLOSED_EARLY, Failure, broken, malformed, origin_and_target, timed_out, too_large

_FAULTS: dict[str, TransportFault] = {
    "TimeoutException": "timeout",
    "ProtocolError": "protocol",
    "DecodingError": "protocol",
    "RequestError": "connection",
    "RuntimeError": "closed",
}
"""By class name up the MRO, so that both libraries and their subclasses are known without an import."""


class SyncHttpxClient(Protocol):
    """What is used of `httpx2.Client` and `httpx.Client`."""

    def build_request(self, method: str, url: str, **options: Any) -> Any:
        """Return the library's request."""
        ...

    def send(self, request: Any, **options: Any) -> Any:
        """Return the library's response."""
        ...


class AsyncHttpxClient(Protocol):
    """What is used of `httpx2.AsyncClient` and `httpx.AsyncClient`."""

    def build_request(self, method: str, url: str, **options: Any) -> Any:
        """Return the library's request."""
        ...

    async def send(self, request: Any, **options: Any) -> Any:
        """Return the library's response."""
        ...


class HttpxTransport:
    """Sends requests through an `httpx2.Client` or `httpx.Client`; the client stays the user's: it is not closed.

    The library waits phase by phase: a peer that drips its answer is cut off between two parts, so a call may last up
    to twice its timeout. Fork and thread safety are the library's.
    """

    __slots__ = ("_client",)

    def __init__(self, client: SyncHttpxClient) -> None:
        self._client = client

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        """Return the answer, whatever its status, or raise `TransportError`."""
        origin, target = origin_and_target(request)
        outcome = self._outcome(request, target, timeout, max_bytes)
        if isinstance(outcome, Failure):
            raise outcome.error(origin)
        return outcome

    def close(self) -> None:
        """Do nothing: the client is the user's."""

    def _outcome(self, request: Request, target: str, timeout: float, max_bytes: int) -> Response | Failure:
        if timeout <= 0:
            return timed_out(timeout)
        prepared = _prepared(self._client, request, target, timeout)
        try:
            answer = self._client.send(prepared, stream=True, follow_redirects=False, auth=None)
            try:
                return _response(answer, _read(answer.iter_raw(), max_bytes, time.monotonic() + timeout))
            finally:
                answer.close()
        except TimeoutError:
            return timed_out(timeout)
        except TooLargeError:
            return too_large(max_bytes)
        except Exception as error:  # noqa: BLE001 - the library's errors carry the request, and its token
            failed = error
        return _failure(failed, timeout)


class AsyncHttpxTransport:
    """Sends requests through an `httpx2.AsyncClient` or `httpx.AsyncClient`; the client stays the user's.

    Such a client serves one event loop only.
    """

    __slots__ = ("_client",)

    def __init__(self, client: AsyncHttpxClient) -> None:
        self._client = client

    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:  # noqa: ASYNC109 - the seam's
        """Return the answer, whatever its status, or raise `TransportError`."""
        origin, target = origin_and_target(request)
        outcome = await self._outcome(request, target, timeout, max_bytes)
        if isinstance(outcome, Failure):
            raise outcome.error(origin)
        return outcome

    async def aclose(self) -> None:
        """Do nothing: the client is the user's."""

    async def _outcome(
        self,
        request: Request,
        target: str,
        timeout: float,  # noqa: ASYNC109 - the seam's
        max_bytes: int,
    ) -> Response | Failure:
        if timeout <= 0:
            return timed_out(timeout)
        prepared = _prepared(self._client, request, target, timeout)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._client.send(prepared, stream=True, follow_redirects=False, auth=None)
                try:
                    return _response(answer, await _aread(answer.aiter_raw(), max_bytes))
                finally:
                    await answer.aclose()
        except TimeoutError:
            return timed_out(timeout)
        except TooLargeError:
            return too_large(max_bytes)
        except Exception as error:  # noqa: BLE001 - the library's errors carry the request, and its token
            failed = error
        return _failure(failed, timeout)


def _prepared(client: SyncHttpxClient | AsyncHttpxClient, request: Request, target: str, timeout: float) -> Any:
    headers = [("accept-encoding", "identity"), *request.headers]
    prepared = client.build_request(
        request.method, request.url, headers=headers, content=request.body or None, timeout=timeout
    )
    with suppress(KeyError):
        del prepared.headers["cookie"]
    if prepared.url.raw_path != target.encode("ascii"):
        raise ValueError("the injected client changes the URL of a request (default params or a base_url of its own?)")
    return prepared


def _read(parts: Iterator[bytes], max_bytes: int, end: float) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > max_bytes:
            raise TooLargeError
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(body)


async def _aread(parts: AsyncIterator[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > max_bytes:
            raise TooLargeError
    return bytes(body)


def _response(answer: Any, body: bytes) -> Response:
    headers = tuple((name.lower(), value) for name, value in answer.headers.multi_items())
    return Response(answer.status_code, headers, body)


def _failure(error: Exception, timeout: float) -> Failure:
    fault = next((_FAULTS[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in _FAULTS), None)
    if fault == "timeout":
        return timed_out(timeout)
    if fault == "protocol":
        is_early = "disconnected" in str(error)
        return CLOSED_EARLY if is_early else malformed("sent no proper HTTP answer")
    if fault == "closed":
        return Failure("closed", "was not called: the injected client is closed, or belongs to another event loop")
    return broken(type(error).__name__)
