"""The webhook receiver as a FastAPI router."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from paylera.webhooks import MAX_BODY, ClaimStore, WebhookReceiver
from paylera_fastapi._host import mount, new_router, performer


def paylera_webhooks(
    *,
    signing_secret: str,
    accepted_secrets: Sequence[str | None] | None = None,
    tolerance_seconds: float = 300,
    handlers: Mapping[str, Callable[..., Any]],
    claims: ClaimStore | None = None,
    tracer: Any = None,
) -> APIRouter:
    """Return the receiver as a router: `app.include_router(paylera_webhooks(...), prefix="/webhooks/paylera")`.

    It answers with and without a trailing slash, because a sender takes a redirect for a failure. `handlers` maps an
    event type, `prefix.*` or `*` to a function of one argument, the typed event; `def` ones run in the thread pool.
    `claims` is where handled events are remembered, in this process unless given; `tracer` an OpenTelemetry tracer. A
    bad setting is a `ValueError` that names the parameter. Source: contract section 7.
    """
    receiver = WebhookReceiver(
        signing_secret=signing_secret,
        accepted_secrets=accepted_secrets,
        tolerance_seconds=tolerance_seconds,
        handlers=handlers,
        claims=claims,
        tracer=tracer,
    )

    router, perform = new_router(), performer()
    for path, name in (("", "paylera-webhooks"), ("/", "paylera-webhooks-slash")):
        mount(router, path, name, receiver.handle, perform, max_bytes=MAX_BODY)
    return router
