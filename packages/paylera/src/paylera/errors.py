"""Every error this SDK raises.

    PayleraError                          facts as attributes, never the token or a payload in the message
    ├── AuthenticationError        401    the token is missing, malformed or revoked
    ├── AuthorizationError         403    a valid token with the wrong scope or mode
    ├── NotFoundError              404    no such resource
    ├── IdempotencyConflictError   409    the same key with another body
    ├── IdempotencyInProgressError 409    the same key, its first call still running
    ├── PreconditionFailedError    412    the resource has another version by now
    ├── ValidationError            400, 422   the request is wrong; `errors` names the fields
    ├── RateLimitError             429    `retry_after` in seconds
    ├── ServerError                5xx    Paylera failed, retries included
    ├── TransportError             –      no usable answer: connection, timeout, malformed or oversized
    └── SignatureVerificationError –      a webhook that must not be trusted; `reason` says why

Source: contract sections 6 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

TransportFault = Literal["connection", "timeout", "too_large", "protocol", "closed"]


class PayleraError(Exception):
    """Base of all errors; raised itself for an upstream 4xx that has no class of its own.

    `type` is the short problem code (`paylera.idempotency_conflict`), `code` the most specific code the answer
    carries, `status` the HTTP status or None when there was no answer, `retryable` whether the same call may succeed
    later, `problem` the parsed problem body.
    """

    def __init__(
        self,
        message: str,
        *,
        type: str | None = None,  # noqa: A002 - the protocol's word
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.problem = problem

    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        """The faulty fields, `[{field, code, message}]`; empty when the answer names none."""
        found = (self.problem or {}).get("errors")
        return found if isinstance(found, list) else []

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only facts would be lost by the default pickling of exceptions (Celery, multiprocessing).
        return _rebuild, (self.__class__, str(self), self.__dict__.copy())


def _rebuild(cls: type[PayleraError], message: str, state: dict[str, Any]) -> PayleraError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class AuthenticationError(PayleraError):
    """401: the API token is missing, malformed or revoked."""


class AuthorizationError(PayleraError):
    """403: the token is valid but may not do this (a test token on a live resource, a missing scope)."""


class NotFoundError(PayleraError):
    """404: no such resource."""


class IdempotencyConflictError(PayleraError):
    """409: the idempotency key was used before with another body."""


class IdempotencyInProgressError(PayleraError):
    """409: the first call with this idempotency key has not finished yet."""


class PreconditionFailedError(PayleraError):
    """412: the resource has changed since the version that was sent."""


class ValidationError(PayleraError):
    """400 or 422: the request is wrong; `errors` names the fields."""


class RateLimitError(PayleraError):
    """429: too many requests; `retry_after` is the wait in seconds that the answer asked for, or None."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class ServerError(PayleraError):
    """5xx: Paylera failed, and went on failing when the call was retried."""


class TransportError(PayleraError):
    """There is no usable answer. For a call that writes, it is unknown whether it took effect: repeat it with the
    same key.

    `fault`: `connection` (refused, reset, closed early), `timeout` (the total deadline passed), `too_large` (the
    answer exceeds the cap), `protocol` (not HTTP, or not what it announced), `closed` (the client was closed before).
    """

    def __init__(self, message: str, *, fault: TransportFault, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.fault: TransportFault = fault


SignatureFault = Literal[
    "missing_header",
    "malformed_header",
    "no_secret",
    "payload_not_bytes",
    "timestamp_too_old",
    "timestamp_in_future",
    "no_match",
    "malformed_payload",
]


class SignatureVerificationError(PayleraError):
    """A webhook delivery that must not be trusted, or (`malformed_payload`) a genuine one that holds no event."""

    def __init__(self, message: str, *, reason: SignatureFault, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.reason: SignatureFault = reason
