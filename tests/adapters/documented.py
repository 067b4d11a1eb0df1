"""The documented code, as a merchant pastes it."""

DJANGO_URLS = """
from django.conf import settings
from django.http import HttpRequest
from django.urls import include, path
from paylera_django import paylera_relay_urls
from paylera_fastapi import PayleraCustomerIdentity

def identify(request: HttpRequest) -> PayleraCustomerIdentity:
    user = request.user
    if not user.is_authenticated:
        return PayleraCustomerIdentity()
    return PayleraCustomerIdentity(
        customer_id=getattr(user, "paylera_customer_id", None),
        email=user.email,
        name=user.get_full_name(),
    )

urlpatterns = [
    path(
        "api/paylera/",
        include(paylera_relay_urls(
            api_token=settings.PAYLERA_API_TOKEN,
            identify=identify,
            auto_create_customer=True,
            csrf=True,
        )),
    ),
]
"""

DJANGO_WEBHOOKS = """
from paylera_django import paylera_webhook_urls
from paylera_fastapi import InvoicePaidEvent

async def handle_invoice_paid(event: InvoicePaidEvent) -> None:
    # event.data.id, event.data.amount_paid, ... typed
    ...

urlpatterns += [
    path("webhooks/paylera/", include(paylera_webhook_urls(
        signing_secret=settings.PAYLERA_WEBHOOK_SECRET,
        accepted_secrets=[settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS]
            if settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS else None,
        handlers={"invoice.paid": handle_invoice_paid},
    ))),
]
"""

DJANGO_SETTINGS = """
import os

PAYLERA_API_TOKEN = os.environ["PAYLERA_API_TOKEN"]
PAYLERA_WEBHOOK_SECRET = os.environ["PAYLERA_WEBHOOK_SECRET"]
PAYLERA_WEBHOOK_SECRET_PREVIOUS = os.environ.get("PAYLERA_WEBHOOK_SECRET_PREVIOUS", "")
"""

DJANGO_CSRF = """
from paylera_fastapi import PayleraCsrfOptions

tuned = paylera_relay_urls(
    api_token=settings.PAYLERA_API_TOKEN,
    identify=identify,
    csrf=PayleraCsrfOptions(
        cookie_path="/api/paylera",
        cookie_secure=True,
        cookie_samesite="strict",
    ),
)
"""

FASTAPI = """
import os

from fastapi import Depends, FastAPI, HTTPException, Request
from paylera_fastapi import PayleraCustomerIdentity, paylera_relay, paylera_webhooks

app = FastAPI()

def require_auth(request: Request) -> None:
    if "x-user" not in request.headers:
        raise HTTPException(401)

def identify(request: Request) -> PayleraCustomerIdentity:
    return PayleraCustomerIdentity(email=request.headers["x-user"])

seen = []

async def f(event):
    seen.append(f"exact {type(event).__name__} {event.data.amount_paid}")

def g(event):
    seen.append(f"family {event.type}")

async def h(event):
    seen.append(f"any {event.type}")

app.include_router(paylera_relay(api_token=os.environ["PAYLERA_API_TOKEN"], identify=identify,
                                 auto_create_customer=True, csrf=True),
                   prefix="/api/paylera", dependencies=[Depends(require_auth)])
app.include_router(paylera_webhooks(signing_secret=os.environ["PAYLERA_WEBHOOK_SECRET"],
                                    accepted_secrets=[os.environ["PAYLERA_WEBHOOK_SECRET_PREVIOUS"]] or None,
                                    tolerance_seconds=300,
                                    handlers={"invoice.paid": f, "invoice.*": g, "*": h}), prefix="/webhooks/paylera")

@app.get("/seen")
def all_seen() -> list[str]:
    return seen
"""
