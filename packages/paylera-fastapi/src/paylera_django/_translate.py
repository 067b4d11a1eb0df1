"""Django's request and response, to and from the values of `paylera.http`. No decision is made here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, RawPostDataException

from paylera.http import Headers, Request, Response, absolute_url


def to_request(request: HttpRequest, *, max_bytes: int) -> Request:
    """Translate a request, reading at most `max_bytes` of its body."""
    url = absolute_url(request.scheme or "http", request.get_host(), request.path, request.META.get("QUERY_STRING", ""))
    body, truncated = _read(request, max_bytes)
    return Request(request.method or "", url, tuple(_headers(request)), body, truncated)


def _headers(request: HttpRequest) -> Headers | Iterator[tuple[str, str]]:
    scope = getattr(request, "scope", None)
    if scope is not None:  # ASGI keeps the pairs as they were sent
        return ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return _from_environ(request)


def _from_environ(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for key, value in request.META.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-").lower(), value
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield key.replace("_", "-").lower(), value


def _read(request: HttpRequest, max_bytes: int) -> tuple[bytes, bool]:
    declared = request.META.get("CONTENT_LENGTH") or ""
    # The first digits say enough: Python refuses to convert thousands of them, which some servers let through.
    least = int(declared[:18]) if declared.isdecimal() else 0
    if least > max_bytes:
        return b"", True
    try:
        # `body` rather than `read`, so that whoever looks at the request later still finds it.
        body = request.body if least else _undeclared(request, max_bytes)
    # OSError: the client went away while it was sending. RawPostDataException: a middleware has used the body up.
    except (RequestDataTooBig, RawPostDataException, OSError):
        return b"", True
    # A body that ended early is not acted upon: what is left of it may mean something else.
    return (body, False) if least <= len(body) <= max_bytes else (b"", True)


def _undeclared(request: HttpRequest, max_bytes: int) -> bytes:
    # Under WSGI, Django takes a body of undeclared length for none: a chunked one would be acted upon as if it were
    # empty. It is read from the server itself, where that says that its input ends with the body, and else refused.
    environ = getattr(request, "environ", {})
    if "HTTP_TRANSFER_ENCODING" not in environ:
        return request.read(max_bytes + 1)
    if not environ.get("wsgi.input_terminated"):
        raise RequestDataTooBig
    try:
        return cast("bytes", environ["wsgi.input"].read(max_bytes + 1))
    except Exception:  # noqa: BLE001 - every server has errors of its own for malformed chunks
        raise RequestDataTooBig from None


def to_response(response: Response) -> HttpResponse:
    """Translate a response; its headers are exactly ours."""
    translated = HttpResponse(response.body, status=response.status)
    del translated["Content-Type"]  # Django's default, wrong on a 204
    for name, value in response.headers:
        if name == "set-cookie":
            # Into the jar, as middleware and test clients expect; a header would fold two cookies into one.
            translated.cookies.load(value)
        else:
            translated[name] = value
    return translated
