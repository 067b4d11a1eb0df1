"""The default awaiting transport: aiohttp, one session an event loop."""

from __future__ import annotations

import asyncio
import io
import ssl

import aiohttp
import yarl

from paylera.http import Request, Response
from paylera.secret import plain
from paylera.transport.incoming import TooLargeError
from paylera.transport.outgoing import (
    BROKEN_OFF,
    CLOSED_EARLY,
    Failure,
    broken,
    malformed,
    origin_and_target,
    timed_out,
    too_large,
    untrusted,
)
from paylera.transport.sessions import Sessions

_LARGE = 512 * 1024
_NOT_HTTP = malformed("sent no proper HTTP answer")
_FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (aiohttp.ClientConnectorDNSError, broken("its name cannot be resolved")),
    (aiohttp.ServerDisconnectedError, CLOSED_EARLY),
    (aiohttp.ClientPayloadError, BROKEN_OFF),
    (aiohttp.ClientResponseError, _NOT_HTTP),
)


class AsyncHttpTransport:
    """Sends requests on the running event loop: no thread, no redirects, no cookies, no proxies from the environment.

    One instance serves several loops, in several threads, and every process forked from this one. `ssl_context`
    replaces the default one, for example to trust a private CA. Usable again after `aclose()`.
    """

    __slots__ = ("_sessions",)

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._sessions = Sessions(ssl_context)

    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:  # noqa: ASYNC109 - the seam's
        """Return the answer, whatever its status, or raise `TransportError`.

        `timeout` covers waiting for a connection, connecting, TLS, sending and the whole answer. `ValueError` for a
        request that is not safe to put on the wire.
        """
        origin, _ = origin_and_target(request)
        outcome = await self._outcome(request, timeout, max_bytes)
        if isinstance(outcome, Failure):
            raise outcome.error(origin)
        return outcome

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        await self._sessions.aclose()

    async def _outcome(self, request: Request, timeout: float, max_bytes: int) -> Response | Failure:  # noqa: ASYNC109
        if timeout <= 0:
            return timed_out(timeout)
        try:
            async with asyncio.timeout(timeout):
                return await self._answered(request, max_bytes)
        except TimeoutError:
            return timed_out(timeout)
        except TooLargeError:
            return too_large(max_bytes)
        except (aiohttp.ClientError, OSError) as error:
            return _failure(error)

    async def _answered(self, request: Request, max_bytes: int) -> Response | Failure:
        session = await self._sessions.current()
        async with session.request(
            request.method,
            yarl.URL(request.url, encoded=True),
            headers=[("accept-encoding", "identity"), *((name, plain(value)) for name, value in request.headers)],
            data=_data(request.body),
            allow_redirects=False,
        ) as answer:
            if answer.status == 101:
                return malformed("switched protocols")
            body = await _body(answer, max_bytes)
            headers = tuple((name.lower(), value) for name, value in answer.headers.items())
            return Response(answer.status, headers, body)


def _data(body: bytes) -> bytes | io.BytesIO | None:
    # aiohttp writes bytes in one go, and warns when they are many; a file it writes in pieces.
    return io.BytesIO(body) if len(body) > _LARGE else body or None


async def _body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > max_bytes:
            answer.close()
            raise TooLargeError
        parts.append(part)
    return b"".join(parts)


def _failure(error: Exception) -> Failure:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return untrusted(getattr(error.certificate_error, "verify_message", "verification failed"))
    reason = (getattr(error, "strerror", None) or "the connection broke").lower()
    return next((failure for kind, failure in _FAILURES if isinstance(error, kind)), broken(reason))
