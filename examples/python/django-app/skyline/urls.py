"""Where things are: the Paylera relay and webhook receiver, as in the documentation, and the pages of the example."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import include, path

from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import InvoicePaidEvent, PayleraCustomerIdentity, PayleraWebhookEvent
from skyline import views
from skyline.models import ReceivedEvent


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
        include(
            paylera_relay_urls(
                api_token=settings.PAYLERA_API_TOKEN,
                identify=identify,
                auto_create_customer=True,
                csrf=True,
            )
        ),
    ),
]


async def handle_invoice_paid(event: InvoicePaidEvent) -> None:
    # event.data.id, event.data.amount_paid, ... typed
    await ReceivedEvent.objects.aget_or_create(event_id=event.id, defaults=ReceivedEvent.facts_of(event))


def handle_any(event: PayleraWebhookEvent) -> None:
    # Handlers may be sync, too. This one takes every type that has no handler of its own.
    ReceivedEvent.objects.get_or_create(event_id=event.id, defaults=ReceivedEvent.facts_of(event))


urlpatterns += [
    path(
        "webhooks/paylera/",
        include(
            paylera_webhook_urls(
                signing_secret=settings.PAYLERA_WEBHOOK_SECRET,
                accepted_secrets=[settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS]
                if settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS
                else None,
                handlers={"invoice.paid": handle_invoice_paid, "*": handle_any},
            )
        ),
    ),
]

urlpatterns += [
    path("", views.pricing),
    path("app", views.dashboard),
    path("welcome", views.welcome),
    path("login", views.page(views.SignIn.as_view())),
    path("logout", views.SignOut.as_view()),
    path("events", views.events),
    path("static/<str:name>", views.asset),
]
