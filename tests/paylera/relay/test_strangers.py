"""What strangers and users send to hold a server up, to make it fail, or to pass for somebody else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from concurrent.futures import CancelledError
from typing import Any

import pytest

from paylera import strict_json
from paylera.cache import ExpiringCache
from paylera.flow import Awaiting, Blocking, arun, run
from paylera.http import Request, Response, absolute_url
from paylera.relay import PayleraCsrfOptions, PayleraCustomerIdentity, RelayCore
from paylera.secret import Secret, SecretText
from paylera.testing import signed_event
from paylera.transport.outgoing import origin_and_target
from paylera.webhooks import WebhookReceiver
from support.stepping import Script, answer

NO_TRANSPORT: Any = None


def relay(identify: Any, **options: Any) -> RelayCore:
    return RelayCore({"api_token": "pl_test_x", "identify": identify} | options)


@pytest.mark.parametrize(
    "text",
    ["[" * 33 + '"' + r"\"" * 32_000, "[" * 33 + '"' * 64_000, "[" * 33 + '"' + "\\" * 64_001, "[" * 65_000],
    ids=["quotes escaped", "quotes", "backslashes", "brackets"],
)
def test_no_body_holds_the_server(text: str) -> None:
    """64 kB of anything are refused in an instant: under ASGI every other call would wait."""
    before = time.process_time()
    with pytest.raises(strict_json.StrictJsonError):
        strict_json.loads(text.encode())
    assert time.process_time() - before < 1


@pytest.mark.parametrize("text", ['{"a": "[[[[", "b": "\\\\", "c": "]{"}', '"' + "[" * 40 + '\\"' + "[" * 40 + '"'])
def test_brackets_in_strings_are_text(text: str) -> None:
    """Depth counts outside strings only."""
    strict_json.loads(text.encode())


@pytest.mark.parametrize(
    "host", ["[::::]", "[1.2.3.4]", "[..]", "[::1.2.3]:80", "[::1]", "::1", "[::1", "..", "a:99999"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_host_makes_the_relay_fail(host: str, method: str) -> None:
    """A `Host` that only looks like an address is a stranger's: never a 500."""
    core = relay(lambda _: None)
    headers = (("content-type", "application/json"), ("origin", f"https://{host}"))
    request = Request(method, absolute_url("https", host, "/csrf-token", ""), headers)
    action = {"GET": "csrf-token", "POST": "attach"}[method]
    assert run(core.handle(action, request), Script()).status in (200, 403)


@pytest.mark.parametrize("wrap", [Secret, SecretText])
def test_a_masked_token_signs_with_itself(wrap: Any) -> None:
    """A token in a wrapper that hides it: the key is made of the token, not of the mask that everybody knows."""
    cores = [RelayCore({"api_token": token, "identify": lambda _: None}) for token in ("pl_test_x", wrap("pl_test_x"))]
    mine, wrapped = (core.settings.csrf for core in cores)
    assert mine is not None
    assert wrapped is not None
    token, _ = wrapped.mint("me")
    headers = (("cookie", f"paylera_csrf={token}"), ("paylera-csrf-token", token))
    mine.check_token(Request("POST", "https://shop.example/", headers), binding="me")


def test_options_do_not_show_their_secret() -> None:
    """Settings end in logs and error trackers."""
    options = PayleraCsrfOptions(secret="a canary of some length")
    core = relay(lambda _: None, csrf=options)
    assert "canary" not in repr(options)
    assert core.settings.csrf is not None
    assert core.settings.csrf.options.secret is None


ALIKE = ["\u212aate@example.com", "kate@example.com ", "kate@example.com\0", "\uff4bate@example.com", "kate@example.co"]


@pytest.mark.parametrize("email", ALIKE)
def test_an_address_that_looks_alike_is_somebody_else(email: str) -> None:
    """Neither the memory nor a list in which Paylera compared more loosely makes Kate's customer anybody else's."""
    kate = {"id": "cus_kate", "email": "Kate@example.com"}
    core = relay(lambda native: PayleraCustomerIdentity(email=native))
    me = Request("GET", "https://shop.example/me")
    first = Script([answer(200, {"data": [kate]}), answer(200, kate)])
    assert run(core.handle("me", me, native="kate@example.com"), first).status == 200
    other = Script([answer(200, {"data": [kate]}), answer(201, {"id": "cus_other"}), answer(200, {"id": "cus_other"})])
    assert run(core.handle("me", me, native=email), other).status == 200
    assert [r.url.rpartition("/")[2] for r in other.sent][1:] == ["customers", "cus_other"]
    assert first.sent[0].url != other.sent[0].url
    spelt = Script([answer(200, kate)])
    assert run(core.handle("me", me, native="KATE@EXAMPLE.COM"), spelt).status == 200
    assert spelt.sent[0].url.endswith("/cus_kate")


