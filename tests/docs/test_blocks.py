"""Every Python block of the READMEs and the docs runs, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "packages").glob("*/README.md")])
BLOCK = re.compile(r"<!-- runs: ([a-z-]+) -->\n```python\n(.*?)```", re.DOTALL)

DJANGO = """
import sys
from django.conf import settings
settings.configure(
    SECRET_KEY="docs", ROOT_URLCONF="documented", ALLOWED_HOSTS=["*"], PAYLERA_API_TOKEN="pl_test_x",
    PAYLERA_WEBHOOK_SECRET="whsec_x", PAYLERA_WEBHOOK_SECRET_PREVIOUS="",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
import django
django.setup()
import documented
from django.test import Client
from django.urls import NoReverseMatch, reverse
found = 0
for name, expected in {"paylera-csrf-token": 200, "paylera-me": 401, "paylera-webhooks": 405}.items():
    try:
        url = reverse(name)
    except NoReverseMatch:
        continue
    found += 1
    assert Client().get(url).status_code == expected, (url, Client().get(url).content)
assert found
"""
FASTAPI = """
import documented
from fastapi.testclient import TestClient
client = TestClient(documented.app, headers={"x-user": "user-1"})
paths = {"/api/paylera/csrf-token": 200, "/webhooks/paylera": 405, "/webhooks/paylera/": 405}
answers = {path: client.get(path, follow_redirects=False).status_code for path in paths}
assert any(answers[path] == status for path, status in paths.items()), answers
assert all(answers[path] in (status, 404) for path, status in paths.items()), answers
"""
CLIENT = """
import os
from paylera_sandbox import Sandbox
with Sandbox(token="pl_test_...") as sandbox:
    os.environ["PAYLERA_BASE_URL"] = sandbox.url
    import builtins
    builtins.token = sandbox.token
    builtins.sandbox = sandbox
    import documented
"""
AUTHORIZE = """
import documented
from paylera_fastapi import PayleraCustomerIdentity
member, owner = (PayleraCustomerIdentity(metadata={"role": role}) for role in ("member", "owner"))
assert documented.authorize("me", member, None)
assert not documented.authorize("attach", member, None)
assert documented.authorize("attach", owner, None)
assert not documented.authorize("attach", PayleraCustomerIdentity(), None)
"""
DELIVERY = """
import builtins
from types import SimpleNamespace
from paylera.testing import signed_event
delivery = signed_event("invoice.paid", secret="whsec_...")
builtins.body, builtins.request = delivery.body, SimpleNamespace(headers=delivery.headers)
import documented
assert documented.event.type == "invoice.paid"
"""
SHOP_URLS = """
from django.conf import settings
from django.urls import include, path
from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import PayleraCustomerIdentity

identity = PayleraCustomerIdentity(external_id="u1")
relay = paylera_relay_urls(api_token=settings.PAYLERA_API_TOKEN, identify=lambda request: identity, csrf=False)
receiver = paylera_webhook_urls(signing_secret=settings.PAYLERA_WEBHOOK_SECRET, handlers={})
urlpatterns = [path("api/paylera/", include(relay)), path("webhooks/paylera/", include(receiver))]
"""
SHOP = f"""
import sys
from pathlib import Path
import django
import pytest
from django.conf import settings
import documented

Path(documented.__file__).with_name("shop_urls.py").write_text({SHOP_URLS!r})
settings.configure(SECRET_KEY="docs", ROOT_URLCONF="shop_urls", ALLOWED_HOSTS=["*"], PAYLERA_API_TOKEN="pl_test_x",
                   PAYLERA_WEBHOOK_SECRET="whsec_x")
django.setup()

class Fixtures:
    @pytest.fixture
    def client(self):
        from django.test import Client
        return Client()

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", documented.__file__], plugins=[Fixtures()]))
"""
INBOX_SETTINGS = """
import sys, types
import documented
from django.conf import settings
settings.configure(**{name: value for name, value in vars(documented).items() if name.isupper()})
import django
django.setup()
from django.core.management import call_command
from paylera_django.inbox import Inbox, configured
sys.modules["shop"], sys.modules["shop.billing"] = types.ModuleType("shop"), types.ModuleType("shop.billing")
sys.modules["shop.billing"].inbox = Inbox(handlers={})
call_command("migrate", verbosity=0)
call_command("check", "--fail-level", "WARNING")
assert configured() is sys.modules["shop.billing"].inbox
"""
INBOX_DJANGO = """
from django.conf import settings
settings.configure(
    SECRET_KEY="docs", ROOT_URLCONF="documented", ALLOWED_HOSTS=["*"], PAYLERA_WEBHOOK_SECRET="whsec_x", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["paylera_django.inbox"], PAYLERA_INBOX="documented.inbox",
)
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from paylera.testing import signed_event
from paylera_django.inbox.models import InboxEvent
call_command("migrate", verbosity=0)
for kind, second in [(kind, second) for kind in ("invoice.paid", "subscription.updated") for second in (2, 1)]:
    at = f"2026-11-25T08:00:0{second}Z"
    sent = signed_event(kind, secret="whsec_x", id=f"evt_{kind}_{second}", aggregate_id=kind, occurred_at=at)
    headers = {"HTTP_PAYLERA_SIGNATURE": sent.headers["Paylera-Signature"]}
    answer = Client().post("/webhooks/paylera/", sent.body, content_type="application/json", **headers)
    assert answer.status_code == 200, answer.content
assert set(InboxEvent.objects.values_list("state", "is_stale")) == {("done", False), ("done", True)}
call_command("paylera_inbox", "stats")
"""
INBOX_CLAIMS = """
from django.conf import settings
settings.configure(
    SECRET_KEY="docs", ROOT_URLCONF="documented", ALLOWED_HOSTS=["*"], PAYLERA_WEBHOOK_SECRET="whsec_x",
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
)
import django
django.setup()
from django.test import Client
from paylera.testing import signed_event
sent = signed_event("invoice.paid", secret="whsec_x")
headers = {"HTTP_PAYLERA_SIGNATURE": sent.headers["Paylera-Signature"]}
for _ in range(2):
    answer = Client().post("/webhooks/paylera/", sent.body, content_type="application/json", **headers)
    assert answer.status_code == 200, answer.content
"""
INBOX_FASTAPI = """
import asyncio, sqlite3
import documented
from fastapi.testclient import TestClient
from paylera.testing import signed_event
with TestClient(documented.app) as client:
    for kind, second in [(kind, second) for kind in ("invoice.paid", "subscription.updated") for second in (2, 1, 1)]:
        at = f"2026-11-25T08:00:0{second}Z"
        sent = signed_event(kind, secret="whsec_x", id=f"evt_{kind}_{second}", aggregate_id=kind, occurred_at=at)
        answer = client.post("/webhooks/paylera", content=sent.body, headers=sent.headers)
        assert answer.status_code == 200, answer.text
    client.portal.call(documented.engine.dispose)
database = sqlite3.connect("shop.db")
states = database.execute("SELECT state, is_stale, count(*) FROM paylera_inbox_event GROUP BY 1, 2").fetchall()
assert states == [("done", 0, 2), ("done", 1, 2)], states
assert database.execute("SELECT count(*) FROM credits").fetchone() == (2,)
database.close()
"""
INBOX_CLAIMS_FASTAPI = """
import documented
from fastapi.testclient import TestClient
from paylera.testing import signed_event
sent = signed_event("invoice.paid", secret="whsec_x")
with TestClient(documented.app) as client:
    for _ in range(2):
        answer = client.post("/webhooks/paylera", content=sent.body, headers=sent.headers)
        assert answer.status_code == 200, answer.text
documented.engine.dispose()
"""
DJANGO_QUEUE = """
from importlib.util import find_spec
import django
from django.conf import settings
framework = "django.tasks" if find_spec("django.tasks") else "django_tasks"
settings.configure(
    SECRET_KEY="docs", USE_TZ=True, INSTALLED_APPS=["paylera_django.inbox"], PAYLERA_INBOX="documented.inbox",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TASKS={"default": {"BACKEND": framework + ".backends.immediate.ImmediateBackend"}},
)
django.setup()
from django.core.management import call_command
from paylera.testing import make_event
call_command("migrate", verbosity=0)
import documented
if hasattr(documented, "app"):
    documented.app.conf.task_always_eager = True
    documented.app.loader.import_default_modules()
inbox, event = documented.inbox, make_event("invoice.paid")
inbox.drive(inbox.receive(event, payload=event.model_dump_json().encode()))
assert inbox.drive(inbox.counts()) == {"done": 1}, inbox.drive(inbox.counts())
"""
FASTAPI_QUEUE = """
import asyncio, os, tempfile
os.chdir(tempfile.mkdtemp())
import documented
from paylera.testing import make_event
async def main():
    inbox, event = documented.inbox, make_event("invoice.paid")
    await inbox.create_tables()
    await inbox.drive(inbox.receive(event, payload=event.model_dump_json().encode()))
    async with asyncio.timeout(30):
        while await inbox.drive(inbox.counts()) != {"done": 1}:
            await asyncio.sleep(0.01)
    await documented.engine.dispose()
asyncio.run(main())
"""
PLAIN = "import documented"
RUNNERS = {
    "django": DJANGO,
    "fastapi": FASTAPI,
    "client": CLIENT,
    "authorize": AUTHORIZE,
    "delivery": DELIVERY,
    "plain": PLAIN,
    "django-queue": DJANGO_QUEUE,
    "fastapi-queue": FASTAPI_QUEUE,
    "inbox-settings": INBOX_SETTINGS,
    "inbox-django": INBOX_DJANGO,
    "inbox-claims": INBOX_CLAIMS,
    "inbox-fastapi": INBOX_FASTAPI,
    "inbox-claims-fastapi": INBOX_CLAIMS_FASTAPI,
    "pytest": SHOP,
}

CASES = [
    pytest.param(kind, code, id=f"{page.parent.name}-{page.stem}-{number}-{kind}")
    for page in PAGES
    for number, (kind, code) in enumerate(BLOCK.findall(page.read_text()))
]


@pytest.mark.parametrize(("kind", "code"), CASES)
def test_block(kind: str, code: str, tmp_path: Path) -> None:
    """The block does what the page says, as far as its kind can tell."""
    (tmp_path / "documented.py").write_text(code)
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "PAYLERA_API_TOKEN": "pl_test_x",
        "PAYLERA_WEBHOOK_SECRET": "whsec_x",
    }
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNERS[kind]],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr + result.stdout
