"""Many calls at once, calls that are given up, and what a call costs."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.browser import Browser
from adapters.conftest import Site
from adapters.stub import Door, Stub
from conformance.upstream import Received

pytestmark = pytest.mark.slow
API = "/api/paylera"
every_host = pytest.mark.parametrize("site", ["django-wsgi", "django-asgi", "fastapi"], indirect=True)
SECONDS = 15
SERVER_THREADS = 32


@every_host
@pytest.mark.parametrize("base", [API, "/async/paylera"], ids=["def", "async def"])
def test_slow_calls_overlap(site: Site, base: str) -> None:
    """20 calls are at Paylera at the same moment: each waits there for the other 19."""
    assert overlapping(site, base, 20) == [200] * 20


def overlapping(site: Site, base: str, number: int) -> list[int]:
    """Return the statuses of calls none of which ends before all have arrived at Paylera."""
    together = threading.Barrier(number)
    site.stub.gate = lambda _: together.wait(SECONDS)

    def me(_: int) -> int:
        return site.browser(X_Test_User="cus_slow").get(f"{base}/me").status

    with ThreadPoolExecutor(number) as people:
        statuses = list(people.map(me, range(number)))
    site.stub.gate = lambda _: None
    return statuses


def post_and_leave(
    browser: Browser, path: str, body: dict[str, Any], token: str, *, after: Callable[[], object]
) -> None:
    """Send a call, wait for `after`, and close the connection without reading the answer."""
    content = json.dumps(body).encode()
    headers = browser.headers | {
        "Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(content)),
        "Paylera-CSRF-Token": token, "Cookie": f"paylera_csrf={browser.cookies['paylera_csrf']}",
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", browser.port), timeout=SECONDS) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        after()
        # A reset rather than a polite end, so that no server can miss it.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


@every_host
def test_a_browser_that_leaves_does_not_cut_a_cancel_in_half(site: Site) -> None:
    """It leaves while its subscription is being read: the cancel follows all the same."""
    door = site.stub.doors["GET /v1/subscriptions/sub_leaving"] = Door()
    browser = site.browser(X_Test_User="cus_1")
    token = browser.token(API)
    path = f"{API}/subscriptions/sub_leaving/cancel"
    post_and_leave(browser, path, {"at_period_end": True}, token, after=lambda: door.reached.wait(SECONDS))
    assert browser.get(f"{API}/csrf-token").status == 200  # the server has seen the end of the connection by now
    door.opened.set()
    call = site.stub.await_call("POST", "/v1/subscriptions/sub_leaving/cancel")
    assert json.loads(call.body) == {"at_period_end": True}
    assert call.query == {"version": "3"}


@every_host
def test_a_browser_that_leaves_does_not_lose_its_customer(site: Site) -> None:
    """It leaves while its customer is being created: it is announced, and the call goes through."""
    door = site.stub.doors["create"] = Door()
    browser = site.browser(X_Test_New_User=f"leaving-{site.name}")
    token = browser.token(API)
    body = {"feature_code": "exports"}
    post_and_leave(browser, f"{API}/track", body, token, after=lambda: door.reached.wait(SECONDS))
    assert browser.get(f"{API}/csrf-token").status == 200
    door.opened.set()
    call = site.stub.await_call("POST", "/v1/track")
    assert json.loads(call.body)["feature_code"] == "exports"
    customer = json.loads(call.body)["customer_id"]
    assert site.journal.read_text().splitlines() == [f"created {customer}"]


@pytest.mark.parametrize(
    ("site", "base"),
    [
        ("django-wsgi", API),
        ("django-asgi", API),
        ("django-asgi", "/async/paylera"),
        ("fastapi", API),
        ("fastapi", "/async/paylera"),
    ],
    indirect=["site"],
)
def test_a_call_makes_nothing(site: Site, base: str) -> None:
    """50 relayed checks make no more clients, TLS contexts, event loops or threads than 50 calls of a bare view."""
    browser = site.browser(X_Test_User="cus_1")
    token = browser.token(base)
    bare = "/bare" if site.name == "django-wsgi" else "/bare-async"

    def check() -> int:
        return browser.post(f"{base}/check", {"feature_code": "exports"}, Paylera_CSRF_Token=token).status

    def view() -> int:
        return browser.post(bare, {"feature_code": "exports"}).status

    # The server's own pool of threads is full before anything is counted.
    assert set(overlapping(site, base, SERVER_THREADS)) == {200}
    assert [check(), view()] == [200, 200]
    site.stub.play([])
    assert made_by(site, check) == made_by(site, view)
    assert {call.path for call in site.stub.received} == {"/v1/check"}


@pytest.mark.parametrize("site", ["django-wsgi"], indirect=True)
def test_the_counting_counts(site: Site) -> None:
    """An `async def identify` under WSGI is the one thing that needs an event loop a call, and it is seen."""
    browser = site.browser(X_Test_User="cus_1")
    assert made_by(site, lambda: browser.get("/async/paylera/me").status)["event loops"] == 50


def made_by(site: Site, call: Callable[[], int]) -> dict[str, int]:
    """Return what 50 calls made."""
    before = site.browser().get("/counts").json
    assert [call() for _ in range(50)] == [200] * 50
    after = site.browser().get("/counts").json
    return {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}


def test_first_calls_of_one_user_make_one_customer(started: Callable[[str], Site], stub: Stub) -> None:
    """16 threads in each of two processes, all at once: one customer, one announcement."""
    sites = [started("django-wsgi"), started("django-wsgi-second")]
    for site in sites:
        site.journal.write_text("")
    newcomer = "everybody-at-once"
    looked = threading.Barrier(32)

    def gate(call: Received) -> None:
        # Nobody creates before everybody has looked and found no one.
        if (call.method, call.path) == ("GET", "/v1/customers"):
            looked.wait(SECONDS)

    stub.gate = gate

    def first(site: Site) -> tuple[int, str]:
        answer = site.browser(X_Test_New_User=newcomer).get(f"{API}/me")
        return answer.status, answer.json["id"]

    with ThreadPoolExecutor(32) as people:
        answers = set(people.map(first, sites * 16))
    assert len(answers) == 1
    status, customer = answers.pop()
    assert status == 200
    assert [c["id"] for c in stub.customers.values() if c.get("external_id") == newcomer] == [customer]
    announced = [line for site in sites for line in site.journal.read_text().splitlines()]
    assert announced == [f"created {customer}"]
