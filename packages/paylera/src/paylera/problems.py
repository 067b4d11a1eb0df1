"""Refusals: every code of ours in one table, one exception that carries it, one rendering for relay and receiver.

Source: contract sections 5 and 7 (RFC 9457).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paylera.http import Headers, Request, Response
from paylera.system import System, uuid7

TITLES: dict[str, tuple[int, str]] = {
    "paylera.invalid_json": (400, "The body is not acceptable JSON"),
    "paylera.invalid_request": (400, "The request is not valid"),
    "paylera.field_not_allowed": (400, "The request holds a field that is not allowed here"),
    "paylera.redirect_not_allowed": (400, "The redirect URL is not allowed"),
    "paylera.unauthenticated": (401, "Sign in first"),
    "paylera.csrf_mismatch": (403, "The CSRF check failed"),
    "paylera.forbidden": (403, "Not allowed"),
    "paylera.not_found": (404, "Not found"),
    "paylera.method_not_allowed": (405, "Method not allowed"),
    "paylera.payload_too_large": (413, "The body is too large"),
    "paylera.unsupported_media_type": (415, "The body must be application/json"),
    "paylera.rate_limited": (429, "Too many requests"),
    "paylera.internal": (500, "Something went wrong on the server"),
    "paylera.upstream_unavailable": (502, "The billing service is not available"),
    "paylera.upstream_rejected_token": (502, "The billing service refused this server"),
    "paylera.upstream_timeout": (504, "The billing service did not answer in time"),
    "paylera.webhook_malformed": (400, "The body is not an event"),
    "paylera.webhook_signature_invalid": (401, "The signature is not valid"),
    "paylera.webhook_busy": (503, "The event is being handled"),
    "paylera.webhook_secret_unavailable": (503, "The signature cannot be checked now"),
    "paylera.webhook_store_unavailable": (503, "The event cannot be handled now"),
}
"""Every code that is ours, with its status and title. The receiver gives none with 5xx before a right signature,
unless a merchant's own provider of secrets fails."""

_PRIVATE: Headers = (("cache-control", "private, no-store"), ("x-content-type-options", "nosniff"))
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One faulty input: the field's name, a stable code, and what to do about it."""

    field: str
    code: str
    message: str


class Problem(Exception):
    """A refusal, raised anywhere and rendered once, at the edge."""

    def __init__(
        self,
        type: str,  # noqa: A002 - the protocol's word
        detail: str,
        *,
        status: int | None = None,
        errors: Sequence[FieldFault] = (),
        headers: Headers = (),
    ) -> None:
        super().__init__(detail)
        self.type = type
        self.status = status or TITLES[type][0]
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers


def request_id(request: Request, system: System) -> str:
    """Return the request id the caller sent, if it is one, else a fresh one."""
    sent = request.joined("x-request-id")
    return sent if sent is not None and _REQUEST_ID.fullmatch(sent) else uuid7(system)


def render(problem: Problem, *, request_id: str) -> Response:
    """Return the response of one of our own problems."""
    document: dict[str, Any] = {
        "type": problem.type,
        "title": TITLES[problem.type][1],
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
    }
    if problem.errors:
        document["errors"] = [{"field": e.field, "code": e.code, "message": e.message} for e in problem.errors]
    return problem_response(problem.status, document, problem.headers)


def problem_response(status: int, document: Mapping[str, Any], headers: Headers) -> Response:
    """Return a problem document as a response."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(status, (("content-type", "application/problem+json"), *headers), body)


def finish(response: Response, request: Request, *, request_id: str) -> Response:
    """Add the headers that every answer of ours has; a HEAD gets those of its GET and no body."""
    # The length is stated here, so that every host says the same.
    length = () if response.status == 204 else (("content-length", str(len(response.body))),)
    headers = (*response.headers, *length, *_PRIVATE, ("x-request-id", request_id))
    return Response(response.status, headers, b"" if request.method == "HEAD" else response.body)
