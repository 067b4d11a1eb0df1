"""What the receiver answers: one acknowledgement, and a table of refusals as problem documents.

Source: contract sections 5 and 7 (RFC 9457).
"""

from __future__ import annotations

import json
import re

from paylera.http import Headers, Request, Response
from paylera.system import System, uuid7

TITLES: dict[str, tuple[int, str]] = {
    "paylera.webhook_malformed": (400, "The body is not an event"),
    "paylera.webhook_signature_invalid": (401, "The signature is not valid"),
    "paylera.method_not_allowed": (405, "Method not allowed"),
    "paylera.payload_too_large": (413, "The body is too large"),
    "paylera.internal": (500, "The event could not be handled"),
    "paylera.webhook_busy": (503, "The event is being handled"),
    "paylera.webhook_store_unavailable": (503, "The event cannot be handled now"),
}
"""Every code the receiver makes, with its status and title. None but 405 and 413 comes before the signature is checked;
no 5xx without a right one."""

_FIXED: Headers = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))
_RETRY: Headers = (("retry-after", "15"),)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class Refusal(Exception):
    """Any answer but the acknowledgement, raised anywhere in the receiver and rendered once, at its edge."""

    def __init__(self, type: str, detail: str) -> None:  # noqa: A002 - the protocol's word
        super().__init__(detail)
        self.type = type
        self.status, self.title = TITLES[type]
        self.detail = detail


def received() -> Response:
    """Return the acknowledgement; every 2xx ends the sender's attempts."""
    return Response(200, (("content-type", "application/json"),), b'{"received": true}')


def render(refusal: Refusal, *, request_id: str) -> Response:
    """Return the problem document of a refusal."""
    document = {
        "type": refusal.type,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "request_id": request_id,
    }
    extra = {405: (("allow", "POST"),), 503: _RETRY}.get(refusal.status, ())
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(refusal.status, (("content-type", "application/problem+json"), *extra), body)


def finish(response: Response, request: Request, *, request_id: str) -> Response:
    """Add the headers that every answer has; a HEAD gets those of its GET and no body."""
    headers = (*response.headers, ("content-length", str(len(response.body))), *_FIXED, ("x-request-id", request_id))
    return Response(response.status, headers, b"" if request.method == "HEAD" else response.body)


def request_id(request: Request, system: System) -> str:
    """Return the request id the caller sent, if it is one, else a fresh one."""
    sent = request.values("x-request-id")
    return sent[0] if len(sent) == 1 and _REQUEST_ID.fullmatch(sent[0]) else uuid7(system)
