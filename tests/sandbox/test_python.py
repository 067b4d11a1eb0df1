"""The sandbox in the hands of a Python test: time, namespaces, assertions, and everything without a socket."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from paylera import AsyncPayleraClient, PayleraClient
from paylera.webhooks import verify_signature
from paylera_sandbox import Sandbox, SandboxError


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[PayleraClient]:
    with PayleraClient(api_token=sandbox.token, base_url=sandbox.url) as client:
        yield client


class TestTime:
    def test_advance(self, sandbox: Sandbox, client: PayleraClient) -> None:
        sandbox.clock.pin("2030-01-31T00:00:00.000Z")
        assert sandbox.advance("45d") == datetime(2030, 3, 17, tzinfo=UTC)
        assert client.create_customer(email="a@example.com")["created_at"] == "2030-03-17T00:00:00.000Z"
        assert sandbox.advance(to=datetime(2031, 1, 1, tzinfo=UTC)) == sandbox.clock.now()
        assert sandbox.clock.state()["mode"] == "pinned"

    def test_back_to_real_time(self, sandbox: Sandbox) -> None:
        before = sandbox.clock.now()
        sandbox.clock.pin()
        assert sandbox.clock.real() >= before

    @pytest.mark.parametrize("by", ["", "x", "-1d", "1", "9999999y"])
    def test_durations_that_are_none(self, sandbox: Sandbox, by: str) -> None:
        with pytest.raises(SandboxError, match="by") as caught:
            sandbox.advance(by)
        assert caught.value.code == "validation.failed"
        with pytest.raises(SandboxError):
            sandbox.advance()


def test_trigger_and_resend(sandbox: Sandbox) -> None:
    event = sandbox.trigger("invoice.paid", amount_paid="5.40", **{"metadata.order": 7})
    assert (event["data"]["amount_paid"], event["data"]["metadata"]) == ("5.40", {"order": 7})
    assert sandbox.resend(event["id"]) == []
    with pytest.raises(SandboxError, match=r"invoice\.paid"):
        sandbox.trigger("invoice.payed")


def test_snapshot_and_restore(sandbox: Sandbox, client: PayleraClient) -> None:
    customer = client.create_customer(email="a@example.com")
    kept = sandbox.snapshot()
    sandbox.reset()
    assert sandbox.health()["customers"] == 0
    sandbox.restore(kept)
    assert client.get_customer(customer["id"]) == customer
    with pytest.raises(SandboxError, match=r"snapshot\.invalid"):
        sandbox.restore(b"no")


def test_namespaces_on_one_server(sandbox: Sandbox, client: PayleraClient) -> None:
    one, two = sandbox.namespace("one"), sandbox.namespace("two")
    with PayleraClient(api_token=one.token, base_url=one.url) as mine:
        mine.create_customer(email="a@example.com")
    assert [len(bench.requests) for bench in (one, two, sandbox)] == [1, 0, 0]
    one.clock.pin("2040-01-01T00:00:00.000Z")
    assert two.clock.now().year < 2040
    assert sandbox.namespace("one").health()["customers"] == 1
    sandbox.delete_namespace("one")
    with pytest.raises(SandboxError, match="token"):
        one.health()
    with pytest.raises(SandboxError, match="name"):
        sandbox.namespace("A b")


class TestAssertRequested:
    def test_what_was_requested(self, sandbox: Sandbox, client: PayleraClient) -> None:
        client.create_customer(email="a@example.com", metadata={"a": "1", "b": "2"})
        sandbox.assert_requested("POST", "/v1/customers")
        sandbox.assert_requested("post", "/v1/customers", json={"metadata": {"a": "1"}}, times=1)
        sandbox.assert_requested("GET", "/v1/plans", times=0)

    def test_what_was_not(self, sandbox: Sandbox, client: PayleraClient) -> None:
        with pytest.raises(AssertionError, match="nothing was requested at all"):
            sandbox.assert_requested("GET", "/v1/plans")
        client.create_customer(email="a@example.com", name="Ada")
        with pytest.raises(AssertionError, match="GET /v1/plans at least once") as caught:
            sandbox.assert_requested("GET", "/v1/plans")
        assert "POST /v1/customers -> 201" in str(caught.value)
        with pytest.raises(AssertionError, match="2 times, and it was requested 1 time"):
            sandbox.assert_requested("POST", "/v1/customers", times=2)

    def test_the_difference_is_shown(self, sandbox: Sandbox, client: PayleraClient) -> None:
        client.create_customer(email="other@example.com")
        client.create_customer(email="a@example.com", name="Ada")
        with pytest.raises(AssertionError) as caught:
            sandbox.assert_requested("POST", "/v1/customers", json={"email": "a@example.com", "name": "Grace"})
        told = str(caught.value)
        assert '-  "name": "Grace"' in told
        assert '+  "name": "Ada"' in told
        assert "other@example.com" not in told


class TestWithoutASocket:
    @pytest.fixture
    def local(self) -> Iterator[Sandbox]:
        with Sandbox(socket=False) as sandbox:
            yield sandbox

    def test_a_client_of_ours(self, local: Sandbox) -> None:
        with (
            httpx2.Client(transport=local.transport) as http,
            PayleraClient(api_token=local.token, base_url=local.url, http_client=http) as client,
        ):
            customer = client.create_customer(email="a@example.com")
            attach = client.attach(customer_id=customer["id"], plan_code="pro")
            page = http.get(str(attach["checkout_url"]))
        assert (page.status_code, "4242" in page.text) == (200, True)
        local.assert_requested("POST", "/v1/attach", times=1)

    def test_an_asynchronous_client(self, local: Sandbox) -> None:
        async def work() -> list[str]:
            async with httpx2.AsyncClient(transport=local.transport) as http:
                client = AsyncPayleraClient(api_token=local.token, base_url=local.url, http_client=http)
                made = await asyncio.gather(*(client.create_customer(email=f"{n}@example.com") for n in range(20)))
                return [str(customer["id"]) for customer in made]

        assert len(set(asyncio.run(work()))) == 20

    def test_many_threads(self, local: Sandbox) -> None:
        def work() -> None:
            with httpx2.Client(transport=local.transport, base_url=local.url) as http:
                token = {"Authorization": f"Bearer {local.token}"}
                for _ in range(10):
                    assert http.get("/v1/plans", headers=token).status_code == 200

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(local.requests) == 40

    def test_what_is_not_running_says_so(self) -> None:
        sandbox = Sandbox(socket=False)
        with pytest.raises(RuntimeError, match="with statement"), httpx2.Client(transport=sandbox.transport) as http:
            http.get(sandbox.url)
        sandbox.stop()


class Merchant:
    """A receiver as a WSGI and as an ASGI application."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, str]] = []
        self.fails = False

    def wsgi(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.got.append((environ["PATH_INFO"], body, environ["HTTP_PAYLERA_SIGNATURE"]))
        if self.fails:
            raise RuntimeError("broken")
        start_response("200 OK", [])
        return [b"ok"]

    async def asgi(self, scope, receive, send):
        message = await receive()
        signature = dict(scope["headers"])[b"paylera-signature"].decode()
        self.got.append((scope["path"], message["body"], signature))
        if self.fails:
            raise RuntimeError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize("colour", ["wsgi", "asgi"])
class TestWebhooksWithoutASocket:
    def test_they_reach_the_application(self, colour: str) -> None:
        merchant = Merchant()
        options = {"webhook_app": getattr(merchant, colour), "webhook_url": "/hooks/", "webhook_secret": "whsec_x"}
        with Sandbox(socket=False, **options) as sandbox:
            event = sandbox.trigger("invoice.paid")
            sandbox.wait_idle()
        [(path, body, signature)] = merchant.got
        assert (path, json.loads(body)) == ("/hooks/", event)
        assert verify_signature(body, signature, "whsec_x")

    def test_an_application_that_breaks_has_answered_500(self, colour: str) -> None:
        merchant = Merchant()
        merchant.fails = True
        with Sandbox(webhook_app=getattr(merchant, colour), webhook_url="/hooks/") as sandbox:
            sandbox.trigger("invoice.paid")
            sandbox.wait_idle()
            [endpoint] = sandbox.control("GET", "/v1/admin/webhook-endpoints")["data"]
            [delivery] = sandbox.control("GET", f"/v1/admin/webhook-endpoints/{endpoint['id']}/deliveries")["data"]
            assert [attempt["status"] for attempt in delivery["attempts"]] == [500]


def test_what_is_no_application() -> None:
    with pytest.raises(ValueError, match="webhook_app"):
        Sandbox(webhook_app=5, webhook_url="/hooks/")


def test_the_same_seed_gives_the_same_ids() -> None:
    def run() -> list[str]:
        with Sandbox(socket=False, seed=7) as sandbox:
            sandbox.clock.pin("2030-01-01T00:00:00.000Z")
            return [sandbox.trigger("customer.created")["id"] for _ in range(3)]

    assert run() == run()
