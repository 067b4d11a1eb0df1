"""The conformance mounts on Django, for WSGI and ASGI; configured by the environment, because a server starts it."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, include, path

from conformance.apps.options import Journal, relay_options, webhook_options
from conformance.cases import mounts

_LOGIN_REQUIRED = ["django.contrib.auth.middleware.LoginRequiredMiddleware"] if django.VERSION >= (5, 1) else []
settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    LOGGING={
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"]},
    },
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        *_LOGIN_REQUIRED,
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for tests",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    USE_TZ=True,
)
django.setup()

from paylera_django import paylera_relay_urls, paylera_webhook_urls  # noqa: E402 - after the settings, as in a project

journal = Journal()
upstream = {"base_url": os.environ["TEST_UPSTREAM"], "nobody_url": os.environ["TEST_NOBODY"], "journal": journal}


def relay(mount: dict) -> list[URLPattern]:
    """Return the patterns of one mount."""
    patterns = paylera_relay_urls(**relay_options(mount, **upstream))
    if mount.get("csrf") is False:
        # Django's own check takes over there; a test of its own looks at that.
        for pattern in patterns:
            pattern.callback.csrf_exempt = True
    return patterns


def drain(_request: HttpRequest) -> JsonResponse:
    """Return what the merchant's callables were told."""
    return JsonResponse(journal.drain(), safe=False)


drain.login_required = False
urlpatterns = [
    *(path(f"relay/{name}/", include(relay(mount))) for name, mount in mounts("relay").items()),
    *(
        path(f"webhooks/{name}/", include(paylera_webhook_urls(**webhook_options(mount, journal=journal))))
        for name, mount in mounts("webhooks").items()
    ),
    path("debug/drain", drain),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
