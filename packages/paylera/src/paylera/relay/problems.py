"""Problem documents: the relay's own refusals as one table, and what of an upstream problem may reach a browser.

Source: contract section 5 (RFC 9457).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paylera import strict_json
from paylera.http import Headers, Response

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
}
"""Every code the relay makes itself, with its status and title."""

PASSED_MEMBERS = ("type", "title", "status", "detail", "problem", "code", "errors", "next_action", "trace_id")
"""The members of an upstream 4xx problem that reach the browser."""

_WITHOUT_BODY = {404: "paylera.not_found", 429: "paylera.rate_limited"}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One faulty input: the field's name, a stable code, and what to do about it."""

    field: str
    code: str
    message: str


class Problem(Exception):
    """A refusal, raised anywhere in the relay and rendered once, at its edge."""

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


def invalid(field: str, code: str, message: str, *, type: str = "paylera.invalid_request") -> Problem:  # noqa: A002
    """Return the problem of one faulty field."""
    return Problem(type, f"{field}: {message}", errors=[FieldFault(field, code, message)])


def no_such_subscription() -> Problem:
    """Return the 404 that says neither "not yours" nor "no such id"."""
    return Problem("paylera.not_found", "there is no such subscription")


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
    return _response(problem.status, document, problem.headers)


def pass_on(response: Response) -> Response:
    """Return an upstream 4xx with only the members a browser may see; `Retry-After` is kept."""
    try:
        upstream = strict_json.loads(response.body)
    except strict_json.StrictJsonError:
        upstream = None
    if not isinstance(upstream, dict):
        code = _WITHOUT_BODY.get(response.status, "paylera.invalid_request")
        upstream = {"type": code, "title": TITLES[code][1]}
    document = {name: upstream[name] for name in PASSED_MEMBERS if name in upstream}
    return _response(response.status, document | {"status": response.status}, retry_after(response))


def retry_after(response: Response) -> Headers:
    """Return the `Retry-After` header of `response`, if it has a plausible one."""
    value = response.header("retry-after")
    return (("retry-after", value),) if value is not None and len(value) <= 64 and value.isprintable() else ()


def _response(status: int, document: dict[str, Any], headers: Headers) -> Response:
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(status, (("content-type", "application/problem+json"), *headers), body)
