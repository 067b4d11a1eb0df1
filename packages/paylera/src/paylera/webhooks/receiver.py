"""The webhook receiver: verify, parse, claim (or store), dispatch, in this order, for every host.

Nothing here performs I/O, knows a framework or reads a clock; see `paylera.flow`. Source: contract section 7.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from paylera.errors import SignatureFault, SignatureVerificationError
from paylera.flow import Callee, Flow, invoke
from paylera.http import Request, Response
from paylera.problems import Problem, finish, render, request_id
from paylera.system import REAL, System
from paylera.webhooks import standard, tracing
from paylera.webhooks.handlers import Around, Handlers
from paylera.webhooks.secrets import AcceptedSecrets, Secrets, SecretSource
from paylera.webhooks.signatures import HEADER, Seal, read_header, refusal
from paylera.webhooks.stores import RETRY, Claims, ClaimStore, InProcessClaims

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent
    from paylera.webhooks.inbox import Inbox

MAX_BODY = 1_048_576
"""How much of a body a host reads before it sets `Request.truncated`."""

_RECEIVED = Response(200, (("content-type", "application/json"),), b'{"received": true}')
"""The acknowledgement; every 2xx ends the sender's attempts."""

log = logging.getLogger("paylera.webhooks")


class WebhookReceiver:
    """Answers deliveries. One instance serves all requests; it holds settings and claims, never a request.

    `signing_secret` and `accepted_secrets` may be providers; see `secrets`. `handlers` maps an event type, `prefix.*`
    or `*` to a function of one argument, the typed event. `claims` is where events are remembered (`ClaimStore`; in
    this process unless given); or else `inbox` (`Inbox`) stores and handles them, and has the handlers.
    `standard_webhooks` accepts the headers of Standard Webhooks as well. `tracer` is an OpenTelemetry tracer, by
    convention `get_tracer("Paylera.Webhook")`; `around` what a host puts around every handler. A bad setting is a
    `ValueError` that names the parameter and never the secret.
    """

    def __init__(
        self,
        *,
        signing_secret: SecretSource,
        accepted_secrets: AcceptedSecrets | None = None,
        tolerance_seconds: float = 300,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        claims: ClaimStore | None = None,
        inbox: Inbox | None = None,
        standard_webhooks: bool = False,
        tracer: Any = None,
        around: Around | None = None,
        system: System = REAL,
    ) -> None:
        # The models are loaded when a receiver is made: not on import, and not within the first delivery.
        from paylera.webhooks.parsing import parse_event, read_envelope

        self._secrets = Secrets(signing_secret, accepted_secrets=accepted_secrets, tolerance_seconds=tolerance_seconds)
        self._read = parse_event if inbox is None else read_envelope
        self._handlers = _handlers(handlers, claims, inbox, around)
        self._claims = Claims(claims if claims is not None else InProcessClaims(system=system))
        self._inbox = inbox
        self._is_standard_accepted = standard_webhooks
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
        event, position = yield from self._verified(request)
        if self._inbox is not None:
            yield from self._stored(self._inbox, event, request.body, position)
            return _RECEIVED
        route = self._handlers.find(event.type)
        if route is not None:
            with tracing.span(self._tracer, event, position=position):
                yield from self._once(route.callee, event)
        return _RECEIVED

    def _verified(self, request: Request) -> Flow[tuple[PayleraWebhookEvent, int]]:
        seal = self._seal(request)
        if not isinstance(seal, Seal):  # before any provider is asked for a secret
            raise _untrusted(seal)
        verifier = yield from self._secrets.verifier()
        verdict = verifier.verdict(request.body, seal, now=self._system.now())
        if verdict.fault is not None:
            raise _untrusted(verdict.fault)
        try:
            event = self._read(request.body)
        except SignatureVerificationError as error:
            raise Problem("paylera.webhook_malformed", str(error)) from None
        if verdict.position:
            log.info("event %s is signed with accepted secret %d, not with the first", event.id, verdict.position)
        return event, verdict.position

    def _seal(self, request: Request) -> Seal | SignatureFault:
        headers = request.values(HEADER)
        if not headers and self._is_standard_accepted:
            return standard.read_headers(request) or "missing_header"
        return "malformed_header" if len(headers) > 1 else read_header(next(iter(headers), None))

    def _stored(self, inbox: Inbox, event: PayleraWebhookEvent, body: bytes, position: int) -> Flow[None]:
        try:
            record = yield from inbox.receive(event, payload=body, secret_position=position)
        except Exception:
            log.exception("the inbox failed to take event %s", event.id)
            raise Problem("paylera.webhook_store_unavailable", "send it again later", headers=RETRY) from None
        if not inbox.is_inline or not record.is_open:
            return
        if record.state == "failed":
            raise _internal()
        raise Problem("paylera.webhook_busy", "an earlier event has its turn first; send it again", headers=RETRY)

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


def _handlers(handlers: Any, claims: Any, inbox: Inbox | None, around: Around | None) -> Handlers:
    if inbox is not None:
        if handlers is not None or claims is not None or around is not None:
            raise ValueError("inbox has the handlers and remembers the events: give no handlers and no claims too")
        return Handlers({})
    found = Handlers(handlers, around=around)
    if any(one.needs_inbox for one in found):
        raise ValueError("handlers: stale= and refetch= need an inbox")
    if claims is None:
        log.warning("handled events are remembered in this process only; several processes need claims= or inbox=")
    return found


def _untrusted(fault: SignatureFault) -> Problem:
    return Problem("paylera.webhook_signature_invalid", str(refusal(fault)))


def _internal() -> Problem:
    return Problem("paylera.internal", "the error is in the server's log; send the event again")
