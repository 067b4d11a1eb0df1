"""The webhook receiver as a FastAPI router."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from starlette.types import Lifespan

from paylera.webhooks import MAX_BODY, ClaimStore, Inbox, WebhookReceiver
from paylera.webhooks.secrets import AcceptedSecrets, SecretSource
from paylera_fastapi._host import mount, new_router, performer


def paylera_webhooks(
    *,
    signing_secret: SecretSource,
    accepted_secrets: AcceptedSecrets | None = None,
    tolerance_seconds: float = 300,
    handlers: Mapping[str, Callable[..., Any]] | None = None,
    claims: ClaimStore | None = None,
    inbox: Inbox | None = None,
    standard_webhooks: bool = False,
    tracer: Any = None,
) -> APIRouter:
    """Return the receiver as a router: `app.include_router(paylera_webhooks(...), prefix="/webhooks/paylera")`.

    It answers with and without a trailing slash, because a sender takes a redirect for a failure. `handlers` maps an
    event type, `prefix.*` or `*` to a function of one argument, the typed event; `def` ones run in the thread pool.
    `claims` is where handled events are remembered, in this process unless given; an `inbox` stores and handles them,
    and has the handlers. Secrets may be providers, `def` or `async def`. `standard_webhooks` accepts the headers of
    Standard Webhooks too; `tracer` is an OpenTelemetry tracer. A bad setting is a `ValueError` that names the
    parameter. Source: contract section 7.
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
    )

    router, perform = new_router(_stopping(inbox)), performer()
    for path, name in (("", "paylera-webhooks"), ("/", "paylera-webhooks-slash")):
        mount(router, path, name, receiver.handle, perform, max_bytes=MAX_BODY)
    return router


def _stopping(inbox: Inbox | None) -> Lifespan[Any] | None:
    stop: Callable[[], Awaitable[None]] | None = getattr(inbox, "stop", None)  # one of `paylera_fastapi.inbox`
    if stop is None:
        return None

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        yield
        await stop()

    return lifespan
