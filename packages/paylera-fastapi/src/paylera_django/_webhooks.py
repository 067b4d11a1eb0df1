"""The webhook receiver as Django URL patterns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.db import connections, transaction
from django.urls import URLPattern, path

from paylera.flow import Callee
from paylera.webhooks import MAX_BODY, ClaimStore, Inbox, WebhookReceiver
from paylera.webhooks.secrets import AcceptedSecrets, SecretSource
from paylera_django._host import Performers, View


def paylera_webhook_urls(
    *,
    signing_secret: SecretSource,
    accepted_secrets: AcceptedSecrets | None = None,
    tolerance_seconds: float = 300,
    handlers: Mapping[str, Callable[..., Any]] | None = None,
    claims: ClaimStore | None = None,
    inbox: Inbox | None = None,
    standard_webhooks: bool = False,
    tracer: Any = None,
) -> list[URLPattern]:
    """Return the receiver's URL patterns: `path("webhooks/paylera/", include(paylera_webhook_urls(...)))`.

    `handlers` maps an event type, `prefix.*` or `*` to a function of one argument, the typed event. A `def` handler
    runs in a transaction on every database with `ATOMIC_REQUESTS`, and its work is rolled back when it raises. `claims`
    is where handled events are remembered, in this process unless given; an `inbox` stores and handles them, and has
    the handlers. Secrets may be providers, `def` or `async def`. `standard_webhooks` accepts the headers of Standard
    Webhooks too; `tracer` is an OpenTelemetry tracer. A bad setting is a `ValueError` that names the parameter. Source:
    contract section 7.
    """
    receiver = WebhookReceiver(
        signing_secret=signing_secret,
        accepted_secrets=accepted_secrets,
        tolerance_seconds=tolerance_seconds,
        handlers=handlers,
        claims=claims,
        inbox=inbox,
        standard_webhooks=standard_webhooks,
        tracer=tracer,
        around=atomic if inbox is None else None,
    )

    view = View("paylera-webhooks", receiver.handle, Performers(), max_bytes=MAX_BODY, csrf_exempt=True)
    return [path("", view, name="paylera-webhooks")]


def atomic(handler: Any) -> Any:
    """Put a `def` handler into a transaction on every database with `ATOMIC_REQUESTS`.

    The receiver turns an exception into a 500, so Django's own per-request transaction would commit half the work. What
    Django rolls back without a word, because the handler went on after a query that failed, is a failure here: else the
    event would be taken for handled.
    """
    if Callee.of(handler).is_async:
        return handler

    @wraps(handler, updated=())
    def in_transaction(event: Any) -> Any:
        call = handler
        for alias in connections:
            if connections.settings[alias]["ATOMIC_REQUESTS"]:
                call = transaction.atomic(using=alias)(_whole(call, alias))
        return call(event)

    return in_transaction


def _whole(handler: Any, alias: str) -> Any:
    def or_nothing(event: Any) -> Any:
        result = handler(event)
        if transaction.get_rollback(using=alias):
            msg = (
                f"the handler went on after a query that failed, or asked for a rollback: nothing that it did in the "
                f"database {alias!r} is kept; put what may fail into a transaction.atomic() of its own"
            )
            raise transaction.TransactionManagementError(msg)
        return result

    return or_nothing
