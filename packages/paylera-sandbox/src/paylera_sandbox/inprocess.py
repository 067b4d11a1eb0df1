"""HTTP without sockets: calling an ASGI or WSGI application in this process, from whichever thread or event loop."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from httpx2 import (
    ASGITransport,
    AsyncBaseTransport,
    BaseTransport,
    ByteStream,
    ReadError,
    RemoteProtocolError,
    Request,
    Response,
    WSGITransport,
)

log = logging.getLogger("paylera_sandbox")
Loop = Callable[[], asyncio.AbstractEventLoop]


class InProcess(BaseTransport, AsyncBaseTransport):
    """A transport to an ASGI application that lives on one event loop, in a thread of its own. Take it for
    `httpx2.Client(transport=...)` and for `httpx2.AsyncClient(transport=...)` alike."""

    def __init__(self, app: Callable[..., Awaitable[None]], loop: Loop) -> None:
        self._app = ASGITransport(app=app)
        self._loop = loop

    def handle_request(self, request: Request) -> Response:
        """Send a request and wait for the answer. Not for the application's own event loop."""
        request.read()
        loop = self._loop()
        return asyncio.run_coroutine_threadsafe(self._send(request), loop).result()

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request from any event loop."""
        await request.aread()
        loop = self._loop()
        if loop is asyncio.get_running_loop():
            return await self._send(request)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._send(request), loop))

    async def _send(self, request: Request) -> Response:
        own = Request(request.method, request.url, headers=request.headers, content=request.content)
        try:
            return await _whole(request, await self._app.handle_async_request(own))
        except ConnectionResetError as error:  # a fault that was asked for
            raise ReadError(str(error), request=request) from None


class _Wsgi(AsyncBaseTransport):
    """A transport to a WSGI application, each call in a thread."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = WSGITransport(app=app, raise_app_exceptions=False)

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request."""
        await request.aread()
        return await asyncio.to_thread(self._send, request)

    def _send(self, request: Request) -> Response:
        own = Request(request.method, request.url, headers=request.headers, content=request.content)
        try:
            answer = self._app.handle_request(own)
            return Response(answer.status_code, headers=answer.headers, stream=ByteStream(answer.read()))
        except Exception:  # a server would have answered so
            log.exception("the WSGI application failed")
            return Response(500)


def transport_to(app: Callable[..., Any]) -> AsyncBaseTransport:
    """Return a transport to an application, ASGI if it is asynchronous and WSGI else."""
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004 its colour is asked for
        return ASGITransport(app=app, raise_app_exceptions=False)
    if callable(app):
        return _Wsgi(app)
    raise ValueError(f"webhook_app must be an ASGI or a WSGI application, not {type(app).__name__}")


async def _whole(request: Request, answer: Response) -> Response:
    """Return an answer that is complete, so that it may leave its event loop. One that was cut short is none, as for a
    client with a socket."""
    content = await answer.aread()
    promised = int(answer.headers.get("content-length", 0))
    if request.method != "HEAD" and len(content) < promised:
        reason = f"the connection was closed after {len(content)} of {promised} bytes of the body"
        raise RemoteProtocolError(reason, request=request)
    return Response(answer.status_code, headers=answer.headers, stream=ByteStream(content))
