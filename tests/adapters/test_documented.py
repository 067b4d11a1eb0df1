"""The documented code, pasted unchanged, on every server a merchant may run it with."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import documented
from adapters.browser import Browser
from adapters.signing import event, signed
from adapters.stub import Stub
from conformance.serving import free_port, gunicorn, process, require, uvicorn
from conformance.upstream import ScriptedServer

pytestmark = pytest.mark.slow
API = "/api/paylera"
SETTINGS = """
ALLOWED_HOSTS = ["localhost"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEBUG = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "shop.urls"
SECRET_KEY = "only for tests"
USE_TZ = True
WSGI_APPLICATION = "shop.wsgi.application"
"""
MORE_URLS = """
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def sign_in(request, name):
    login(request, User.objects.get(username=name))
    return HttpResponse(status=204)

def names(request):
    plain = ["csrf-token", "attach", "check", "track", "entitlements", "me", "plans", "invoices", "billing-portal"]
    found = [reverse(f"paylera-{name}") for name in plain]
    with_id = [reverse(f"paylera-subscription-{action}", args=["s"]) for action in ("upgrade", "cancel")]
    return JsonResponse(found + with_id, safe=False)

urlpatterns += [path("sign-in/<name>", sign_in), path("names", names), path("tuned/", include(tuned))]
"""
APPLICATION = """
import os

from django.core.{kind} import get_{kind}_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_{kind}_application()
"""
MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
execute_from_command_line(sys.argv)
"""
SECRETS = {"PAYLERA_API_TOKEN": "pl_test_documented", "PAYLERA_WEBHOOK_SECRET": "whsec_new"}
PREVIOUS = {"PAYLERA_WEBHOOK_SECRET_PREVIOUS": "whsec_old"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Path:
    """Return a Django project with the documented code in it."""
    home = tmp_path_factory.mktemp("project")
    files = {
        "manage.py": MANAGE,
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS + documented.DJANGO_SETTINGS,
        "shop/urls.py": documented.DJANGO_URLS + documented.DJANGO_WEBHOOKS + documented.DJANGO_CSRF + MORE_URLS,
        "shop/wsgi.py": APPLICATION.format(kind="wsgi"),
        "shop/asgi.py": APPLICATION.format(kind="asgi"),
        "site_fastapi.py": documented.FASTAPI,
    }
    (home / "shop").mkdir()
    for name, text in files.items():
        (home / name).write_text(text)
    shutil.copy(database, home / "db.sqlite3")
    return home


def runserver(_app: str, port: int) -> list[str]:
    return [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]


@pytest.fixture(
    params=[
        pytest.param((gunicorn, "shop.wsgi", PREVIOUS), id="gunicorn"),
        pytest.param((uvicorn, "shop.asgi:application", {}), id="uvicorn"),
        pytest.param((runserver, "", PREVIOUS), id="runserver"),
    ]
)
def shop(
    request: pytest.FixtureRequest, project: Path, upstream: ScriptedServer, stub: Stub, tmp_path: Path
) -> Iterator[int]:
    """Serve the project; where the environment says where Paylera is, the code stays as it is."""
    command, app, more = request.param
    if command is not runserver:
        require(command.__name__)
    port = free_port()
    env = SECRETS | more | {"PYTHONPATH": str(project), "PAYLERA_BASE_URL": upstream.base_url}
    with process(command(app, port), port, env=env, log=tmp_path / "log", cwd=project, health="/names"):
        yield port


def test_the_django_code(shop: int, stub: Stub, request: pytest.FixtureRequest) -> None:
    """A stranger, a user, her first customer, a subscription, and the webhooks."""
    stranger, alice = Browser(shop), Browser(shop)
    assert stranger.get(f"{API}/plans").status == 200
    assert stranger.get(f"{API}/me").json["type"] == "paylera.unauthenticated"
    assert alice.post("/sign-in/alice").status == 204
    assert alice.get(f"{API}/me").json["email"] == "alice@example.com"
    token = alice.token(API)
    assert alice.post(f"{API}/attach", {"plan_id": "plan_pro"}).json["type"] == "paylera.csrf_mismatch"
    assert alice.post(f"{API}/attach", {"plan_id": "plan_pro"}, Paylera_CSRF_Token=token).status == 200
    assert stub.count("POST", "/v1/attach") == 1
    assert stub.await_call("POST", "/v1/attach").header("authorization") == "Bearer pl_test_documented"
    knows_previous = "uvicorn" not in request.node.callspec.id
    for secret, status in (("whsec_new", 200), ("whsec_old", 200 if knows_previous else 401), ("", 401)):
        body, signature = signed(event(f"evt_{secret}"), secret)
        assert stranger.post("/webhooks/paylera/", body, Paylera_Signature=signature).status == status


def test_the_django_names_and_cookie_settings(shop: int) -> None:
    """Every name reverses to its path, and the tuned cookie is as tuned."""
    names = ["csrf-token", "attach", "check", "track", "entitlements", "me", "plans", "invoices", "billing-portal"]
    paths = [*names, "subscriptions/s/upgrade", "subscriptions/s/cancel"]
    # The tuned relay is mounted last, so names lead there.
    assert Browser(shop).get("/names").json == [f"/tuned/{path}" for path in paths]
    cookie = Browser(shop).get("/tuned/csrf-token").header("set-cookie") or ""
    assert cookie.partition("; ")[2] == "Max-Age=86400; Path=/api/paylera; SameSite=Strict; Secure"


def test_the_fastapi_code(project: Path, upstream: ScriptedServer, stub: Stub, tmp_path: Path) -> None:
    """A dependency guards the relay; the receiver answers with and without a slash, and dispatches to one handler."""
    require("uvicorn")
    port = free_port()
    env = SECRETS | PREVIOUS | {"PYTHONPATH": str(project), "PAYLERA_BASE_URL": upstream.base_url}
    command = uvicorn("site_fastapi:app", port)
    with process(command, port, env=env, log=tmp_path / "log", cwd=project, health="/seen"):
        alice = Browser(port, headers={"X-User": "documented@example.com"})
        assert Browser(port).get(f"{API}/plans").status == 401
        assert stub.received == []
        assert alice.get(f"{API}/me").json["email"] == "documented@example.com"
        token = alice.token(API)
        assert alice.post(f"{API}/attach", {"plan_id": "plan_pro"}, Paylera_CSRF_Token=token).status == 200
        for number, kind in enumerate(("invoice.paid", "invoice.voided", "customer.created")):
            body, signature = signed(event(f"evt_{number}", kind), "whsec_old" if number else "whsec_new")
            path = "/webhooks/paylera" + "/" * (number % 2)
            assert alice.post(path, body, Paylera_Signature=signature).status == 200
        assert alice.get("/seen").json == [
            "exact InvoicePaidEvent 19.00",
            "family invoice.voided",
            "any customer.created",
        ]
