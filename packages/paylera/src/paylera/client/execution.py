"""What both clients share: checked settings, and the one flow that turns a call into its result."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from paylera.client.answers import as_json
from paylera.client.bodies import checked_key, checked_path, encoded, query
from paylera.client.budget import RetryBudget
from paylera.client.calls import Call
from paylera.client.problems import error_from
from paylera.client.retry import Retries
from paylera.client.tracing import Note, span
from paylera.endpoint import Endpoint
from paylera.errors import PayleraError, TransportError
from paylera.flow import Flow
from paylera.http import Headers, Request
from paylera.secret import Secret
from paylera.system import System, uuid7

T = TypeVar("T")

_MAX_TIMEOUT = 3600.0
_MAX_RETRIES = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with what its error and its span need."""

    request: Request
    request_id: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Execution:
    """The settings of one client, and how it performs a call. It holds no state but the retry budget."""

    endpoint: Endpoint
    timeout: float
    retries: Retries
    tracer: Any
    system: System

    @classmethod
    def of(
        cls,
        *,
        api_token: object,
        base_url: object,
        api_version: object,
        timeout: object,
        max_retries: object,
        tracer: Any,
        system: System,
    ) -> Execution:
        """Check a client's settings; `ValueError` names the parameter."""
        endpoint = Endpoint.resolve(api_token=api_token, base_url=base_url, api_version=api_version, environ=os.environ)
        retries = Retries(_checked_retries(max_retries), RetryBudget(), system)
        return cls(endpoint, _checked_timeout(timeout), retries, tracer, system)

    def prepare(self, call: Call[Any]) -> Prepared:
        """Build the request of a call; `ValueError` for an id or key that may not go on the wire."""
        key = checked_key(call.key) if call.key is not None else uuid7(self.system) if call.is_keyed else None
        request_id = uuid7(self.system)
        url = self._url(call) + query(call.params)
        content = b"" if call.body is None else encoded(call.body)
        headers = self.endpoint.headers(request_id=request_id, idempotency_key=key, has_body=call.body is not None)
        return Prepared(Request(call.method, url, _merged(headers, call.headers), content), request_id, key)

    def _url(self, call: Call[Any]) -> str:
        if call.is_raw:
            return self.endpoint.base_url + call.template
        return self.endpoint.url(call.template, **call.ids)

    def span(self, call: Call[Any], prepared: Prepared) -> AbstractContextManager[Note]:
        """Return the span of a call, a hollow one without a tracer."""
        return span(self.tracer, call, mode=self.endpoint.mode, key=prepared.key)

    def perform(self, call: Call[T], prepared: Prepared, note: Note) -> Flow[T]:
        """Send, repeat where that is right, and return the result or raise the error of the answer."""
        try:
            response = yield from self.retries.answer(prepared.request, timeout=self.timeout)
            note("http.status_code", response.status)
            if not 200 <= response.status < 300:
                raise error_from(response, request_id=prepared.request_id, now=self.system.now())
            return call.read(response)
        except PayleraError as error:
            error.request_id = error.request_id or prepared.request_id
            note("paylera.problem.type", error.type or type(error).__name__)
            raise


def raw_call(
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None,
    json: Any,
    idempotency_key: str | None,
    headers: Mapping[str, str] | None,
) -> Call[Any]:
    """Return the call of `client.request`; no key is stamped on it."""
    extra = tuple((name.lower(), value) for name, value in (headers or {}).items())
    return Call(
        "Request",
        method.upper(),
        checked_path(path),
        as_json,
        params=params or {},
        body=json,
        key=idempotency_key,
        headers=extra,
        is_raw=True,
    )


def closed_error() -> TransportError:
    """Return the error of a call on a closed client."""
    return TransportError("this client was closed; make a new one, or keep one open for all calls", fault="closed")


def described(client: object, execution: Execution | None) -> str:
    """Return the `repr` of a client, of one whose settings were refused too: tracebacks show it."""
    known = f"base_url={execution.endpoint.base_url!r}, mode={execution.endpoint.mode!r}" if execution else ""
    return f"{type(client).__name__}({known})"


def hidden(api_token: object) -> object:
    """Return the token so that no traceback shows it; what is no text stays, to be refused with its name."""
    return Secret(api_token) if isinstance(api_token, str) else api_token


_ALLOWED_TO_CHANGE = frozenset({"accept"})


def _merged(ours: Headers, extra: Headers) -> Headers:
    taken = {name for name, _ in ours} - _ALLOWED_TO_CHANGE
    for name, _ in extra:
        if name in taken:
            msg = f"header {name!r} is set by the client; it cannot be given"
            raise ValueError(msg)
    given = {name for name, _ in extra}
    return (*(pair for pair in ours if pair[0] not in given), *extra)


def _checked_timeout(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _MAX_TIMEOUT:
        msg = f"timeout must be a number of seconds above 0 and up to {_MAX_TIMEOUT:g}, for the whole call"
        raise ValueError(msg)
    return float(value)


def _checked_retries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_RETRIES:
        msg = f"max_retries must be a whole number from 0 to {_MAX_RETRIES}"
        raise ValueError(msg)
    return value
