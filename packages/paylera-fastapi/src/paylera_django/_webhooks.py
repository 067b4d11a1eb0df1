"""The webhook receiver as Django URL patterns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.db import connections, transaction
from django.urls import URLPattern, path

from paylera.flow import Callee
from paylera.webhooks import MAX_BODY, ClaimStore, WebhookReceiver
from paylera_django._host import Performers, View


def paylera_webhook_urls(
    *,
    signing_secret: str,
    accepted_secrets: Sequence[str | None] | None = None,
    tolerance_seconds: float = 300,
    handlers: Mapping[str, Callable[..., Any]],
    claims: ClaimStore | None = None,
    tracer: Any = None,
) -> list[URLPattern]:
    """Return the receiver's URL patterns: `path("webhooks/paylera/", include(paylera_webhook_urls(...)))`.

    `handlers` maps an event type, `prefix.*` or `*` to a function of one argument, the typed event. A `def` handler
    runs in a transaction on every database with `ATOMIC_REQUESTS`, and its work is rolled back when it raises. `claims`
    is where handled events are remembered, in this process unless given; `tracer` an OpenTelemetry tracer. A bad
    setting is a `ValueError` that names the parameter. Source: contract section 7.
    """
    receiver = WebhookReceiver(
        signing_secret=signing_secret,
        accepted_secrets=accepted_secrets,
        tolerance_seconds=tolerance_seconds,
        handlers={key: _atomic(handler) for key, handler in handlers.items()},
        claims=claims,
        tracer=tracer,
    )

    view = View("paylera-webhooks", receiver.handle, Performers(), max_bytes=MAX_BODY, csrf_exempt=True)
    return [path("", view, name="paylera-webhooks")]


def _atomic(handler: Any) -> Any:
    # The receiver turns an exception into a 500, so Django's own per-request transaction would commit half the work.
    if not callable(handler) or Callee.of(handler).is_async:
        return handler

    @wraps(handler, updated=())
    def in_transaction(event: Any) -> Any:
        call = handler
        for alias in connections:
            if connections.settings[alias]["ATOMIC_REQUESTS"]:
                call = transaction.atomic(using=alias)(call)
        return call(event)

    return in_transaction
