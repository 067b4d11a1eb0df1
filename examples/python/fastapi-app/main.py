"""The example on FastAPI: Paylera's relay and webhook receiver, as documented, and the pages around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pages
import settings
from accounts import require_auth, signed_in
from anyio import to_thread
from fastapi import Depends, FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

import inbox
from paylera_fastapi import (
    InvoicePaidEvent,
    PayleraCustomerIdentity,
    PayleraWebhookEvent,
    paylera_relay,
    paylera_webhooks,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await to_thread.run_sync(inbox.create)
    yield


app = FastAPI(title="Skyline", lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(SessionMiddleware, secret_key=settings.SECRET_KEY, session_cookie="skyline", same_site="lax")


def identify(request: Request) -> PayleraCustomerIdentity:
    account = signed_in(request)
    if account is None:
        return PayleraCustomerIdentity()
    return PayleraCustomerIdentity(email=account.email, name=account.name)


async def handle_invoice_paid(event: InvoicePaidEvent) -> None:
    # event.data.id, event.data.amount_paid, ... typed
    await to_thread.run_sync(inbox.add, event)


def handle_any(event: PayleraWebhookEvent) -> None:
    # Handlers may be sync, too. This one takes every type that has no handler of its own.
    inbox.add(event)


app.include_router(
    paylera_relay(api_token=settings.PAYLERA_API_TOKEN, identify=identify, auto_create_customer=True, csrf=True),
    prefix="/api/paylera",
    dependencies=[Depends(require_auth)],
)
app.include_router(
    paylera_webhooks(
        signing_secret=settings.PAYLERA_WEBHOOK_SECRET,
        accepted_secrets=[settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS]
        if settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS
        else None,
        tolerance_seconds=300,
        handlers={"invoice.paid": handle_invoice_paid, "*": handle_any},
    ),
    prefix="/webhooks/paylera",
)
app.include_router(pages.router)
app.mount("/static", pages.files)
