"""The example on FastAPI: Paylera's relay and webhook receiver, as documented, and the pages around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pages
import received
import settings
from accounts import require_auth, signed_in
from billing import inbox
from fastapi import Depends, FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

from paylera_fastapi import PayleraCustomerIdentity, paylera_relay, paylera_webhooks


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await received.create()
    await inbox.create_tables()
    yield


app = FastAPI(title="Skyline", lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(SessionMiddleware, secret_key=settings.SECRET_KEY, session_cookie="skyline", same_site="lax")


def identify(request: Request) -> PayleraCustomerIdentity:
    account = signed_in(request)
    if account is None:
        return PayleraCustomerIdentity()
    return PayleraCustomerIdentity(email=account.email, name=account.name)


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
        inbox=inbox,
    ),
    prefix="/webhooks/paylera",
)
app.include_router(pages.router)
app.mount("/static", pages.files)
