"""Where things are: the Paylera relay and webhook receiver, as in the documentation, and the pages of the example."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.http import HttpRequest
from django.urls import include, path

from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import PayleraCustomerIdentity
from skyline import views
from skyline.billing import inbox


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


urlpatterns += [
    path(
        "webhooks/paylera/",
        include(
            paylera_webhook_urls(
                signing_secret=settings.PAYLERA_WEBHOOK_SECRET,
                accepted_secrets=[settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS]
                if settings.PAYLERA_WEBHOOK_SECRET_PREVIOUS
                else None,
                inbox=inbox,
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
    path("admin/", admin.site.urls),  # the inbox: what arrived, what became of it, one click to handle it again
    *staticfiles_urlpatterns(),
]
