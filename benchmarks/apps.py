"""The servers that are compared. Each baseline is what a careful merchant would write by hand, with one shared client.

Started by `benchmarks.servers` as `benchmarks.apps:<name>`; the upstream's address comes in BENCH_UPSTREAM.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

UPSTREAM = os.environ.get("BENCH_UPSTREAM", "http://127.0.0.1:9")
ANSWER = json.dumps({
    "object": "check", "allowed": True, "feature_code": "api_calls", "kind": "metered", "included": "1000",
    "usage": "41", "balance": "959", "unlimited": False,
    "subscription_id": "sub_0190f3b2c5a87e3e9d3c", "padding": "x" * 1450,
}).encode()  # fmt: skip
TOKEN = "pl_test_benchmark"
SECRET = "whsec_benchmark"
DRIVER = os.environ.get("BENCH_DRIVER", "")
DATABASE = os.environ.get("BENCH_DATABASE", "postgres")


async def upstream(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request with the same 1.7 kB of JSON, at the least cost."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def _starlette_baseline() -> Any:
    import httpx
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    client = httpx.AsyncClient(base_url=UPSTREAM, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)

    async def check(request: Request) -> Response:
        sent = await request.json()
        body = {"customer_id": "cus_1", "feature_code": sent["feature_code"]}
        answer = await client.post("/v1/check", json=body)
        return Response(answer.content, answer.status_code, media_type="application/json")

    return Starlette(routes=[Route("/api/paylera/check", check, methods=["POST"])])


def _fastapi_relay(*, is_async: bool) -> Any:
    from fastapi import FastAPI, Request

    from paylera_fastapi import PayleraCustomerIdentity, paylera_relay

    me = PayleraCustomerIdentity(customer_id="cus_1")

    def identify(request: Request) -> PayleraCustomerIdentity:
        return me

    async def identify_async(request: Request) -> PayleraCustomerIdentity:
        return me

    app = FastAPI()
    chosen = identify_async if is_async else identify
    app.include_router(paylera_relay(api_token=TOKEN, identify=chosen, base_url=UPSTREAM), prefix="/api/paylera")
    return app


def _configure_django() -> None:
    from django.conf import settings

    database = {"ENGINE": "django.db.backends.postgresql", "NAME": DATABASE, "USER": "postgres", "HOST": "127.0.0.1",
                "PORT": os.environ.get("BENCH_POSTGRES", "9"), "CONN_MAX_AGE": None}  # fmt: skip
    settings.configure(SECRET_KEY="benchmark", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], USE_TZ=True,
                       INSTALLED_APPS=["paylera_django.inbox"], DATABASES={"default": database})  # fmt: skip
    import django

    django.setup()


def _django_relay_urls() -> list[Any]:
    from django.urls import include, path

    from paylera_django import paylera_relay_urls
    from paylera_fastapi import PayleraCustomerIdentity

    me = PayleraCustomerIdentity(customer_id="cus_1")
    relay = paylera_relay_urls(api_token=TOKEN, identify=lambda _: me, base_url=UPSTREAM)
    return [path("api/paylera/", include(relay))]


def _django_baseline_urls() -> list[Any]:
    import httpx
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    client = httpx.Client(base_url=UPSTREAM, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)

    def check(request: HttpRequest) -> HttpResponse:
        sent = json.loads(request.body)
        body = {"customer_id": "cus_1", "feature_code": sent["feature_code"]}
        answer = client.post("/v1/check", json=body)
        return HttpResponse(answer.content, status=answer.status_code, content_type="application/json")

    return [path("api/paylera/check", check)]


def _django(urls: Any, *, is_async: bool = False) -> Any:
    _configure_django()
    globals()["urlpatterns"] = urls()
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    return get_asgi_application() if is_async else get_wsgi_application()


def _slow(_event: object) -> None:
    time.sleep(5)


def _django_inbox_urls() -> list[Any]:
    from django.core.management import call_command
    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path
    from django.views.decorators.csrf import csrf_exempt

    from paylera_django import paylera_webhook_urls
    from paylera_django.inbox import Inbox

    call_command("migrate", verbosity=0)
    inbox = Inbox(handlers={"*": _slow}, enqueue="worker")
    globals()["work"] = lambda: inbox.drive(inbox.work())

    @csrf_exempt
    def empty(request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"")

    return [path("empty", empty), path("hooks/", include(paylera_webhook_urls(signing_secret=SECRET, inbox=inbox)))]


def _fastapi_inbox() -> Any:
    from fastapi import FastAPI, Response
    from sqlalchemy.ext.asyncio import create_async_engine

    from paylera_fastapi import paylera_webhooks
    from paylera_fastapi.inbox import Inbox

    port = os.environ["BENCH_POSTGRES"]
    engine = create_async_engine(f"postgresql+{DRIVER}://postgres@127.0.0.1:{port}/{DATABASE}")
    inbox = Inbox(engine, handlers={"*": _slow}, enqueue="worker")
    globals()["work"] = lambda: asyncio.run(inbox.drive(inbox.work()))
    app = FastAPI()
    app.router.add_event_handler("startup", inbox.create_tables)
    app.include_router(paylera_webhooks(signing_secret=SECRET, inbox=inbox), prefix="/hooks")

    @app.post("/empty")
    async def empty() -> Response:
        return Response(b"")

    return app


_FACTORIES = {
    "starlette_httpx": _starlette_baseline,
    "fastapi_relay": lambda: _fastapi_relay(is_async=True),
    "fastapi_relay_def": lambda: _fastapi_relay(is_async=False),
    "django_httpx": lambda: _django(_django_baseline_urls),
    "django_relay": lambda: _django(_django_relay_urls),
    "django_inbox": lambda: _django(_django_inbox_urls),
    "fastapi_inbox": _fastapi_inbox,
    "django_relay_asgi": lambda: _django(_django_relay_urls, is_async=True),
}


def __getattr__(name: str) -> Any:
    if name not in _FACTORIES:
        raise AttributeError(name)
    globals()[name] = _FACTORIES[name]()  # made once: servers may ask twice
    return globals()[name]
