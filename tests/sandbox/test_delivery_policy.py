"""The documented delivery policy: who is told what, what is given up, what is sent again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.store import amending
from paylera_sandbox.webhooks import attempts, endpoints, outbox, replay
from paylera_sandbox.webhooks.events import queue, record
from paylera_sandbox.webhooks.sender import Outcome
from sandbox.support import Api, ManualClock, Received, Receiver, problem

ENDPOINTS = "/v1/admin/webhook-endpoints"
FAST = 1_000_000.0  # 24 h become 86 ms


def settled(api: Api, path: str) -> None:
    """Wait until nothing is pending: what is tried again in a moment is pending, and idle all the same."""
    while deliveries(api, path, status="pending"):
        api.sandbox.wait_idle()


@pytest.fixture
def fast() -> Iterator[Api]:
    """A sandbox that hardly waits between attempts."""
    with Sandbox(time_scale=FAST) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


@pytest.fixture
def second() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def register(api: Api, receiver: Receiver, *events: str) -> str:
    """Register an endpoint and return its path."""
    endpoint = api.ok(ENDPOINTS, {"url": receiver.url, "events": list(events) or ["*"]})
    return f"{ENDPOINTS}/{endpoint['id']}"


def deliveries(api: Api, path: str, **query: object) -> list[dict]:
    """All deliveries to an endpoint, oldest first."""
    return api.get(f"{path}/deliveries", limit=100, **query).json()["data"][::-1]


def test_the_stamp_of_a_signature_is_real_time(api: Api, clock: ManualClock, receiver: Receiver) -> None:
    register(api, receiver)
    clock.advance(days=400)
    api.customer()
    [got] = receiver.wait_for(1)
    stamp = int(got.headers["paylera-signature"].partition(",")[0].removeprefix("t="))
    assert abs(stamp - time.time()) < 60
    assert got.event["occurred_at"].startswith("2027-12-06")


def test_a_hundred_refusals_in_a_row_disable_the_endpoint(fast: Api, receiver: Receiver, second: Receiver) -> None:
    receiver.answer = lambda _: 410
    path = register(fast, receiver, "customer.*")
    register(fast, second, "webhook_endpoint.disabled")
    for _ in range(15):
        fast.customer()
    [told] = second.wait_for(1)
    fast.sandbox.wait_idle()
    endpoint = fast.get(path).json()
    assert endpoint["status"] == "auto_disabled"
    statuses = [item["status"] for item in deliveries(fast, path)]
    assert set(statuses) <= {"failed", "dropped"}
    assert "dropped" in statuses
    assert endpoints.REFUSALS <= len(receiver.received) < endpoints.REFUSALS + 8  # those that were under way
    assert (told.event["data"], told.event["aggregate_id"]) == (endpoint, endpoint["id"])
    assert len(second.received) == 1
    fast.customer()
    assert len(deliveries(fast, path)) == 15
    receiver.answer = lambda _: 200
    assert fast.client.patch(path, json={"status": "enabled"}).json()["status"] == "enabled"
    assert fast.ok(f"{path}/replay", {"failed_only": True})["queued"] == 15
    fast.sandbox.wait_idle()
    assert [item["status"] for item in deliveries(fast, path)[15:]] == ["succeeded"] * 15
    assert len(second.received) == 1


def test_any_other_answer_begins_the_count_anew(fast: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "REFUSALS", 4)
    answers = iter([400, 400, 400, 500, 400, 400, 400, 200])
    receiver.answer = lambda _: next(answers)
    path = register(fast, receiver, "customer.*")
    fast.customer()
    receiver.wait_for(8)
    settled(fast, path)
    assert fast.get(path).json()["status"] == "enabled"
    receiver.answer = lambda _: 401
    fast.customer()
    receiver.wait_for(12)
    settled(fast, path)
    assert fast.get(path).json()["status"] == "auto_disabled"
    assert [item["status"] for item in deliveries(fast, path)] == ["succeeded", "dropped"]


def test_others_are_told_of_a_failed_delivery(fast: Api, receiver: Receiver, second: Receiver) -> None:
    receiver.answer = lambda _: 500
    path = register(fast, receiver, "customer.*")
    register(fast, second, "webhook_endpoint.delivery_failed")
    customer = fast.customer()
    [got] = second.wait_for(1)
    [failed] = deliveries(fast, path)
    assert got.event["data"] == {
        **fast.get(path).json(),
        "delivery": {
            "id": failed["id"],
            "event_id": failed["event_id"],
            "event_type": "customer.created",
            "aggregate_type": "customer",
            "aggregate_id": customer["id"],
            "attempts": 9,
            "last_status": 500,
            "last_error": None,
        },
    }


def test_two_dead_endpoints_do_not_tell_each_other_for_ever(fast: Api, receiver: Receiver, second: Receiver) -> None:
    receiver.answer = second.answer = lambda _: 500
    paths = [register(fast, receiver), register(fast, second)]
    fast.customer()
    for path in paths:
        settled(fast, path)
    kinds = [event["type"] for event in fast.events()]
    assert sorted(kinds) == [
        "customer.created",
        "webhook_endpoint.created",
        "webhook_endpoint.created",
        "webhook_endpoint.delivery_failed",
        "webhook_endpoint.delivery_failed",
    ]


def test_an_endpoint_is_not_told_of_itself(fast: Api, receiver: Receiver, second: Receiver) -> None:
    first = register(fast, receiver)
    register(fast, second)
    assert fast.client.patch(first, json={"description": "new", "events": ["*", "*"]}).status_code == 200
    assert fast.client.patch(first, json={"description": "new"}).status_code == 200  # nothing changes, nothing is told
    fast.ok(f"{first}/rotate-secret")
    fast.client.patch(first, json={"status": "disabled"})
    fast.sandbox.wait_idle()
    told = [got.event for got in second.received]
    assert [event["type"].partition(".")[2] for event in told] == ["updated", "updated", "updated", "disabled"]
    assert told[0]["previous_attributes"] == {"description": None}
    assert set(told[1]["previous_attributes"]) == {"secret_last4"}
    assert told[2]["previous_attributes"] == {"status": "enabled"}
    assert receiver.types() == ["webhook_endpoint.created"]  # of the second


def test_a_delivery_shows_what_was_sent(fast: Api, receiver: Receiver) -> None:
    answers = iter([503])
    receiver.answer = lambda _: next(answers, 200)
    path = register(fast, receiver)
    fast.customer()
    receiver.wait_for(2)
    settled(fast, path)
    [sent] = deliveries(fast, path)
    shown = fast.get(f"{path}/deliveries/{sent['id']}").json()
    request = shown.pop("request")
    assert shown == sent
    got = receiver.received[1]
    assert request["url"] == receiver.url
    assert request["body"].encode() == got.body
    assert {name: got.headers[name.lower()] for name in request["headers"]} == request["headers"]
    assert [attempt["signature"] for attempt in sent["attempts"]] == [
        item.headers["paylera-signature"] for item in receiver.received
    ]
    assert all(attempt["duration_ms"] >= 0 for attempt in sent["attempts"])
    assert sent["attempts"][1]["answer_headers"]["content-length"] == "0"
    problem(fast.get(f"{path}/deliveries/del_x"), 404, "webhook_delivery.not_found")
    other = register(fast, receiver)
    problem(fast.get(f"{other}/deliveries/{sent['id']}"), 422, "validation.failed")


def test_a_delivery_that_was_never_tried(api: Api) -> None:
    endpoint = api.ok(ENDPOINTS, {"url": "http://127.0.0.1:1/"})
    path = f"{ENDPOINTS}/{endpoint['id']}"
    customer = api.customer()
    api.sandbox.wait_idle()
    api.client.patch(f"/v1/customers/{customer['id']}", json={"name": "behind"})
    waiting = deliveries(api, path, event_type="customer.updated")[0]
    shown = api.get(f"{path}/deliveries/{waiting['id']}").json()
    assert (shown["request"]["url"], shown["request"]["headers"]) == (None, {})
    assert json.loads(shown["request"]["body"])["id"] == waiting["event_id"]


def test_deliveries_are_filtered(fast: Api, receiver: Receiver) -> None:
    receiver.answer = lambda got: 500 if got.event["type"] == "customer.updated" else 200
    path = register(fast, receiver)
    customer = fast.customer()
    fast.client.patch(f"/v1/customers/{customer['id']}", json={"name": "x"})
    receiver.wait_for(10)
    settled(fast, path)
    assert [item["event_type"] for item in deliveries(fast, path, status="failed")] == ["customer.updated"]
    assert [item["status"] for item in deliveries(fast, path, event_type="customer.created")] == ["succeeded"]


def test_replay_is_in_the_order_of_the_events(fast: Api, receiver: Receiver) -> None:
    customer = fast.customer()
    for name in "abcd":
        fast.client.patch(f"/v1/customers/{customer['id']}", json={"name": name})
    path = register(fast, receiver, "invoice.*")
    ids = [event["id"] for event in fast.events(type="customer.updated")]
    body = {"event_ids": [ids[2], ids[0], ids[3], ids[1], ids[2]]}
    assert fast.ok(f"{path}/replay", body)["queued"] == 4
    fast.sandbox.wait_idle()
    assert [got.headers["paylera-event-id"] for got in receiver.received] == ids
    assert [got.event["data"]["name"] for got in receiver.received] == list("abcd")
    assert fast.ok(f"{path}/replay", {"event_types": ["customer.updated"]})["queued"] == 4
    assert fast.ok(f"{path}/replay", {"failed_only": True})["queued"] == 0
    fast.sandbox.wait_idle()
    assert [got.headers["paylera-event-id"] for got in receiver.received] == ids * 2


def test_a_replay_has_a_limit_and_says_so(fast: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST", 2)
    for _ in range(3):
        fast.customer()
    path = register(fast, receiver)
    document = problem(fast.post(f"{path}/replay"), 422, "webhook_replay.too_many")
    assert "4 events" in document["detail"]
    assert deliveries(fast, path) == []


def test_a_retry_of_what_waits_keeps_its_place(api: Api, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    path = register(api, receiver)
    customer = api.customer()
    api.client.patch(f"/v1/customers/{customer['id']}", json={"name": "behind"})
    api.sandbox.wait_idle()
    receiver.answer = lambda _: 200
    first, _ = deliveries(api, path)
    assert api.ok(f"{path}/deliveries/{first['id']}/retry")["status"] == "pending"
    api.sandbox.wait_idle()
    assert receiver.types() == ["customer.created", "customer.created", "customer.updated"]


def test_ping(fast: Api, receiver: Receiver, second: Receiver) -> None:
    path = register(fast, receiver, "invoice.*")
    register(fast, second)
    sent = fast.ok(f"{path}/ping")
    [got] = receiver.wait_for(1)
    fast.sandbox.wait_idle()
    assert got.event["type"] == "webhook_endpoint.ping"
    assert got.event["data"] == fast.get(path).json()
    assert got.headers["paylera-delivery-id"] == sent["id"]
    assert second.received == []
    fast.client.patch(path, json={"status": "disabled"})
    problem(fast.post(f"{path}/ping"), 422, "validation.failed")


def test_one_slow_endpoint_does_not_hold_up_another(fast: Api, receiver: Receiver, second: Receiver) -> None:
    release = threading.Event()

    def slow(_: Received) -> int:
        release.wait(10)
        return 200

    receiver.answer = slow
    register(fast, receiver, "customer.*")
    register(fast, second, "customer.*")
    for _ in range(40):
        fast.customer()
    second.wait_for(40)
    assert receiver.received == []
    release.set()
    receiver.wait_for(40)


def test_what_may_go_next_is_found_by_an_index(api: Api) -> None:
    """However long the queues are: no step of the plan reads a whole table or sorts."""
    plan = api.sandbox.engine.store.execute(f"EXPLAIN QUERY PLAN {outbox._HEADS}", ("we_x", 16))
    assert [row[3] for row in plan] == ["SEARCH outbox USING INDEX outbox_heads (endpoint_id=?)"]


def test_what_waits_for_an_endpoint_is_given_up_by_indexes(api: Api) -> None:
    store, members = api.sandbox.engine.store, ("status", "next_attempt_at")
    plan = store.execute(f"EXPLAIN QUERY PLAN {amending('deliveries', outbox.WAITING, members)}", (None,) * 5)
    steps = [row[3] for row in plan]
    assert any("SEARCH outbox USING" in step and "(endpoint_id=?)" in step for step in steps)
    assert any("SEARCH deliveries USING" in step and "(id=?)" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_what_is_given_up_says_so_in_the_object_and_beside_it(api: Api) -> None:
    with api.sandbox.engine.unit() as unit:
        gone, other = (endpoints.register(unit, url=f"http://127.0.0.1:9/{n}", events=["customer.*"]) for n in (1, 2))
        event = record(unit, "customer.updated", {"id": "cus_1", "object": "customer", "name": "Zo\u00eb \U0001f600"})
        before = {each["id"]: queue(unit, event, each) for each in (gone, other)}
        outbox.drop(unit, gone["id"])
        kept, dropped = (unit.store.first("deliveries", endpoint_id=each["id"]) for each in (other, gone))
        assert dropped == {**before[gone["id"]], "status": "dropped", "next_attempt_at": None}
        assert kept == before[other["id"]]
        assert unit.store.newest("deliveries", {"status": "dropped"}) == [dropped]
        assert outbox.heads(unit.store, gone["id"], limit=9) == []


def much_waits(api: Api, count: int) -> tuple[dict, dict]:
    """Two endpoints; for the first, more waits than is given up in one step."""
    with api.sandbox.engine.unit() as unit:
        gone, other = (endpoints.register(unit, url=f"http://127.0.0.1:9/{n}", events=["customer.*"]) for n in (1, 2))
        for number in range(count):
            event = record(unit, "customer.updated", {"id": f"cus_{number % 7}", "object": "customer"})
            queue(unit, event, gone)
        queue(unit, event, other)
    return gone, other


def waiting(api: Api, endpoint: dict) -> int:
    with api.sandbox.engine.unit() as unit:
        return unit.store.count("outbox", endpoint_id=endpoint["id"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_waits_for_a_disabled_endpoint_is_given_up_step_by_step(api: Api, method: str) -> None:
    gone, other = much_waits(api, 3 * outbox.BATCH + 1)
    body = {"json": {"status": "disabled"}} if method == "PATCH" else {}
    assert api.client.request(method, f"/v1/admin/webhook-endpoints/{gone['id']}", **body).status_code < 300
    while waiting(api, gone):
        api.get("/sandbox/health")
    with api.sandbox.engine.unit() as unit:
        assert unit.store.count("deliveries", endpoint_id=gone["id"], status="dropped") == 3 * outbox.BATCH + 1
        assert outbox.abandoned(unit.store) is None
    assert waiting(api, other) == 1


def test_an_endpoint_that_is_enabled_again_has_lost_all_that_waited(api: Api) -> None:
    """Even what the background had not come to yet: no sweep runs within one unit of work."""
    gone, _ = much_waits(api, 3 * outbox.BATCH)
    with api.sandbox.engine.unit() as unit:
        off = endpoints.change(unit, unit.need("webhook_endpoints", gone["id"], "x"), status="disabled")
        assert unit.store.count("outbox", endpoint_id=gone["id"]) == 2 * outbox.BATCH
        endpoints.change(unit, off, status="enabled")
        assert unit.store.count("outbox", endpoint_id=gone["id"]) == 0
        assert unit.store.count("deliveries", endpoint_id=gone["id"], status="pending") == 0


def test_what_is_under_way_to_a_disabled_endpoint_is_not_tried_again(api: Api) -> None:
    """Not yet marked as dropped, it is neither sent nor counted against the endpoint."""
    gone, _ = much_waits(api, 3 * outbox.BATCH)
    with api.sandbox.engine.unit() as unit:
        last = unit.store.first("deliveries", endpoint_id=gone["id"], status="pending")
        assert last is not None
        sent = attempts.prepare(unit, last["id"])
        assert sent is not None
        endpoints.change(unit, unit.need("webhook_endpoints", gone["id"], "x"), status="disabled")
        assert attempts.prepare(unit, last["id"]) is None
        attempts.conclude(unit, last["id"], sent, Outcome(404, "", {}, None, 1), 1.0)
        after = unit.store.find("deliveries", last["id"])
        assert after is not None
        assert [attempt["status"] for attempt in after["attempts"]] == [404]
        assert unit.need("webhook_endpoints", gone["id"], "x")["_refusals"] == 0
