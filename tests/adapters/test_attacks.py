"""What a client test library would not let us send, and what goes wrong around a call, on real servers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from adapters.conftest import Site
from adapters.stub import Door
from conformance.serving import TESTS
from paylera_django._translate import to_request
from paylera_fastapi import PayleraCustomerIdentity, paylera_relay

API = "/api/paylera"
every_host = pytest.mark.parametrize("site", ["django-wsgi", "django-asgi", "fastapi"], indirect=True)
SECONDS = 15


@every_host
def test_a_browser_that_leaves_a_page_does_not_lose_its_customer(site: Site) -> None:
    """A `GET` creates customers too: what has begun at Paylera is announced although nobody waits any more."""
    door = site.stub.doors["create"] = Door()
    head = f"GET {API}/me HTTP/1.1\r\nHost: localhost\r\nX-Test-New-User: gone-{site.name}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=SECONDS) as connection:
        connection.sendall(head.encode())
        assert door.reached.wait(SECONDS)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert site.browser().get(f"{API}/csrf-token").status == 200  # the server has seen the end of the connection by now
    door.opened.set()
    with site.stub.arrived:  # the call goes on to read the customer
        assert site.stub.arrived.wait_for(
            lambda: any(c.path.startswith("/v1/customers/cus_") for c in site.stub.received), SECONDS
        )
    assert [line.split()[0] for line in site.journal.read_text().splitlines()] == ["created"]


def django_request(body: bytes, **meta: str) -> Any:
    """Return what a lenient WSGI server makes of a request, as far as its translation looks."""
    return SimpleNamespace(
        scheme="http", get_host=lambda: "localhost", path="/", method="POST", body=body, META=meta,
        read=lambda size: body[:size],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("length", "is_truncated"),
    [
        ("9" * 5000, True),
        ("9" * 25, True),
        ("3", True),
        ("2", False),
        ("0" * 5000 + "2", False),
        ("-1", False),
        ("", False),
    ],
    ids=lambda value: str(value)[:8],
)
def test_a_length_of_any_length_is_one(length: str, is_truncated: bool) -> None:
    """Some servers (`runserver` among them) let any digits through; thousands of them are no 500."""
    request = to_request(django_request(b"{}", CONTENT_LENGTH=length), max_bytes=64)
    assert (request.truncated, request.body) == (is_truncated, b"" if is_truncated else b"{}")


async def form(request: Request) -> None:
    """Read the body as a form."""
    await request.form()


async def drain(request: Request) -> None:
    """Read the body and drop it."""
    async for _ in request.stream():
        pass


def nobody(_request: Any) -> PayleraCustomerIdentity:
    """Identify nobody."""
    return PayleraCustomerIdentity()


@pytest.mark.parametrize(
    ("reads", "content_type", "status"),
    [
        (form, "application/x-www-form-urlencoded", 415),
        (form, "application/json", 403),
        (drain, "application/json", 413),
    ],
)
def test_a_body_that_a_dependency_has_read_is_no_failure(reads: Any, content_type: str, status: int) -> None:
    """Which form a stranger sends must not decide between an answer and a 500."""
    app = FastAPI()
    relay = paylera_relay(api_token="pl_test_x", identify=nobody)
    app.include_router(relay, prefix="/api/paylera", dependencies=[Depends(reads)])
    with TestClient(app) as client:
        answer = client.post(f"{API}/attach", content=b"plan_id=p", headers={"content-type": content_type})
        assert (answer.status_code, client.get(f"{API}/csrf-token").status_code) == (status, 200)


def test_a_mount_point_may_capture() -> None:
    """`path("<slug:shop>/paylera/", include(...))`: what is captured there is the project's, and no subscription."""
    command = [sys.executable, "-m", "adapters.apps.captured_site"]
    printed = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(TESTS)}, capture_output=True, check=True, timeout=60
    ).stdout
    assert json.loads(printed) == [401, 404, 401, 404]
