"""Faults on demand: what a client and a receiver see, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paylera import PayleraClient, RateLimitError, ServerError, TransportError
from paylera_sandbox import Sandbox
from paylera_sandbox.billing import methods
from paylera_sandbox.faults import specs
from paylera_sandbox.faults.actions import ACTIONS
from paylera_sandbox.faults.schedule import chance, matches
from paylera_sandbox.problems import Problem
from paylera_sandbox.workbench import SandboxError
from sandbox.support import CARD, Api, ManualClock, problem

HEADER = "x-paylera-sandbox-fault"
NEW = "/v1/customers"


@pytest.fixture
def client(api: Api) -> Iterator[PayleraClient]:
    with PayleraClient(api_token=api.sandbox.token, base_url=api.sandbox.url) as client:
        yield client


def hasty(api: Api) -> PayleraClient:
    """A client that tries once."""
    return PayleraClient(api_token=api.sandbox.token, base_url=api.sandbox.url, max_retries=0)


def customers(api: Api) -> int:
    return len(api.get(NEW, limit=100).json()["data"])


def test_the_third_track(api: Api, client: PayleraClient) -> None:
    fault = api.sandbox.faults.add("error", method="POST", path="/v1/track", skip=2, times=1, status=503)
    customer = api.customer()
    api.subscribe(customer, "starter")
    body = {"customer_id": customer["id"], "feature_code": "api_calls"}
    statuses = [api.post("/v1/track", body).status_code for _ in range(5)]
    assert statuses == [200, 200, 503, 200, 200]
    now = api.sandbox.faults.get(fault["id"])
    assert (now["matched"], now["fired"]) == (5, 1)
    assert now["recent"][0]["subject"].startswith("POST /v1/track req_")


def test_error_is_a_problem_and_is_reported(api: Api) -> None:
    api.sandbox.faults.add("error", status=502)
    answer = api.post(NEW, {"email": "a@example.com"})
    assert problem(answer, 502, "fault.injected")
    assert answer.headers[HEADER] == "error"
    assert api.sandbox.requests[-1].fault == "error"
    api.sandbox.faults.clear()
    assert customers(api) == 0
    assert HEADER not in api.get(NEW).headers


def test_rate_limit_is_honoured(api: Api, client: PayleraClient) -> None:
    api.sandbox.faults.add("rate_limit", retry_after=7)
    answer = api.post(NEW, {"email": "a@example.com"})
    problem(answer, 429, "rate_limit.exceeded")
    assert answer.headers["retry-after"] == "7"
    with hasty(api) as impatient, pytest.raises(RateLimitError) as caught:
        impatient.create_customer(email="a@example.com")
    assert caught.value.retry_after == 7
    api.sandbox.faults.clear()
    api.sandbox.faults.add("rate_limit", retry_after=0, times=1)
    assert client.create_customer(email="a@example.com")["email"] == "a@example.com"
    assert customers(api) == 1


def test_reset_before_commit_leaves_nothing(api: Api) -> None:
    api.sandbox.faults.add("reset_before_commit", times=1)
    with pytest.raises(httpx2.ReadError):
        api.post(NEW, {"email": "a@example.com"}, key="k")
    assert api.events(type="customer.created") == []
    assert (api.sandbox.requests[0].status, api.sandbox.requests[0].fault) == (0, "reset_before_commit")
    assert api.post(NEW, {"email": "a@example.com"}, key="k").status_code == 201
    assert customers(api) == 1


def test_reset_after_commit_leaves_the_write(api: Api) -> None:
    api.sandbox.faults.add("reset_after_commit", times=1)
    with pytest.raises(httpx2.ReadError):
        api.post(NEW, {"email": "a@example.com"}, key="k")
    assert customers(api) == 1
    again = api.post(NEW, {"email": "a@example.com"}, key="k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert customers(api) == 1


def test_a_reset_is_a_reset_on_the_wire(api: Api) -> None:
    api.sandbox.faults.add("reset_before_commit")
    host, port = api.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        request = f"GET /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.sandbox.token}\r\n\r\n"
        plain.sendall(request.encode())
        with pytest.raises(ConnectionResetError):
            plain.recv(1)


def test_a_lost_answer_and_a_retry_charge_once(api: Api, client: PayleraClient) -> None:
    """The client never learns that its first call worked; it sends it again with the same key."""
    customer = api.customer()
    api.subscribe(customer, "starter")
    subscription = api.current(customer)
    before = len(api.get("/v1/payments", customer_id=customer["id"]).json()["data"])
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    fault = api.sandbox.faults.add("reset_after_commit", path="/v1/subscriptions/{id}/change-plan", times=1)
    changed = client.change_plan(subscription["id"], plan_code="pro")
    assert changed["plan_code"] == "pro"
    assert api.sandbox.faults.get(fault["id"])["fired"] == 1
    payments = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert len(payments) == before + 1
    assert payments[0]["status"] == "succeeded"
    calls = [request for request in api.sandbox.requests if request.path == path]
    assert len({request.idempotency_key for request in calls}) == 1
    assert [(request.fault, request.replayed) for request in calls] == [("reset_after_commit", False), (None, True)]


@pytest.mark.parametrize("action", ["truncate", "not_json", "reset_after_commit"])
def test_what_is_no_answer_is_a_transport_error(api: Api, action: str) -> None:
    api.sandbox.faults.add(action)
    with hasty(api) as client, pytest.raises(TransportError):
        client.create_customer(email="a@example.com")
    api.sandbox.faults.clear()
    assert customers(api) == 1


def test_5xx_is_a_server_error(api: Api) -> None:
    api.sandbox.faults.add("error", status=500)
    with hasty(api) as client, pytest.raises(ServerError) as caught:
        client.list_plans()
    assert caught.value.status == 500


def test_truncated_answers_promise_more(api: Api) -> None:
    api.sandbox.faults.add("truncate")
    with pytest.raises(httpx2.RemoteProtocolError):
        api.get("/v1/plans")


def test_not_json(api: Api) -> None:
    api.sandbox.faults.add("not_json")
    answer = api.get("/v1/plans")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers[HEADER] == "not_json"


def test_drip_and_latency_add_up(api: Api) -> None:
    plain = api.get("/v1/plans")
    api.sandbox.faults.add("latency", milliseconds=150)
    api.sandbox.faults.add("drip", milliseconds=200)
    slow = api.get("/v1/plans")
    assert slow.content == plain.content
    assert slow.headers[HEADER] == "latency, drip"
    assert slow.elapsed.total_seconds() > 0.3


@pytest.mark.parametrize(
    ("limits", "fires"),
    [
        ({"method": "GET"}, False),
        ({"method": "PATCH"}, True),
        ({"path": "/v1/customers/*"}, True),
        ({"path": "/v1/customers/{id}"}, True),
        ({"path": "/v1/customers"}, False),
        ({"path": "/v1/*/cus"}, False),
        ({"customer_id": "cus_none"}, False),
        ({"customer_id": None}, True),
        ({"idempotency_key": "k"}, False),
    ],
)
def test_limits(api: Api, limits: dict, fires: bool) -> None:
    customer = api.customer()
    if "customer_id" in limits:
        limits = {"customer_id": limits["customer_id"] or customer["id"]}
    api.sandbox.faults.add("error", **limits)
    answer = api.client.patch(f"/v1/customers/{customer['id']}", json={"name": "x"})
    assert (answer.status_code == 500) is fires


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/v1/plans", "/v1/plans", True),
        ("/v1/plans", "/v1/plans/x", False),
        ("/v1/*", "/v1/a/b", True),
        ("*/cancel", "/v1/subscriptions/s/cancel", True),
        ("/v1/*/{id}/cancel", "/v1/subscriptions/s/cancel", True),
        ("/v1/{id}", "/v1/a/b", False),
        ("/v1/*/a*b*/c", "/v1/x/aab/bb/c", True),
        ("/v1/*/a*b*/c", "/v1/x/aab/bb/d", False),
        ("/v1/a.c", "/v1/abc", False),
        ("/v1/**", "/v1/", True),
        ("/" + "*a" * 100, "/" + "a" * 5000 + "b", False),
        ("/" + "*a" * 100 + "*", "/" + "a" * 5000 + "b", True),
    ],
)
def test_paths(pattern: str, path: str, fits: bool) -> None:
    assert matches({"action": "error", "path": pattern}, {"path": path}) is fits


def test_whose_request_it_is(api: Api) -> None:
    ada, bob = api.customer(), api.customer()
    subscription = api.subscribe(ada, "free")
    api.sandbox.faults.add("error", customer_id=ada["id"])
    assert api.get(f"/v1/subscriptions/{subscription['id']}").status_code == 500
    assert api.get("/v1/subscriptions", customer_id=ada["id"]).status_code == 500
    assert api.post("/v1/check", {"customer_id": ada["id"], "feature_code": "seats"}).status_code == 500
    assert api.get(f"/v1/customers/{bob['id']}").status_code == 200


def test_an_idempotency_key_of_its_own(api: Api) -> None:
    api.sandbox.faults.add("error", idempotency_key="this one")
    assert api.post(NEW, {"email": "a@example.com"}, key="this one").status_code == 500
    assert api.post(NEW, {"email": "a@example.com"}, key="another").status_code == 201


def run_of(seed: int) -> list[int]:
    with Sandbox() as sandbox:
        api = Api(sandbox)
        sandbox.faults.add("error", probability=0.3, seed=seed)
        statuses = [api.get("/v1/plans").status_code for _ in range(60)]
        api.close()
    return statuses


def test_the_same_seed_gives_the_same_run() -> None:
    first = run_of(7)
    assert first == run_of(7)
    assert first != run_of(8)
    assert 5 <= first.count(500) <= 35


def test_chance_is_spread_evenly() -> None:
    shares = [sum(chance(seed, 1, ordinal) < 0.25 for ordinal in range(4000)) / 4000 for seed in range(5)]
    assert all(0.22 < share < 0.28 for share in shares)


@pytest.mark.parametrize(
    ("spec", "field", "hint"),
    [
        ({}, "action", "reset_after_commit"),
        ({"action": "explode"}, "action", "latency"),
        ({"action": "error", "status": 404}, "status", "500 to 599"),
        ({"action": "error", "retry_after": 1}, "retry_after", "idempotency_key"),
        ({"action": "latency", "event_type": "invoice.paid"}, "event_type", "milliseconds"),
        ({"action": "latency", "milliseconds": "long"}, "milliseconds", "integer"),
        ({"action": "latency", "path": "v1"}, "path", "begins with '/'"),
        ({"action": "latency", "method": "get"}, "method", "GET"),
        ({"action": "latency", "probability": 2}, "probability", "at most 1"),
        ({"action": "latency", "probability": float("1e300")}, "probability", "at most 1"),
        ({"action": "latency", "times": 0}, "times", "1 to"),
        ({"action": "decline", "decline_code": "bored"}, "decline_code", "insufficient_funds"),
        ({"action": "webhook_drop", "event_type": "invoice"}, "event_type", "prefix.*"),
        ({"action": "error", "colour": "red"}, "colour", "action"),
    ],
)
def test_a_bad_fault_is_told_what_is_wrong(shared: Api, spec: dict, field: str, hint: str) -> None:
    document = problem(shared.post("/sandbox/faults", spec), 422, "validation.failed")
    [fault] = document["errors"]
    assert fault["field"] == field
    assert hint in fault["message"]


def test_the_control_api(api: Api) -> None:
    fault = api.ok("/sandbox/faults", {"action": "rate_limit", "path": "/v1/track", "times": 2, "retry_after": 3})
    assert {**fault, "id": "", "created_at": ""} == {
        "id": "",
        "object": "fault",
        "number": 1,
        "action": "rate_limit",
        "path": "/v1/track",
        "retry_after": 3,
        "skip": 0,
        "times": 2,
        "probability": None,
        "seed": 0,
        "matched": 0,
        "fired": 0,
        "recent": [],
        "created_at": "",
    }
    path = f"/sandbox/faults/{fault['id']}"
    assert api.get(path).json() == fault
    assert api.get("/sandbox/faults").json()["data"] == [fault]
    assert api.client.delete(path).status_code == 204
    problem(api.get(path), 404, "fault.not_found")
    problem(api.client.delete(path), 404, "fault.not_found")
    api.ok("/sandbox/faults", {"action": "drip"})
    assert api.client.delete("/sandbox/faults").status_code == 204
    assert api.sandbox.faults.list() == []
    listed = {item["action"]: item for item in api.get("/sandbox/fault-actions").json()["data"]}
    assert set(listed) == set(ACTIONS)
    assert listed["webhook_stale"]["parameters"] == {"seconds": 600}


def test_python_is_told_too(api: Api) -> None:
    with pytest.raises(SandboxError, match="action: must be one of"):
        api.sandbox.faults.add("explode")


def test_there_is_a_limit(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paylera_sandbox.faults.registry.MOST", 1)
    api.sandbox.faults.add("drip")
    problem(api.post("/sandbox/faults", {"action": "drip"}), 422, "fault.too_many")


def test_faults_survive_a_restart(tmp_path: object) -> None:
    db = f"{tmp_path}/sandbox.db"
    with Sandbox(db=db) as sandbox:
        sandbox.faults.add("error", times=2)
        api = Api(sandbox)
        assert api.get("/v1/plans").status_code == 500
        api.close()
    with Sandbox(db=db) as sandbox:
        api = Api(sandbox)
        assert [api.get("/v1/plans").status_code for _ in range(2)] == [500, 200]
        api.close()


def test_without_a_socket_a_cut_is_an_error(api: Api) -> None:
    api.sandbox.faults.add("reset_before_commit")

    async def call() -> None:
        transport = httpx2.ASGITransport(app=api.sandbox.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            await client.get("/v1/plans", headers={"Authorization": f"Bearer {api.sandbox.token}"})

    with pytest.raises(ConnectionResetError, match="asked for"):
        asyncio.run(call())


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("reset_before_commit", httpx2.ReadError),
        ("reset_after_commit", httpx2.ReadError),
        ("truncate", httpx2.RemoteProtocolError),
    ],
)
def test_in_process_a_client_sees_the_same(action: str, error: type[Exception]) -> None:
    with Sandbox(socket=False) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}", "Idempotency-Key": "k"}
        sandbox.faults.add(action, times=1)
        with httpx2.Client(transport=sandbox.transport, base_url=sandbox.url, headers=headers) as client:
            with pytest.raises(error):
                client.post(NEW, json={"email": "a@example.com"})
            assert len(client.get(NEW).json()["data"]) == (action != "reset_before_commit")


def test_a_customer_declined(api: Api) -> None:
    poor, rich = api.customer(), api.customer()
    api.sandbox.faults.add("decline", customer_id=poor["id"], times=1, decline_code="insufficient_funds")
    attached = api.attach(poor, "starter")
    page = api.browser.post(attached["checkout_url"], data=CARD)
    assert page.status_code == 402
    assert "not enough money" in page.text
    assert api.subscribe(rich, "starter")["status"] == "active"
    assert api.browser.post(attached["checkout_url"], data=CARD).status_code == 303


def test_a_card_declined_for_a_plan_change(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    api.sandbox.faults.add("decline", card="4242 4242 4242 4242", times=1)
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    document = problem(api.post(path, {"plan_code": "pro"}), 402, "payment.declined")
    assert document["decline_code"] == "card_declined"
    assert api.post(path, {"plan_code": "pro"}).status_code == 200


def test_a_charge_counts_once(api: Api) -> None:
    """A plan change looks ahead whether its charge will succeed; that is not another charge."""
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    fault = api.sandbox.faults.add("decline", customer_id=customer["id"], skip=1, times=1)
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    assert api.post(path, {"plan_code": "pro"}).status_code == 200
    assert api.sandbox.faults.get(fault["id"])["matched"] == 1
    problem(api.post(path, {"plan_code": "pro_yearly"}), 402, "payment.declined")
    assert api.sandbox.faults.get(fault["id"])["fired"] == 1


def test_a_trial_that_needs_a_method_uses_up_no_decline(api: Api) -> None:
    """Nothing is charged in it, so the decline is for the next customer, who pays at once."""
    first, second = api.customer(), api.customer()
    with api.sandbox.engine.unit() as unit:
        for customer in (first, second):
            methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_success", default=True)
    fault = api.sandbox.faults.add("decline", card="4242", times=1)
    body = {"plan_code": "starter", "require_payment_method": True}
    trial = api.ok("/v1/subscriptions", {**body, "customer_id": first["id"], "trial_days": 14})
    assert (trial["status"], api.sandbox.faults.get(fault["id"])["matched"]) == ("trialing", 0)
    problem(api.post("/v1/subscriptions", {**body, "customer_id": second["id"]}), 402, "payment.declined")


def test_a_renewal_declined_and_recovered() -> None:
    with Sandbox() as sandbox:
        api = Api(sandbox)
        poor, rich = api.customer(), api.customer()
        held = {customer["id"]: api.subscribe(customer, "starter")["id"] for customer in (poor, rich)}
        sandbox.faults.add("decline", customer_id=poor["id"], times=1, decline_code="insufficient_funds")
        sandbox.advance("32d")
        statuses = {name: api.get(f"/v1/subscriptions/{name}").json()["status"] for name in held.values()}
        assert statuses == {held[poor["id"]]: "past_due", held[rich["id"]]: "active"}
        sandbox.advance("5d")
        assert api.get(f"/v1/subscriptions/{held[poor['id']]}").json()["status"] == "active"
        failed = api.get("/v1/payments", customer_id=poor["id"], status="failed").json()["data"]
        assert [payment["last_error"]["decline_code"] for payment in failed] == ["insufficient_funds"]
        api.close()


def half_a_year(seed: int) -> list[str]:
    """What became of each payment of ten customers whose cards are declined by chance."""
    with Sandbox(seed=1) as sandbox:
        sandbox.clock.pin("2027-01-01T00:00:00Z")
        api = Api(sandbox)
        for _ in range(10):
            api.subscribe(api.customer(), "starter")
        sandbox.faults.add("decline", probability=0.3, seed=seed)
        sandbox.advance("6mo")
        found = api.get("/v1/payments", limit=100, sort="created_at:asc").json()["data"]
        api.close()
    return [f"{payment['id']} {payment['created_at']} {payment['status']}" for payment in found]


def test_the_same_seed_declines_the_same_charges() -> None:
    first = half_a_year(1)
    assert first == half_a_year(1)
    assert first != half_a_year(2)
    assert 3 < sum(line.endswith("failed") for line in first) < 60


def test_cards_are_known_by_number_token_and_last_digits() -> None:
    fault = {"action": "decline", "card": "tok_visa_success"}
    assert matches(fault, {"card": "4242"})
    assert matches({**fault, "card": "4242-4242-4242-4242"}, {"card": "4242"})
    assert matches({**fault, "card": "4242"}, {"card": "4242"})
    assert not matches({**fault, "card": "tok_visa_decline"}, {"card": "4242"})
    assert not matches(fault, {"card": None})


def test_the_clock_stands_still_and_faults_work(api: Api, clock: ManualClock) -> None:
    api.sandbox.faults.add("latency", milliseconds=1)
    assert api.get("/v1/plans").status_code == 200
    assert api.sandbox.faults.list()[0]["recent"][0]["at"] == "2026-11-01T00:00:00.000Z"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(list(ACTIONS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(ACTIONS)) | JSON, st.dictionaries(st.sampled_from(list(specs.BODY)), JSON, max_size=4))
def test_any_specification_is_read_or_refused_by_name(action: object, given_fields: dict) -> None:
    spec = {**given_fields, "action": action}
    told = {name for name, value in spec.items() if value is not None}
    assert read_or_refused(spec) in ("read", "refused")
    if told == {"action"} and isinstance(action, str) and action in ACTIONS:
        assert specs.read(spec)["action"] == action


def read_or_refused(spec: dict) -> str:
    try:
        found = specs.read(spec)
    except Problem as refusal:
        named = {fault.field for fault in refusal.faults}
        return "refused" if refusal.code == "validation.failed" and named <= set(spec) else "refused badly"
    return "read" if {name for name in spec if spec[name] is not None} <= set(found) else "read badly"
