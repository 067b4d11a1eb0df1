"""What a refusal means: both documented problem forms in, one error out.

The SDK pages give RFC 9457 problems with a short `type`, the API pages RFC 7807 ones with a URL as `type` and the code
in `problem`. Source: facts section 5; contract section 6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from paylera.client.answers import parse
from paylera.errors import (
    AuthenticationError,
    AuthorizationError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    NotFoundError,
    PayleraError,
    PreconditionFailedError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)
from paylera.http import Response

_BY_STATUS: Mapping[int, type[PayleraError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: AuthorizationError,
    404: NotFoundError,
    412: PreconditionFailedError,
    422: ValidationError,
    429: RateLimitError,
}
_CONFLICT = frozenset({"idempotency_conflict", "idempotency_body_mismatch"})
_IN_PROGRESS = frozenset({"idempotency_in_progress"})
_MAX_TEXT = 300


def problem_of(response: Response) -> Mapping[str, Any] | None:
    """Return the parsed problem body; None for an HTML page, broken JSON or nothing at all."""
    try:
        value = parse(response.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def is_in_progress(response: Response) -> bool:
    """Tell whether the first call with the same idempotency key has not finished yet."""
    return response.status == 409 and bool(_IN_PROGRESS & _codes(problem_of(response) or {}))


def is_worth_repeating(response: Response) -> bool:
    """Tell whether the same call may succeed later. The client's policy outranks the server's `retryable` hint."""
    return response.status in (408, 429) or response.status >= 500 or is_in_progress(response)


def error_from(response: Response, *, request_id: str | None = None, now: float = 0.0) -> PayleraError:
    """Return the error for an answer that is no success; `request_id` is the one that was sent, `now` unix seconds."""
    problem = problem_of(response) or {}
    facts: dict[str, Any] = {
        "type": _short_type(problem),
        "status": response.status,
        "code": _code(problem),
        "request_id": response.header("x-request-id") or _text(problem, "request_id", "trace_id") or request_id,
        "retryable": is_worth_repeating(response),
        "problem": problem or None,
    }
    message = _message(response, problem, facts)
    if response.status < 400:
        what = f"answered {response.status}, which is neither a success nor an error; check base_url"
        return TransportError(f"Paylera {what}", fault="protocol", **facts)
    cls = _class(response.status, _codes(problem))
    if cls is RateLimitError:
        return RateLimitError(message, retry_after=retry_after(response, now=now), **facts)
    return cls(message, **facts)


def retry_after(response: Response, *, now: float) -> float | None:
    """Return the seconds that `Retry-After` asks for, given as a number or as an HTTP date; None when it does not."""
    value = (response.header("retry-after") or "").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit():
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date without a zone is GMT, whatever the machine's own is.
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)


def _class(status: int, codes: frozenset[str]) -> type[PayleraError]:
    if status in (409, 422) and _CONFLICT & codes:
        return IdempotencyConflictError
    if status == 409 and _IN_PROGRESS & codes:
        return IdempotencyInProgressError
    return ServerError if status >= 500 else _BY_STATUS.get(status, PayleraError)


def _codes(problem: Mapping[str, Any]) -> frozenset[str]:
    # The two generations spell one code `paylera.idempotency_conflict` and `idempotency.body_mismatch`.
    values = (problem.get(name) for name in ("problem", "code", "type"))
    texts = (value.rsplit("/", 1)[-1] for value in values if isinstance(value, str))
    return frozenset(text.removeprefix("paylera.").replace(".", "_").replace("-", "_") for text in texts)


def _short_type(problem: Mapping[str, Any]) -> str | None:
    value = _text(problem, "type")
    return value if value and "/" not in value and value != "about:blank" else _text(problem, "problem", "code")


def _code(problem: Mapping[str, Any]) -> str | None:
    return _text(problem, "problem", "code") or _short_type(problem)


def _text(problem: Mapping[str, Any], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := problem.get(name), str) and value), None)


def _message(response: Response, problem: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    told = _text(problem, "detail", "title") or _phrase(response.status)
    plain = " ".join(told.split())[:_MAX_TEXT]
    parts = [f"{response.status}", facts["code"], plain]
    request_id = f" [request {facts['request_id']}]" if facts["request_id"] else ""
    return f"{': '.join(part for part in parts if part)}{request_id}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no explanation"
