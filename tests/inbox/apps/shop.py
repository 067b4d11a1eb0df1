"""A shop on Django with an inbox, as a merchant would write it; configured by the environment.

`python -m inbox.apps.shop paylera_inbox stats` is its `manage.py`; `inbox.apps.shop:wsgi` and `:asgi` serve it.

SHOP_DATABASE: a path (SQLite) or a port (PostgreSQL). SHOP_ATOMIC: ATOMIC_REQUESTS. SHOP_ENQUEUE: see `queues`.
SHOP_ASYNC: the handlers are `async def`. SHOP_LOG: the level. SHOP_API: the URL of a sandbox.
SHOP_TASKS: the backend of Django's task framework.
SHOP_INBOX, SHOP_DEFERRED, SHOP_NO_TZ: mistakes in the settings.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import django
from django.conf import settings

NAME = os.environ["SHOP_DATABASE"]
POSTGRES: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres",
                            "HOST": "127.0.0.1", "PORT": NAME}  # fmt: skip
IMMEDIATE = {"transaction_mode": "IMMEDIATE"} if django.VERSION >= (5, 1) and "SHOP_DEFERRED" not in os.environ else {}
SQLITE: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": NAME, "OPTIONS": {"timeout": 60, **IMMEDIATE}}
MODULE = "inbox.apps.shop"  # also where this is run as a program

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {**(POSTGRES if NAME.isdigit() else SQLITE), "ATOMIC_REQUESTS": bool(os.environ.get("SHOP_ATOMIC"))}
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "paylera_django.inbox",
        *(["django_tasks_db"] if "SHOP_TASKS" in os.environ else []),
    ],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"out": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["out"], "level": os.environ.get("SHOP_LOG", "WARNING")},
    },
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    PAYLERA_INBOX=os.environ.get("SHOP_INBOX", f"{MODULE}.inbox"),
    ROOT_URLCONF=MODULE,
    SECRET_KEY="only for tests",
    STATIC_URL="static/",
    TASKS={"default": {"BACKEND": os.environ.get("SHOP_TASKS", "")}},
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    TIME_ZONE="UTC",
    USE_TZ="SHOP_NO_TZ" not in os.environ,
)
if __name__ == "__main__":
    # The module has one name, whoever starts it.
    sys.modules[MODULE] = sys.modules[__name__]
django.setup()

from django.contrib import admin  # noqa: E402 - Django's models load after the settings
from django.contrib.auth.models import Group  # noqa: E402
from django.contrib.staticfiles.views import serve  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import execute_from_command_line  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402

from inbox.apps import queues  # noqa: E402
from inbox.apps.peers import api  # noqa: E402
from inbox.apps.queues import celery  # noqa: E402, F401 - for its worker
from paylera.webhooks import PayleraWebhookEvent, WebhookHandlers  # noqa: E402
from paylera_django import paylera_webhook_urls  # noqa: E402
from paylera_django.inbox import Inbox  # noqa: E402
from paylera_django.inbox.models import InboxEvent  # noqa: E402

SECRET = "whsec_shop"
log = logging.getLogger("shop")


def grant(event: PayleraWebhookEvent) -> None:
    """Write the effect of an event; then fail if its data say so."""
    Group.objects.create(name=f"effect {event.id}")
    queues.gate(event)
    transaction.on_commit(lambda: log.info("committed %s in_atomic=%s", event.id, connection.in_atomic_block))
    if "fail" in str(event.aggregate_id) and not Group.objects.filter(name="mended").exists():
        raise RuntimeError("the shop is closed")


async def agrant(event: PayleraWebhookEvent) -> None:
    """Do the same with the ORM's async face."""
    await Group.objects.acreate(name=f"effect {event.id}")
    await queues.agate(event)
    if "fail" in str(event.aggregate_id) and not await Group.objects.filter(name="mended").aexists():
        raise RuntimeError("the shop is closed")


on = WebhookHandlers()
on("invoice.paid")(agrant if os.environ.get("SHOP_ASYNC") else grant)
inbox: Inbox = Inbox(handlers={**on, "*": grant}, enqueue=queues.enqueue(lambda: inbox), api=api(), **queues.OPTIONS)


def effects(_request: HttpRequest) -> JsonResponse:
    """Tell what is committed."""
    return JsonResponse(list(Group.objects.order_by("pk").values_list("name", flat=True)), safe=False)


def stored(_request: HttpRequest) -> JsonResponse:
    """Tell which events are in the inbox."""
    return JsonResponse(list(InboxEvent.objects.values_list("pk", flat=True)), safe=False)


urlpatterns = [
    path("", lambda _request: HttpResponse("up")),
    path("effects", effects),
    path("stored", stored),
    path("admin/", admin.site.urls),
    path(
        "hooks/",
        include(paylera_webhook_urls(signing_secret="whsec_new", accepted_secrets=[SECRET], inbox=inbox)),
    ),
    path("static/<path:path>", serve, {"insecure": True}),
]

wsgi = get_wsgi_application()
asgi = get_asgi_application()

if __name__ == "__main__":
    execute_from_command_line(["shop", *sys.argv[1:]])
