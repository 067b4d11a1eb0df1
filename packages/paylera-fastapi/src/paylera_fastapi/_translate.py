"""Starlette's request and response, to and from the values of `paylera.http`. No decision is made here."""

from __future__ import annotations

from fastapi import Request as StarletteRequest
from fastapi import Response as StarletteResponse
from starlette.requests import ClientDisconnect

from paylera.http import Request, Response, absolute_url


async def to_request(request: StarletteRequest, *, max_bytes: int) -> Request:
    """Translate a request, reading at most `max_bytes` of its body."""
    scope = request.scope
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    url = absolute_url(
        scope["scheme"], request.headers.get("host"), scope["path"], scope["query_string"].decode("latin-1")
    )
    body, truncated = await _read(request, max_bytes)
    return Request(request.method, url, headers, body, truncated)


async def _read(request: StarletteRequest, max_bytes: int) -> tuple[bytes, bool]:
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > max_bytes:
                return b"", True
    # ClientDisconnect: the client went away while it was sending. RuntimeError: a dependency or a middleware has used
    # the body up (a form, say).
    except (ClientDisconnect, RuntimeError):
        return b"", True
    return bytes(received), False


def to_response(response: Response) -> StarletteResponse:
    """Translate a response; its headers are exactly ours."""
    translated = StarletteResponse(response.body, response.status)
    translated.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    return translated
