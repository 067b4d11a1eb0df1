"""Webhooks gone wrong on demand, at a receiver that verifies as the SDK does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paylera import verify_signature
from paylera_sandbox import Sandbox
from sandbox.support import Api, ManualClock, Received, Receiver

SECRET = "whsec_0123456789abcdef"
FAST = 1_000_000.0


@pytest.fixture
def wired(receiver: Receiver, clock: ManualClock) -> Iterator[Api]:
    """A sandbox with a clock that the test moves, and a receiver that answers 401 to what does not verify."""
    receiver.answer = lambda got: 200 if genuine(got) else 401
    with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET, clock=clock) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


def genuine(got: Received) -> bool:
    return verify_signature(got.body, got.headers["paylera-signature"], SECRET)


def later(api: Api, clock: ManualClock, **by: float) -> None:
    clock.advance(**by)
    api.sandbox.engine.wake()
    api.sandbox.wait_idle()


def deliveries(api: Api) -> list[dict]:
    [endpoint] = api.get("/v1/admin/webhook-endpoints").json()["data"]
    return api.get(f"/v1/admin/webhook-endpoints/{endpoint['id']}/deliveries", limit=100).json()["data"][::-1]


def renamed(api: Api, *names: str) -> None:
    """Make a customer and give it one name after the other: events of one object, in order."""
    customer = api.customer(name="first")
    for name in names:
        api.client.patch(f"/v1/customers/{customer['id']}", json={"name": name})
    api.sandbox.wait_idle()


def names(receiver: Receiver) -> list[str]:
    return [got.event["data"]["name"] for got in receiver.received]


def test_duplicated(wired: Api, receiver: Receiver) -> None:
    wired.sandbox.faults.add("webhook_duplicate", times=1)
    renamed(wired, "second")
    assert names(receiver) == ["first", "first", "second"]
    one, two, _ = receiver.received
    assert (one.body, one.headers) == (two.body, two.headers)
    assert one.headers["x-paylera-sandbox-fault"] == "webhook_duplicate"
    assert [item["attempts"][0]["fault"] for item in deliveries(wired)] == ["webhook_duplicate", None]


def test_reordered(wired: Api, receiver: Receiver, clock: ManualClock) -> None:
    wired.sandbox.faults.add("webhook_reorder", event_type="customer.created", milliseconds=5000)
    renamed(wired, "second", "third")
    assert names(receiver) == ["second", "third"]
    later(wired, clock, seconds=5)
    assert names(receiver) == ["second", "third", "first"]
    assert {item["status"] for item in deliveries(wired)} == {"succeeded"}


def test_delayed(wired: Api, receiver: Receiver, clock: ManualClock) -> None:
    wired.sandbox.faults.add("webhook_delay", event_type="customer.*", milliseconds=5000)
    renamed(wired, "second")
    assert names(receiver) == []
    later(wired, clock, seconds=5)
    assert names(receiver) == ["first"]
    later(wired, clock, seconds=5)
    assert names(receiver) == ["first", "second"]
    assert [event["fired"] for event in wired.sandbox.faults.list()] == [2]


def test_dropped(wired: Api, receiver: Receiver) -> None:
    wired.sandbox.faults.add("webhook_drop", event_type="customer.updated", times=1)
    renamed(wired, "second", "third")
    assert names(receiver) == ["first", "third"]
    lost = deliveries(wired)[1]
    assert (lost["status"], lost["attempts"][0]["fault"]) == ("dropped", "webhook_drop")
    path = f"/v1/admin/webhook-endpoints/{lost['endpoint_id']}/deliveries/{lost['id']}"
    assert wired.get(path).json()["request"]["headers"]["X-Paylera-Sandbox-Fault"] == "webhook_drop"
    wired.ok(f"{path}/retry")
    wired.sandbox.wait_idle()
    assert names(receiver) == ["first", "third", "second"]


@pytest.mark.parametrize(("action", "age"), [("webhook_bad_signature", 0), ("webhook_stale", 600)])
def test_not_genuine_then_genuine(wired: Api, receiver: Receiver, clock: ManualClock, action: str, age: int) -> None:
    wired.sandbox.faults.add(action, times=1)
    renamed(wired)
    [bad] = receiver.received
    assert not genuine(bad)
    if age:
        assert verify_signature(bad.body, bad.headers["paylera-signature"], SECRET, tolerance_seconds=age + 100)
    later(wired, clock, seconds=15)
    assert genuine(receiver.received[1])
    [sent] = deliveries(wired)
    assert [(item["status"], item["fault"]) for item in sent["attempts"]] == [(401, action), (200, None)]


def test_limited_to_an_endpoint_and_a_customer(wired: Api, receiver: Receiver) -> None:
    other = wired.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "secret": SECRET})
    wired.sandbox.wait_idle()
    ada, bob = wired.customer(name="ada"), wired.customer(name="bob")
    wired.sandbox.wait_idle()
    receiver.received.clear()
    wired.sandbox.faults.add("webhook_drop", endpoint_id=other["id"], customer_id=ada["id"])
    wired.subscribe(ada, "free")
    wired.subscribe(bob, "free")
    wired.sandbox.wait_idle()
    counts = [
        sum(got.event["data"]["customer_id"] == customer["id"] for got in receiver.received) for customer in (ada, bob)
    ]
    assert counts[0] * 2 == counts[1]


def lost(seed: int) -> list[bool]:
    """Which of forty events, of forty objects and so in any order, are dropped by chance."""
    receiver = Receiver()
    with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET) as sandbox:
        api = Api(sandbox)
        sandbox.faults.add("webhook_drop", probability=0.4, seed=seed)
        for _ in range(40):
            api.customer()
        sandbox.wait_idle()
        found = [item["status"] == "dropped" for item in deliveries(api)]
        api.close()
    receiver.close()
    return found


def test_the_same_seed_loses_the_same_events() -> None:
    first = lost(3)
    assert first == lost(3)
    assert first != lost(4)
    assert 5 <= sum(first) <= 30


def test_all_is_lost_never(receiver: Receiver) -> None:
    """Whatever happens on the way, each event arrives, and those that no fault reorders arrive in order."""
    receiver.answer = lambda got: 200 if genuine(got) else 401
    with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET, time_scale=FAST) as sandbox:
        api = Api(sandbox)
        for number, action in enumerate(("webhook_bad_signature", "webhook_stale", "webhook_duplicate")):
            sandbox.faults.add(action, probability=0.3, seed=number)
        sandbox.faults.add("webhook_delay", probability=0.3, milliseconds=5)
        wanted = [str(number) for number in range(20)]
        renamed(api, *wanted)
        while any(item["status"] == "pending" for item in deliveries(api)):
            sandbox.wait_idle()
        api.close()
    taken = [got.event["data"]["name"] for got in receiver.received if genuine(got)]
    assert list(dict.fromkeys(taken)) == ["first", *wanted]
    assert len(receiver.received) > len(taken) > 21
