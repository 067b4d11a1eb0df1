"""Build the wheels and try them in clean environments, with the oldest and the newest Django of each Python here.

Run by `make wheels`. Nothing of the source tree is on the path of the environments.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".uv" / "bin" / "uv"
PACKAGES = ("paylera", "paylera-fastapi", "paylera-sandbox")

DJANGO_PROBE = """
import django, sys
from django.conf import settings
settings.configure(SECRET_KEY="only-a-probe", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], INSTALLED_APPS=[])
django.setup()
from django.test import Client
from django.urls import include, path, reverse
from paylera_django import paylera_relay_urls, paylera_webhook_urls
assert not {"fastapi", "starlette"} & sys.modules.keys(), "paylera_django loads FastAPI"
from paylera_fastapi import InvoicePaidEvent, PayleraCustomerIdentity
assert not {"fastapi", "starlette"} & sys.modules.keys(), "paylera_fastapi loads FastAPI"
identify = lambda request: PayleraCustomerIdentity()
urlpatterns = [
    path("api/paylera/", include(paylera_relay_urls(api_token="pl_test_x", identify=identify))),
    path("webhooks/paylera/", include(paylera_webhook_urls(signing_secret="whsec_x", handlers={}))),
]
assert Client().get(reverse("paylera-csrf-token")).status_code == 200
assert Client().get(reverse("paylera-me")).status_code == 401
assert Client().post("/webhooks/paylera/", b"{}", content_type="application/json").status_code == 401
print("Django", django.get_version(), "on Python", sys.version.split()[0], "works")
"""
INBOX_PROBE = """
import django, logging, sys
logging.disable()
from django.conf import settings
TEMPLATES = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}
settings.configure(
    SECRET_KEY="only-a-probe", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True, STATIC_URL="static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, TEMPLATES=[TEMPLATES],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", PAYLERA_INBOX=__name__ + ".inbox",
    INSTALLED_APPS=["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages")]
    + ["paylera_django.inbox"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
)
django.setup()
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from paylera.testing import signed_event
from paylera_django import paylera_webhook_urls
from paylera_django.inbox import Inbox, OrmClaims
seen = []
inbox = Inbox(handlers={"*": lambda event: seen.append(event.id) if event.id == "evt_1" else 1 / 0})
urlpatterns = [path("admin/", admin.site.urls),
               path("hooks/", include(paylera_webhook_urls(signing_secret="whsec_x", inbox=inbox)))]
call_command("migrate", verbosity=0)
call_command("makemigrations", "--check", "--dry-run")
for event_id, status in (("evt_1", 200), ("evt_1", 200), ("evt_2", 500)):
    sent = signed_event("invoice.paid", secret="whsec_x", id=event_id, aggregate_id=event_id)
    headers = {"HTTP_PAYLERA_SIGNATURE": sent.headers["Paylera-Signature"]}
    assert Client().post("/hooks/", sent.body, content_type="application/json", **headers).status_code == status
assert seen == ["evt_1"]
client = Client()
client.force_login(User.objects.create_superuser("root", password="x"))
where = "/admin/paylera_inbox/inboxevent/"
assert b"paylera-failed" in client.get(where).content
page = client.get(where + "evt_5F2/change/").content
assert b"ZeroDivisionError" in page and b"Replay even if stale" in page
again = client.post(where + "evt_5F2/replay-even-if-stale/", follow=True)
assert b"1 of 1 replayed; now 1 failed." in again.content
claims = OrmClaims()
assert [claims.claim("e", "a"), claims.claim("e", "b")] == ["claimed", "busy"]
claims.complete("e", "a")
assert claims.claim("e", "b") == "done"
call_command("paylera_inbox", "stats")
print("the inbox on Django", django.get_version(), "on Python", sys.version.split()[0], "works")
"""
FASTAPI_PROBE = """
import sys
from fastapi import FastAPI
from paylera_fastapi import PayleraCustomerIdentity, paylera_relay, paylera_webhooks
app = FastAPI()
identify = lambda request: PayleraCustomerIdentity()
app.include_router(paylera_relay(api_token="pl_test_x", identify=identify), prefix="/api/paylera")
app.include_router(paylera_webhooks(signing_secret="whsec_x", handlers={}), prefix="/webhooks/paylera")
assert "django" not in sys.modules
from paylera import AsyncPayleraClient, PayleraClient, PayleraError
print("FastAPI without Django works on Python", sys.version.split()[0])
"""
SANDBOX_PROBE = """
from urllib.request import Request, urlopen
from paylera_sandbox import Sandbox
with Sandbox() as sandbox:
    request = Request(sandbox.url + "/v1/plans", headers={"Authorization": "Bearer " + sandbox.token})
    assert urlopen(request, timeout=10).status == 200
print("the sandbox alone works")
"""
SDK = ("paylera", "paylera-fastapi")
EXPERIMENTS: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...], str], ...] = (
    # name, wheels of ours, extra of the last one, packages beside them, probe
    ("FastAPI, no Django", SDK, "", (), FASTAPI_PROBE),
    ("oldest Django", SDK, "[django]", ("Django==4.2.*",), DJANGO_PROBE),
    ("newest Django", SDK, "[django]", (), DJANGO_PROBE),
    ("inbox, oldest Django", SDK, "[django]", ("Django==4.2.*",), INBOX_PROBE),
    ("inbox, newest Django", SDK, "[django]", (), INBOX_PROBE),
    ("sandbox", ("paylera-sandbox",), "", (), SANDBOX_PROBE),
)


def run(*command: str | Path, **options: object) -> None:
    """Run a command; a failure ends the script with its output on the screen."""
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]


def pythons() -> list[str]:
    """Return the interpreters to try: this one, and a newer one for the Django that needs it, where it is to be had."""
    # pyenv keeps versions off the PATH until they are chosen; uv does not look there.
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    names = ("3.13", "3.12")
    candidates = [
        *(f"python{name}" for name in names),
        *(str(p) for n in names for p in pyenv.glob(f"{n}.*/bin/python")),
    ]
    return [sys.executable, *[python for python in candidates if _runs(python)][:1]]


def _runs(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import ssl, sqlite3"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def build(dist: Path) -> dict[str, Path]:
    """Build every wheel; return them by distribution."""
    for package in PACKAGES:
        run(UV, "build", "--quiet", "--wheel", "--package", package, "--out-dir", dist, cwd=ROOT)
    return {package: next(dist.glob(f"{package.replace('-', '_')}-*.whl")) for package in PACKAGES}


def main() -> None:
    """Build, then install and probe every combination."""
    with tempfile.TemporaryDirectory() as temporary:
        wheels = build(Path(temporary) / "dist")
        venv, script = Path(temporary) / "venv", Path(temporary) / "probe_urls.py"
        for python in pythons():
            for name, ours, extra, beside, probe in EXPERIMENTS:
                print(f"-- {name}", flush=True)
                files = [str(wheels[package]) for package in ours]
                run(UV, "venv", "--quiet", "--clear", "--python", python, venv)
                run(UV, "pip", "install", "--quiet", "--python", venv, *files[:-1], files[-1] + extra, *beside)
                script.write_text(probe)
                run(venv / "bin" / "python", "-W", "error", script, cwd=temporary)


if __name__ == "__main__":
    main()
