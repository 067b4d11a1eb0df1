"""A Django project whose mount points capture something; run as a program it prints what three calls got."""

from __future__ import annotations

import json

from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="only for tests", USE_TZ=True)

import django  # noqa: E402 - after the settings
from django.http import HttpRequest  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path, re_path  # noqa: E402

from paylera_django import paylera_relay_urls  # noqa: E402
from paylera_fastapi import PayleraCustomerIdentity  # noqa: E402

django.setup()


def identify(_request: HttpRequest) -> PayleraCustomerIdentity:
    """Identify nobody."""
    return PayleraCustomerIdentity()


relay = include(paylera_relay_urls(api_token="pl_test_x", identify=identify))
urlpatterns = [path("named/<slug:shop>/", relay), re_path(r"^unnamed/(\w+)/", relay)]

if __name__ == "__main__":
    browser = Client(raise_request_exception=False)
    paths = [f"/{mount}/acme/{route}" for mount in ("named", "unnamed") for route in ("me", "subscriptions/a.b/cancel")]
    answers = [browser.get(p) if p.endswith("me") else browser.post(p, {}, "application/json") for p in paths]
    print(json.dumps([answer.status_code for answer in answers]))
