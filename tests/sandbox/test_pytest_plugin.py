"""The pytest plugin, in the suites of small merchants: a Django project and a FastAPI application."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

DJANGO = {
    "shop/__init__.py": "",
    "shop/settings.py": """
        import os
        SECRET_KEY = "x"
        DEBUG = False
        ALLOWED_HOSTS = ["*"]
        ROOT_URLCONF = "shop.urls"
        INSTALLED_APPS = []
        PAYLERA_API_TOKEN = os.environ.get("PAYLERA_API_TOKEN", "")
        PAYLERA_WEBHOOK_SECRET = os.environ.get("PAYLERA_WEBHOOK_SECRET", "")
    """,
    "shop/urls.py": """
        from django.conf import settings
        from django.urls import include, path
        from paylera_django import paylera_relay_urls, paylera_webhook_urls
        from paylera_fastapi import PayleraCustomerIdentity

        paid = []

        def identify(request):
            return PayleraCustomerIdentity(external_id="u1", email="ada@example.com")

        urlpatterns = [
            path("api/paylera/", include(paylera_relay_urls(
                api_token=settings.PAYLERA_API_TOKEN, identify=identify, csrf=False))),
            path("webhooks/paylera/", include(paylera_webhook_urls(
                signing_secret=settings.PAYLERA_WEBHOOK_SECRET, handlers={"invoice.paid": paid.append}))),
        ]
    """,
    "conftest.py": """
        import django, os
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
        django.setup()
    """,
    "test_shop.py": """
        import pytest
        from django.test import Client, RequestFactory

        @pytest.mark.parametrize("turn", range(3))
        def test_the_relay_finds_an_empty_paylera_every_time(paylera_sandbox, turn):
            client = Client()
            assert client.get("/api/paylera/plans").status_code == 200
            body = {"feature_code": "api_calls"}
            assert client.post("/api/paylera/check", body, content_type="application/json").status_code == 200
            paylera_sandbox.assert_requested("POST", "/v1/customers", json={"external_id": "u1"}, times=1)
            assert len(paylera_sandbox.requests) > 2
            assert paylera_sandbox.health()["customers"] == 1

        def test_the_receiver_takes_what_is_signed(paylera_sandbox, paylera_webhooks):
            from shop.urls import paid
            paid.clear()
            client = Client()
            assert paylera_webhooks(client, "invoice.paid", amount_paid="5.40").status_code == 200
            assert [str(event.data.amount_paid) for event in paid] == ["5.40"]
            for wrong in ("wrong", "stale", "missing"):
                assert paylera_webhooks(client, "invoice.paid", signed=wrong).status_code == 401
            assert len(paid) == 1

        def test_events_that_happened_are_forwarded(paylera_sandbox, paylera_webhooks):
            paylera_sandbox.trigger("customer.created")
            paylera_sandbox.trigger("invoice.paid")
            assert [answer.status_code for answer in paylera_webhooks.forward(Client())] == [200, 200]
            assert paylera_webhooks.forward(Client()) == []
            [event] = paylera_sandbox.events(type="invoice.paid")
            assert paylera_webhooks.post(Client(), event).status_code == 200

        def test_request_factories_too(paylera_webhooks):
            assert paylera_webhooks(RequestFactory(), "invoice.paid").headers["Paylera-Event-Type"] == "invoice.paid"
    """,
}

FASTAPI = {
    "shop.py": """
        import os
        from fastapi import FastAPI
        from paylera_fastapi import PayleraCustomerIdentity, paylera_relay, paylera_webhooks

        paid = []
        app = FastAPI()
        app.include_router(paylera_relay(
            api_token=os.environ["PAYLERA_API_TOKEN"], csrf=False,
            identify=lambda request: PayleraCustomerIdentity(external_id="u1")), prefix="/api/paylera")
        app.include_router(paylera_webhooks(
            signing_secret=os.environ["PAYLERA_WEBHOOK_SECRET"], handlers={"invoice.paid": paid.append}),
            prefix="/webhooks/paylera")
    """,
    "test_shop.py": """
        import pytest
        import httpx2
        from fastapi.testclient import TestClient
        from shop import app, paid  # imported while tests are collected: the environment has to be set by then

        @pytest.mark.parametrize("turn", range(3))
        def test_the_relay_finds_an_empty_paylera_every_time(paylera_sandbox, turn):
            with TestClient(app) as client:
                assert client.post("/api/paylera/check", json={"feature_code": "api_calls"}).status_code == 200
            paylera_sandbox.assert_requested("POST", "/v1/customers", times=1)

        def test_the_receiver(paylera_webhooks):
            with TestClient(app) as client:
                assert paylera_webhooks(client, "invoice.paid", amount_paid="5.40").status_code == 200
                assert paylera_webhooks(client, "invoice.paid", signed="stale").status_code == 401
            assert str(paid[-1].data.amount_paid) == "5.40"
    """,
    "test_async.py": """
        import asyncio
        import httpx2
        from shop import app

        def test_an_asynchronous_client(paylera_webhooks):
            async def work():
                transport = httpx2.ASGITransport(app=app)
                async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
                    return (await paylera_webhooks(client, "invoice.paid")).status_code
            assert asyncio.run(work()) == 200
    """,
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAYLERA_BASE_URL", "PAYLERA_API_TOKEN", "PAYLERA_WEBHOOK_SECRET", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)


def run(pytester: pytest.Pytester, files: dict[str, str], *arguments: str, ini: str = "") -> pytest.RunResult:
    from textwrap import dedent

    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text))
    pytester.makeini(f"[pytest]\npythonpath = .\n{ini}")
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *arguments)


def test_a_django_project(pytester: pytest.Pytester) -> None:
    run(pytester, DJANGO).assert_outcomes(passed=6)


def test_a_django_project_whose_environment_is_set_first(pytester: pytest.Pytester) -> None:
    files = {
        **DJANGO,
        "test_first.py": "import shop.urls, django.urls\n\ndef test(): django.urls.reverse('paylera-me')\n",
    }
    run(pytester, files, ini="paylera_sandbox_env = true").assert_outcomes(passed=7)


def test_a_fastapi_application(pytester: pytest.Pytester) -> None:
    run(pytester, FASTAPI, ini="paylera_sandbox_env = true").assert_outcomes(passed=5)


def test_several_workers(pytester: pytest.Pytester) -> None:
    run(pytester, FASTAPI, "-n", "2", ini="paylera_sandbox_env = true").assert_outcomes(passed=5)


def test_a_live_token_is_never_taken(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYLERA_API_TOKEN", "pl_live_real")
    files = {
        "test_live.py": """
            import os

            def test_token(paylera_sandbox, paylera_webhooks):
                assert os.environ["PAYLERA_API_TOKEN"] == "pl_test_sandbox"
                assert os.environ["PAYLERA_BASE_URL"] == paylera_sandbox.url
        """
    }
    run(pytester, files).assert_outcomes(passed=1)


def test_a_failed_assertion_tells_what_was_asked(pytester: pytest.Pytester) -> None:
    files = {"test_it.py": "def test(paylera_sandbox): paylera_sandbox.assert_requested('GET', '/v1/plans')\n"}
    result = run(pytester, files)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*expected GET /v1/plans at least once, and it was requested 0 times*"])
    assert "requested.py" not in result.stdout.str().replace("requested.py:", "")


def test_a_catalogue_and_a_path_of_ones_own(pytester: pytest.Pytester) -> None:
    files = {
        "own.toml": '[plans.only]\nname = "Only"\namount = "1.00"\n',
        "test_it.py": """
            def test_own(paylera_sandbox, paylera_webhooks):
                plans = paylera_sandbox.control("GET", "/v1/plans")["data"]
                assert [plan["code"] for plan in plans] == ["only"]
                assert paylera_webhooks.path == "/hooks"
        """,
    }
    ini = "paylera_sandbox_catalogue = own.toml\npaylera_sandbox_webhook_path = /hooks"
    run(pytester, files, ini=ini).assert_outcomes(passed=1)


def test_it_costs_nothing_when_it_is_not_used(pytester: pytest.Pytester) -> None:
    files = {
        "test_it.py": """
            import os, sys

            def test_nothing():
                loaded = {name.split(".")[0] for name in sys.modules}
                assert not loaded & {"starlette", "uvicorn", "httpx2", "jinja2", "sqlite3", "typer"}
                assert "PAYLERA_BASE_URL" not in os.environ
        """
    }
    run(pytester, files, "-p", "no:hypothesispytest", "-p", "no:schemathesis").assert_outcomes(passed=1)


def test_the_module_alone_loads_nothing() -> None:
    script = "import sys, paylera_sandbox.testing.plugin; print(sorted(m for m in sys.modules if 'paylera' in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['paylera_sandbox', 'paylera_sandbox.testing', 'paylera_sandbox.testing.plugin']"
