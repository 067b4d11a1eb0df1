"""The relay's calls to Paylera: what is sent, when it is tried once more, and what its failures become.

Source: contract sections 2 ("Upstream request") and 5.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic_core import from_json

from paylera.endpoint import Endpoint
from paylera.errors import TransportError
from paylera.flow import Flow, send
from paylera.http import Headers, Request, Response
from paylera.problems import Problem
from paylera.relay.problems import pass_on, retry_after
from paylera.relay.tracing import Trace
from paylera.system import System

log = logging.getLogger("paylera.relay")

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""The largest upstream answer that is relayed."""

_FORWARDED = {
    "traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII),
    "accept-language": re.compile(r"[A-Za-z0-9,;=.* -]{1,200}", re.ASCII),
}
"""The only browser headers that go upstream, each when it has exactly this form."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is fixed for one relay call: its request id, its deadline (monotonic seconds), the headers it
    forwards, and its span.
    """

    request_id: str
    deadline: float
    forwarded: Headers
    trace: Trace


def forwarded_headers(request: Request) -> Headers:
    """Return the browser's headers that may go upstream."""
    found = ((name, request.joined(name)) for name in _FORWARDED)
    return tuple((name, value) for name, value in found if value is not None and _FORWARDED[name].fullmatch(value))


@dataclass(frozen=True, slots=True)
class Upstream:
    """Paylera's API, seen from the relay."""

    endpoint: Endpoint
    system: System

    def call(
        self,
        context: Context,
        target: tuple[str, str],
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Flow[Response]:
        """Send one call and return a 2xx or a 4xx that is the browser's business; everything else is raised as a
        `Problem`.
        """
        method, template = target
        url = self.endpoint.url(template, **(ids or {})) + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = self.endpoint.headers(
            request_id=context.request_id, idempotency_key=key, has_body=content is not None
        )
        request = Request(method, url, headers + context.forwarded, content or b"")
        repeatable = method == "GET" or key is not None or template == "/v1/check"
        try:
            return _judged((yield from self._send(context, request, repeatable=repeatable)))
        except _Failed as failure:
            # The browser is told little, so the log says which server it was: a forgotten base URL shows. With the
            # template, as the URL's query may hold an address.
            where = f"{method} {self.endpoint.base_url}{template}"
            log.warning("%s: %s, request %s", where, failure.cause, context.request_id)
            raise failure.problem from None

    def _send(self, context: Context, request: Request, *, repeatable: bool) -> Flow[Response]:
        # Once more after a broken connection: a kept-alive one may have been closed at that very moment. Only a call
        # that cannot act twice is repeated, with the same key and within the same deadline.
        try:
            return (yield from self._send_once(context, request))
        except TransportError as error:
            if error.fault != "connection" or not repeatable:
                raise _unanswered(error) from None
        try:
            return (yield from self._send_once(context, request))
        except TransportError as error:
            raise _unanswered(error) from None

    def _send_once(self, context: Context, request: Request) -> Flow[Response]:
        remaining = context.deadline - self.system.monotonic()
        if remaining <= 0:
            raise TransportError("the deadline has passed", fault="timeout")
        return (yield from send(request, timeout=remaining, max_bytes=MAX_ANSWER_BYTES))


class _Failed(Exception):
    """A call that failed: the cause for the server's log, and what the browser is told."""

    def __init__(self, cause: str, problem: Problem) -> None:
        super().__init__(cause)
        self.cause = cause
        self.problem = problem


def document(response: Response) -> dict[str, Any]:
    """Return the JSON object of a successful upstream answer that the relay itself must read."""
    value = _json(response)
    if not isinstance(value, dict):
        raise Problem("paylera.upstream_unavailable", "the billing service answered something unexpected")
    return value


def refuse_if_rate_limited(response: Response) -> None:
    """Raise the browser's 429 for one that met a call of the relay's own."""
    if response.status == 429:
        detail = "too many requests; try again in a moment"
        raise Problem("paylera.rate_limited", detail, headers=retry_after(response))


def relayed(response: Response) -> Response:
    """Return what the browser gets: a 2xx byte for byte once it has proved to be JSON, a 4xx stripped of what is not
    its business.
    """
    if response.status >= 400:
        return pass_on(response)
    headers = retry_after(response)
    if response.status == 204:
        return Response(204, headers)
    _json(response)
    return Response(response.status, (("content-type", "application/json"), *headers), response.body)


def _json(response: Response) -> Any:
    try:
        return from_json(response.body, allow_inf_nan=False)
    except ValueError:
        log.warning("Paylera answered %d with something that is not JSON; check PAYLERA_BASE_URL", response.status)
        raise Problem("paylera.upstream_unavailable", "the billing service did not answer JSON") from None


def _judged(response: Response) -> Response:
    status = response.status
    if 200 <= status < 300 or (400 <= status < 500 and status not in (401, 403)):
        return response
    raise _Failed(*_verdict(response))


def _verdict(response: Response) -> tuple[str, Problem]:
    cause = f"answered {response.status}"
    match response.status:
        case 401 | 403:
            # Our token's fault must not look like the user's logout.
            detail = "the billing service refused this server's credentials"
            cause += "; check that api_token belongs to this server, and PAYLERA_BASE_URL if it should be another"
            return cause, Problem("paylera.upstream_rejected_token", detail)
        case 504:
            return cause, Problem("paylera.upstream_timeout", "the billing service did not answer in time")
    detail, status = "the billing service failed; try again in a moment", 503 if response.status == 503 else 502
    return cause, Problem("paylera.upstream_unavailable", detail, status=status, headers=retry_after(response))


def _unanswered(error: TransportError) -> _Failed:
    if error.fault == "timeout":
        problem = Problem("paylera.upstream_timeout", "the billing service did not answer in time")
    else:
        detail = "the billing service could not be reached; try again in a moment"
        problem = Problem("paylera.upstream_unavailable", detail)
    return _Failed(str(error), problem)
