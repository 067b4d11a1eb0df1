"""One user, one customer: found, created, waited for, remembered."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from paylera.flow import run
from paylera.http import Request, Response
from paylera.relay import PayleraCustomerIdentity, RelayCore
from support.stepping import Clock, Script, answer

IN_PROGRESS = answer(409, {"type": "paylera.idempotency_in_progress"})


def relay(clock: Clock, identity: PayleraCustomerIdentity, **options: Any) -> RelayCore:
    settings = {"api_token": "pl_test_x", "identify": lambda _: identity, "system": clock.system()}
    return RelayCore(settings | options)


def me(core: RelayCore, script: Script) -> Response:
    return run(core.handle("me", Request("GET", "https://shop.example/me")), script)


def calls(script: Script) -> list[str]:
    return [f"{r.method} {r.url.removeprefix('https://api.test.paylera.dev')}" for r in script.sent]


def test_an_external_id_is_looked_up_then_created() -> None:
    """The create carries the contract's key and only what is known; the second call asks nobody."""
    clock = Clock()
    core = relay(clock, PayleraCustomerIdentity(external_id="user 1", name="Ada"))
    script = Script([answer(200, {"data": []}), answer(201, {"id": "cus_1"}), answer(200, {"id": "cus_1"})], clock)
    assert me(core, script).status == 200
    assert calls(script) == ["GET /v1/customers?external_id=user+1", "POST /v1/customers", "GET /v1/customers/cus_1"]
    digest = hashlib.sha256(b"user 1").hexdigest()[:32]
    assert script.sent[1].header("idempotency-key") == f"paylera-auto-create:default:{digest}"
    assert json.loads(script.sent[1].body) == {"name": "Ada", "external_id": "user 1"}
    again = Script([answer(200, {"id": "cus_1"})], clock)
    assert me(core, again).status == 200
    assert calls(again) == ["GET /v1/customers/cus_1"]


def test_an_email_is_lowered_in_the_key_and_the_tenant_names_it() -> None:
    """Two spellings of one address are one customer; tenants are apart."""
    clock = Clock()
    identity = PayleraCustomerIdentity(email="Ada@Example.com", tenant_id="acme")
    script = Script([answer(200, {"data": []}), answer(201, {"id": "cus_1"}), answer()], clock)
    me(relay(clock, identity, tenant_id="ignored"), script)
    digest = hashlib.sha256(b"ada@example.com").hexdigest()[:32]
    assert script.sent[1].header("idempotency-key") == f"paylera-auto-create:acme:{digest}"


def test_a_filter_that_was_ignored_gives_nobody_elses_customer() -> None:
    """The list is filtered here again; of several matches the oldest is taken."""
    clock = Clock()
    found = [
        {"id": "cus_other", "email": "eve@example.com"},
        {"id": "cus_new", "email": "ADA@example.com", "created_at": "2026-02-01"},
        {"id": "cus_old", "email": "ada@example.com", "created_at": "2026-01-01"},
        {"id": 7, "email": "ada@example.com"}, "nonsense", {"id": "cus_none", "email": None},
    ]  # fmt: skip
    script = Script([answer(200, {"data": found}), answer()], clock)
    me(relay(clock, PayleraCustomerIdentity(email="ada@example.com")), script)
    assert calls(script)[1] == "GET /v1/customers/cus_old"


def test_an_external_id_never_falls_back_to_the_email() -> None:
    """Somebody else's customer with the same address is not taken over."""
    clock = Clock()
    identity = PayleraCustomerIdentity(external_id="u1", email="ada@example.com")
    script = Script(
        [answer(200, {"data": [{"id": "cus_x", "email": "ada@example.com"}]}), answer(201, {"id": "c1"}), answer()],
        clock,
    )
    me(relay(clock, identity), script)
    assert calls(script)[1:] == ["POST /v1/customers", "GET /v1/customers/c1"]


def test_a_create_in_progress_is_waited_out() -> None:
    """409 in progress means another process is at it: its answer becomes ours, under the same key."""
    clock = Clock()
    script = Script(
        [answer(200, {"data": []}), IN_PROGRESS, IN_PROGRESS, answer(201, {"id": "cus_1"}), answer()], clock
    )
    assert me(relay(clock, PayleraCustomerIdentity(external_id="u1")), script).status == 200
    assert script.pauses == [0.05, 0.1]
    assert len({r.header("idempotency-key") for r in script.sent[1:4]}) == 1


