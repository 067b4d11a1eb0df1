"""The webhook receiver: verify, parse, claim, dispatch, in this order, for every host.

Nothing here performs I/O, knows a framework or reads a clock; see `paylera.flow`. Source: contract section 7.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from paylera.errors import SignatureVerificationError
from paylera.flow import Callee, Flow, invoke
from paylera.http import Request, Response
from paylera.problems import Problem, finish, render, request_id
from paylera.system import REAL, System
from paylera.webhooks import tracing
from paylera.webhooks.handlers import Handlers
from paylera.webhooks.signatures import HEADER, Verifier, is_blank, refusal
from paylera.webhooks.stores import Claims, ClaimStore, InProcessClaims

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

MAX_BODY = 1_048_576
"""How much of a body a host reads before it sets `Request.truncated`."""

_RECEIVED = Response(200, (("content-type", "application/json"),), b'{"received": true}')
"""The acknowledgement; every 2xx ends the sender's attempts."""

log = logging.getLogger("paylera.webhooks")


class WebhookReceiver:
    """Answers deliveries. One instance serves all requests; it holds settings and claims, never a request.

    `handlers` maps an event type, `prefix.*` or `*` to a function of one argument, the typed event. `claims` is where
    events are remembered (`ClaimStore`; in this process unless given). `tracer` is an OpenTelemetry tracer, by
    convention `get_tracer("Paylera.Webhook")`. A bad setting is a `ValueError` that names the parameter and never the
    secret.
    """

    def __init__(
        self,
        *,
        signing_secret: str,
        accepted_secrets: Iterable[str | None] | None = None,
        tolerance_seconds: float = 300,
        handlers: Mapping[str, Callable[..., Any]],
        claims: ClaimStore | None = None,
        tracer: Any = None,
        system: System = REAL,
    ) -> None:
        # The models are loaded when a receiver is made: not on import, and not within the first delivery.
        from paylera.webhooks.parsing import parse_event

        if is_blank(signing_secret):
            raise ValueError("signing_secret must be the endpoint's secret (whsec_...), not blank")
        if signing_secret != signing_secret.strip():
            # As a file or a variable gives it; every delivery would be refused.
            log.warning("signing_secret begins or ends with white space, and is used as it is")
        self._verifier = Verifier(
            signing_secret, accepted_secrets=accepted_secrets, tolerance_seconds=tolerance_seconds
        )
        self._parse = parse_event
        self._handlers = Handlers(handlers)
        self._claims = Claims(claims if claims is not None else InProcessClaims(system=system))
        self._tracer = tracer
        self._system = system

    def handle(self, request: Request, *, native: object = None, sub_id: str | None = None) -> Flow[Response]:
        """Answer one delivery; never raises: what went wrong is the response.

        `native` and `sub_id` are what a host hands to every `paylera.flow.Answer`; a delivery needs neither.
        """
        this_request = request_id(request, self._system)
        try:
            response = yield from self._answer(request)
        except Problem as refused:
            log.warning("answered a delivery with %s: %s, request %s", refused.type, refused.detail, this_request)
            response = render(refused, request_id=this_request)
        except Exception:
            log.exception("the receiver failed, request %s", this_request)
            response = render(_internal(), request_id=this_request)
        return finish(response, request, request_id=this_request)

    def _answer(self, request: Request) -> Flow[Response]:
        if request.method != "POST":
            raise Problem("paylera.method_not_allowed", "use POST", headers=(("allow", "POST"),))
        if request.truncated or len(request.body) > MAX_BODY:
            raise Problem("paylera.payload_too_large", f"send at most {MAX_BODY} bytes")
        event = self._verified(request)
        handler = self._handlers.find(event.type)
        if handler is not None:
            with tracing.span(self._tracer, event):
                yield from self._once(handler, event)
        return _RECEIVED

    def _verified(self, request: Request) -> PayleraWebhookEvent:
        headers = request.values(HEADER)
        if len(headers) > 1:
            raise Problem("paylera.webhook_signature_invalid", str(refusal("malformed_header")))
        fault = self._verifier.fault(request.body, next(iter(headers), None), now=self._system.now())
        if fault is not None:
            raise Problem("paylera.webhook_signature_invalid", str(refusal(fault)))
        try:
            return self._parse(request.body)
        except SignatureVerificationError as error:
            raise Problem("paylera.webhook_malformed", str(error)) from None

    def _once(self, handler: Callee, event: PayleraWebhookEvent) -> Flow[None]:
        owner = self._system.random_bytes(16).hex()
        if not (yield from self._claims.claim(event.id, owner)):
            log.info("event %s (%s) was handled before", event.id, event.type)
            return
        try:
            yield from invoke(handler, event)
        except Exception:
            log.exception("the handler of event %s (%s) failed; it will be run again", event.id, event.type)
            yield from self._claims.release(event.id, owner)
            raise _internal() from None
        except BaseException:
            self._claims.abandon(event.id, owner)
            raise
        yield from self._claims.complete(event.id, owner)


def _internal() -> Problem:
    return Problem("paylera.internal", "the error is in the server's log; send the event again")
