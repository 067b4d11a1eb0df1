"""A Django site with logins, a database and relays mounted in several ways; configured by the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from adapters.apps.counting import made

import django  # isort: skip
from django.conf import settings  # isort: skip

_AUTH_MIDDLEWARE = ["django.contrib.auth.middleware.AuthenticationMiddleware"]
if django.VERSION >= (5, 1):
    _AUTH_MIDDLEWARE.append("django.contrib.auth.middleware.LoginRequiredMiddleware")
settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["SITE_DATABASE"],
            "ATOMIC_REQUESTS": True,
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    LOGGING={"version": 1, "handlers": {"out": {"class": "logging.StreamHandler"}}, "root": {"handlers": ["out"]}},
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        *_AUTH_MIDDLEWARE,
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for tests",
    SESSION_ENGINE=os.environ["SITE_SESSIONS"],
    USE_TZ=True,
)
django.setup()

from asgiref.sync import iscoroutinefunction  # noqa: E402 - Django's models load after the settings
from django.contrib.auth import login, logout  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db.transaction import non_atomic_requests  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import include, path, reverse  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from adapters.signing import SECRET  # noqa: E402
from paylera_django import paylera_relay_urls, paylera_webhook_urls  # noqa: E402
from paylera_fastapi import PayleraCustomerIdentity  # noqa: E402

journal = Path(os.environ["SITE_JOURNAL"])


def note(line: str) -> None:
    """Append a line that the test reads."""
    with journal.open("a") as lines:
        lines.write(line + "\n")


def identify(request: HttpRequest) -> PayleraCustomerIdentity:
    """Read the session's user, or for loads of users a header."""
    if name := request.headers.get("x-test-user"):
        return PayleraCustomerIdentity(customer_id=name)
    if name := request.headers.get("x-test-new-user"):
        return PayleraCustomerIdentity(external_id=name, email=f"{name}@example.com")
    user: Any = request.user
    return (
        PayleraCustomerIdentity(external_id=str(user.pk), email=user.email)
        if user.is_authenticated
        else PayleraCustomerIdentity()
    )


async def identify_async(request: HttpRequest) -> PayleraCustomerIdentity:
    """Do the same with the ORM's async face."""
    if name := request.headers.get("x-test-user"):
        return PayleraCustomerIdentity(customer_id=name)
    user: Any = await request.auser()
    return (
        PayleraCustomerIdentity(external_id=str(user.pk), email=user.email)
        if user.is_authenticated
        else PayleraCustomerIdentity()
    )


def on_customer_created(request: HttpRequest, identity: PayleraCustomerIdentity, customer: dict[str, Any]) -> None:
    """Write to the database, as a merchant would."""
    Group.objects.get_or_create(name=f"customer {identity.external_id}")
    note(f"created {customer['id']}")


def failing(event: Any) -> None:
    """Write, then fail: nothing of it may stay."""
    Group.objects.create(name=f"event {event.id}")
    raise RuntimeError("after the write")


def writing(event: Any) -> None:
    """Write."""
    Group.objects.create(name=f"event {event.id}")


async def writing_async(event: Any) -> None:
    """Write, on an event loop."""
    await Group.objects.acreate(name=f"event {event.id}")


def relay(**more: Any) -> Any:
    """Return a relay's patterns to include."""
    options = {"api_token": "pl_test_x", "identify": identify, "base_url": os.environ["TEST_UPSTREAM"]}
    return include(paylera_relay_urls(**options | {"on_customer_created": on_customer_created} | more))


@csrf_exempt
def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """Log in."""
    login(request, User.objects.get(username=name))
    return HttpResponse(status=204)


@csrf_exempt
def sign_out(request: HttpRequest) -> HttpResponse:
    """Log out."""
    logout(request)
    return HttpResponse(status=204)


@csrf_exempt
def touch(request: HttpRequest) -> HttpResponse:
    """Change the session, which gives a cookie-backed one a new key."""
    request.session["touched"] = request.session.get("touched", 0) + 1
    return HttpResponse(status=204)


def guarded(_request: HttpRequest) -> HttpResponse:
    """Stand under Django's own CSRF protection."""
    return HttpResponse(status=204)


def groups(_request: HttpRequest) -> JsonResponse:
    """Show what was written."""
    return JsonResponse(sorted(Group.objects.values_list("name", flat=True)), safe=False)


def counts(_request: HttpRequest) -> JsonResponse:
    """Show what was made so far."""
    return JsonResponse(dict(made))


def names(_request: HttpRequest) -> JsonResponse:
    """Reverse every name."""
    found = {name: reverse(f"paylera-{name}") for name in NAMES}
    return JsonResponse(found | {name: reverse(f"paylera-{name}", args=["sub_1"]) for name in WITH_ID})


@csrf_exempt
def bare(request: HttpRequest) -> JsonResponse:
    """Read the body and answer: what any view costs."""
    return JsonResponse({"bytes": len(request.body)})


@csrf_exempt
@non_atomic_requests
async def bare_async(request: HttpRequest) -> JsonResponse:
    """Do the same on the event loop."""
    return JsonResponse({"bytes": len(request.body)})


NAMES = ["csrf-token", "attach", "check", "track", "entitlements", "me", "plans", "invoices", "billing-portal"]
WITH_ID = ["subscription-upgrade", "subscription-cancel"]
for view in (sign_in, sign_out, touch, guarded, groups, counts, names, bare, bare_async):
    view.login_required = False
assert iscoroutinefunction(bare_async)
urlpatterns = [
    path("api/paylera/", relay()),
    path("async/paylera/", relay(identify=identify_async)),
    path("plain/paylera/", relay(csrf=False)),
    path(
        "webhooks/paylera/",
        include(
            paylera_webhook_urls(
                signing_secret=SECRET,
                handlers={"invoice.paid": writing, "invoice.voided": failing, "invoice.updated": writing_async},
            )
        ),
    ),
    path("sign-in/<name>", sign_in),
    path("sign-out", sign_out),
    path("touch", touch),
    path("guarded", guarded),
    path("groups", groups),
    path("counts", counts),
    path("names", names),
    path("bare", bare),
    path("bare-async", bare_async),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    for username in ("alice", "bob"):
        User.objects.create_user(username, f"{username}@example.com", "secret")