def test_a_create_in_progress_ends_with_the_deadline() -> None:
    """Nobody waits longer than the relay's timeout."""
    clock = Clock()
    script = Script([answer(200, {"data": []}), *[IN_PROGRESS] * 50], clock)
    response = me(relay(clock, PayleraCustomerIdentity(external_id="u1"), timeout=2), script)
    assert response.status == 504
    assert sum(script.pauses) < 2


def test_a_taken_external_id_is_looked_up_again() -> None:
    """The customer that came to be in between is ours."""
    clock = Clock()
    taken = answer(409, {"type": "customer.external_id_taken"})
    mine = answer(200, {"data": [{"id": "cus_1", "external_id": "u1"}]})
    script = Script([answer(200, {"data": []}), taken, mine, answer()], clock)
    assert me(relay(clock, PayleraCustomerIdentity(external_id="u1")), script).status == 200
    assert calls(script)[-1] == "GET /v1/customers/cus_1"


@pytest.mark.parametrize(
    ("answers", "status", "type_"),
    [
        ([answer(200, {"data": []}), answer(422, {"type": "validation.failed"})], 502, "paylera.upstream_unavailable"),
        ([answer(200, {"data": []}), answer(409, {}), answer(200, {"data": []})], 502, "paylera.upstream_unavailable"),
        ([answer(200, {"data": []}), answer(201, {"id": None})], 502, "paylera.upstream_unavailable"),
        ([answer(200, {"data": []}), answer(201, {"id": "a/b"})], 404, "paylera.not_found"),
        ([answer(400, {})], 502, "paylera.upstream_unavailable"),
        ([answer(429, {}, retry_after="7")], 429, "paylera.rate_limited"),
        ([answer(200, [1])], 502, "paylera.upstream_unavailable"),
        ([answer(401, {})], 502, "paylera.upstream_rejected_token"),
    ],
)
def test_failures_of_the_lookup_are_the_servers(answers: list[Response], status: int, type_: str) -> None:
    """The browser did nothing wrong: it is told so, and no customer is remembered."""
    clock = Clock()
    response = me(relay(clock, PayleraCustomerIdentity(external_id="u1")), Script(list(answers), clock))
    assert (response.status, json.loads(response.body)["type"]) == (status, type_)
    if status == 429:
        assert response.header("retry-after") == "7"


def test_the_merchant_hears_of_a_created_customer_once() -> None:
    """Two first calls that share a key get the same customer: one announcement, and a failing hook fails no call."""
    clock = Clock()
    heard: list[tuple[object, str]] = []

    def hook(request: object, identity: PayleraCustomerIdentity, customer: dict[str, Any]) -> None:
        heard.append((request, customer["id"]))
        raise RuntimeError("the merchant's database is down")

    core = relay(clock, PayleraCustomerIdentity(external_id="u1"), on_customer_created=hook)
    flow = core.handle("me", Request("GET", "https://shop.example/me"), native="request 1")
    answers = [answer(200, {"data": []}), answer(201, {"id": "cus_1"})]
    assert run(flow, Script([*answers, answer()], clock)).status == 200
    clock.time += 301  # the resolver has forgotten, the announcement has not
    assert me(core, Script([*answers, answer()], clock)).status == 200
    assert heard == [("request 1", "cus_1")]


def test_a_replayed_create_is_no_news() -> None:
    """Another process made the customer; it also made the announcement."""
    clock = Clock()
    heard: list[object] = []
    core = relay(clock, PayleraCustomerIdentity(external_id="u1"), on_customer_created=lambda *a: heard.append(a))
    replayed = answer(201, {"id": "cus_1"}, idempotent_replayed="true")
    assert me(core, Script([answer(200, {"data": []}), replayed, answer()], clock)).status == 200
    assert heard == []


def test_without_auto_create_only_a_known_customer_is_served() -> None:
    """An email is not enough when the merchant says so."""
    clock = Clock()
    core = relay(clock, PayleraCustomerIdentity(email="a@b.c"), auto_create_customer=False)
    assert me(core, Script([], clock)).status == 401
    known = relay(clock, PayleraCustomerIdentity(customer_id="cus_9"), auto_create_customer=False)
    assert me(known, Script([answer()], clock)).status == 200
