"""Faults on the wire: connections cut and answers cut short, for a client that really sees them.

ASGI cannot do that, so our server hands the connection's transport to the application in the scope. Without a server
(in process) a cut is a ConnectionResetError, and a short answer is short.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

EXTENSION = "paylera_sandbox.transport"
_NO_LINGER = struct.pack("ii", 1, 0)  # close with RST instead of FIN


def reachable(protocol: Any) -> Any:
    """Return a uvicorn protocol whose application finds the connection's transport in its scope."""

    def build(*arguments: Any, **options: Any) -> Any:
        connection = protocol(*arguments, **options)
        inner: ASGIApp = connection.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[EXTENSION] = connection.transport
            await inner(scope, receive, send)

        connection.app = app
        return connection

    return build


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection."""
    transport = _transport(scope)
    if transport is None:
        raise ConnectionResetError("the connection was cut: a fault that was asked for")
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
    await _disconnected(receive)


async def truncate(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send half of the body with the length of the whole, and close."""
    body = bytes(response.body)
    transport = _transport(scope)
    await _head(response, send)
    half = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": transport is not None}
    await send(half)
    if transport is not None:
        transport.close()
        await _disconnected(receive)


async def drip(response: Response, send: Send, *, seconds: float, pieces: int) -> None:
    """Send the body in pieces, with pauses that add up to so many seconds."""
    body = bytes(response.body)
    await _head(response, send)
    size = max(1, -(-len(body) // pieces))
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / pieces)
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _transport(scope: Scope) -> asyncio.Transport | None:
    found: asyncio.Transport | None = scope.get("extensions", {}).get(EXTENSION)
    return found


async def _head(response: Response, send: Send) -> None:
    head = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(head)


async def _disconnected(receive: Receive) -> None:
    """Wait until the server knows that the connection is gone: it would answer 500 in our place."""
    while (await receive())["type"] != "http.disconnect":
        pass