def test_an_external_id_that_is_an_address_is_no_address() -> None:
    """Kinds are apart: a user may have chosen somebody's address as a name."""
    core = relay(lambda native: native)
    me = Request("GET", "https://shop.example/me")
    kate = PayleraCustomerIdentity(email="kate@example.com")
    found = answer(200, {"data": [{"id": "cus_kate", "email": "kate@example.com"}]})
    assert run(core.handle("me", me, native=kate), Script([found, answer()])).status == 200
    named = PayleraCustomerIdentity(external_id="kate@example.com")
    script = Script([found, answer(201, {"id": "cus_other"}), answer()])
    assert run(core.handle("me", me, native=named), script).status == 200
    assert script.sent[-1].url.endswith("/cus_other")


def empty(_: Any) -> None:
    next(iter(()))


def given_up(_: Any) -> None:
    raise CancelledError


async def cancelled_within(_: Any) -> None:
    task = asyncio.ensure_future(asyncio.sleep(60))
    task.cancel()
    await task


def settled(flow: Any, *, is_async: bool) -> Response:
    async def within_seconds() -> Response:
        return await asyncio.wait_for(arun(flow, Awaiting(NO_TRANSPORT, in_thread=asyncio.to_thread)), 5)

    return asyncio.run(within_seconds()) if is_async else run(flow, Blocking(NO_TRANSPORT))


@pytest.mark.parametrize(
    ("function", "is_async"),
    [(empty, False), (empty, True), (given_up, False), (given_up, True), (cancelled_within, True)],
)
def test_whatever_a_function_of_the_merchants_raises_is_answered(function: Any, *, is_async: bool) -> None:
    """A future cannot carry every exception from a thread: neither the call nor the event's claim may hang on it."""
    flow = relay(function).handle("me", Request("GET", "https://shop.example/me"))
    assert settled(flow, is_async=is_async).status == 500
    receiver = WebhookReceiver(signing_secret="whsec_x", handlers={"*": function})
    delivery = signed_event("invoice.paid", secret="whsec_x")
    headers = tuple((name.lower(), value) for name, value in delivery.headers.items())
    for _ in range(2):
        flow = receiver.handle(Request("POST", "https://shop.example/", headers, delivery.body))
        assert json.loads(settled(flow, is_async=is_async).body)["type"] == "paylera.internal"


def test_the_subscription_of_the_path_is_the_only_one() -> None:
    """A second id in the body would go upstream with no look at its owner."""
    with pytest.raises(ValueError, match="subscription_id"):
        relay(lambda _: None, extra_fields={"subscription-upgrade": {"subscription_id"}})
    relay(lambda _: None, extra_fields={"track": {"subscription_id"}})


@pytest.mark.parametrize(("tenant", "named"), [("Acme & co: 1", "Acme & co: 1"), ("店\r\n", "%E5%BA%97%0D%0A")])
def test_a_tenant_may_have_any_name(tenant: str, named: str) -> None:
    """It ends in a header, which must be one that every transport sends."""
    core = relay(lambda _: PayleraCustomerIdentity(external_id="u1", tenant_id=tenant))
    script = Script([answer(200, {"data": []}), answer(201, {"id": "cus_1"}), answer()])
    assert run(core.handle("me", Request("GET", "https://shop.example/me")), script).status == 200
    assert (script.sent[1].header("idempotency-key") or "").startswith(f"paylera-auto-create:{named}:")
    for request in script.sent:
        origin_and_target(request)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # 3.12: forks beside other threads
def test_a_forked_child_remembers_on_its_own() -> None:
    """A fork while another thread writes: the child does not wait for a thread that it does not have."""
    memory = ExpiringCache[str](max_entries=2, ttl_seconds=60, now=time.monotonic)
    with memory._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(10)  # ends a child that hangs
            memory.put("key", "value")
            os._exit(0 if memory.get("key") == "value" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert memory.get("key") is None
