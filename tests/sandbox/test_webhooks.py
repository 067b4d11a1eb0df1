"""Signed delivery to a real receiver."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.webhooks import delivery, outbox, sender
from paylera_sandbox.webhooks.subscribers import wants
from sandbox.support import Api, ManualClock, Received, Receiver, problem

SECRET = "whsec_0123456789abcdef"
FAST = 1_000_000.0  # 24 h become 86 ms


@pytest.fixture
def wired(receiver: Receiver) -> Iterator[Api]:
    """A sandbox that delivers everything to the receiver, with hardly a wait between attempts."""
    with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET, time_scale=FAST) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


def endpoint_of(api: Api) -> dict:
    [endpoint] = api.get("/v1/admin/webhook-endpoints").json()["data"]
    return endpoint


def deliveries(api: Api, **query: object) -> list[dict]:
    path = f"/v1/admin/webhook-endpoints/{endpoint_of(api)['id']}/deliveries"
    return api.get(path, limit=100, **query).json()["data"][::-1]


def signatures(got: Received) -> tuple[str, list[str]]:
    stamp, *rest = got.headers["paylera-signature"].split(",")
    assert stamp.startswith("t=")
    assert all(part.startswith("v1=") for part in rest)
    return stamp[2:], [part[3:] for part in rest]


def by_hand(got: Received, secret: str) -> str:
    stamp, _ = signatures(got)
    return hmac.new(secret.encode(), stamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()


def test_delivery_is_signed_and_complete(wired: Api, receiver: Receiver) -> None:
    customer = wired.customer()
    [got] = receiver.wait_for(1)
    assert signatures(got)[1] == [by_hand(got, SECRET)]
    assert got.headers["content-type"] == "application/json"
    event = got.event
    assert set(event) == {
        "id", "type", "occurred_at", "schema_version", "tenant_id", "aggregate_type", "aggregate_id", "data",
    }  # fmt: skip
    assert (event["type"], event["aggregate_type"], event["aggregate_id"]) == (
        "customer.created",
        "customer",
        customer["id"],
    )
    assert event["data"] == customer
    assert event["schema_version"] == 1
    assert got.headers["paylera-event-id"] == event["id"]
    assert got.headers["paylera-event-type"] == event["type"]
    wired.sandbox.wait_idle()
    [sent] = deliveries(wired)
    assert (sent["id"], sent["status"], sent["next_attempt_at"]) == (
        got.headers["paylera-delivery-id"],
        "succeeded",
        None,
    )
    assert sent["attempts"][0]["status"] == 200
    assert wired.get(f"/v1/admin/events/{event['id']}").json() == event


def test_wait_idle_waits_for_everything_that_is_due(wired: Api, receiver: Receiver) -> None:
    for _ in range(20):
        wired.subscribe(wired.customer(), "starter")
    wired.sandbox.wait_idle()
    assert len(receiver.received) == 200
    assert {item["status"] for item in deliveries(wired)} == {"succeeded"}


def test_wait_idle_times_out(wired: Api, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answer = lambda _: 200 if release.wait(5) else 500
    wired.customer()
    with pytest.raises(TimeoutError, match="still under way"):
        wired.sandbox.wait_idle(0.05)
    release.set()
    wired.sandbox.wait_idle()


def test_nine_attempts_then_failed(wired: Api, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    wired.customer()
    got = receiver.wait_for(9)
    wired.sandbox.wait_idle()
    [sent] = deliveries(wired)
    assert (sent["status"], len(sent["attempts"]), sent["next_attempt_at"]) == ("failed", 9, None)
    assert len({item.body for item in got}) == 1
    assert len({item.headers["paylera-delivery-id"] for item in got}) == 1
    assert len(receiver.received) == 9


def test_waits_between_attempts_are_the_documented_ones(receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    clock = ManualClock()
    due = [0, 15, 60, 300, 1800, 7200, 21600, 43200, 86400]
    with Sandbox(webhook_url=receiver.url, webhook_secret=SECRET, clock=clock) as sandbox:
        api = Api(sandbox)
        api.customer()
        for count, seconds in enumerate(due, start=1):
            clock.advance(seconds=seconds, milliseconds=-1 if seconds else 0)
            sandbox.engine.wake()
            sandbox.wait_idle()
            if seconds:
                assert len(receiver.received) == count - 1, "too early"
                clock.advance(milliseconds=1)
                sandbox.engine.wake()
            receiver.wait_for(count)
            sandbox.wait_idle()
        [sent] = deliveries(api)
        api.close()
    assert sent["status"] == "failed"


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500])
def test_anything_but_2xx_is_tried_again(wired: Api, receiver: Receiver, status: int) -> None:
    answers = iter([status, 204])
    receiver.answer = lambda _: next(answers)
    wired.customer()
    receiver.wait_for(2)
    wired.sandbox.wait_idle()
    [sent] = deliveries(wired)
    assert [attempt["status"] for attempt in sent["attempts"]] == [status, 204]
    assert sent["status"] == "succeeded"


def test_no_answer_counts_as_a_failure(wired: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 0.4)
    release = threading.Event()
    receiver.answer = _slow_once(release)
    wired.customer()
    receiver.wait_for(1)  # the second call: the first has no answer yet
    wired.sandbox.wait_idle()
    [sent] = deliveries(wired)
    release.set()
    assert [attempt["status"] for attempt in sent["attempts"]] == [None, 200]
    assert "no answer within" in sent["attempts"][0]["error"]
    assert sent["status"] == "succeeded"


def _slow_once(release: threading.Event) -> Callable[[Received], int]:
    """Answer the first call only when it is released, and all others at once."""
    calls = iter([release])

    def answer(_: Received) -> int:
        held = next(calls, None)
        if held is not None:
            held.wait(5)
        return 200

    return answer


def test_nobody_listens(api: Api, clock: ManualClock) -> None:
    api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/nobody"})
    api.customer()
    api.sandbox.wait_idle()
    [sent] = deliveries(api)
    assert (sent["status"], sent["attempts"][0]["status"]) == ("pending", None)
    assert sent["next_attempt_at"] == "2026-11-01T00:00:15.000Z"


def test_one_aggregate_in_order_while_others_pass(wired: Api, receiver: Receiver) -> None:
    """The first event of one customer fails twice; its later events wait, another customer's do not."""
    refusals = iter([500, 500])
    ada = wired.customer(email="ada@example.com")
    wired.sandbox.wait_idle()
    receiver.received.clear()
    receiver.answer = lambda got: next(refusals, 200) if got.event["aggregate_id"] == ada["id"] else 200
    for name in ("one", "two", "three"):
        wired.client.patch(f"/v1/customers/{ada['id']}", json={"name": name})
    bob = wired.customer(email="bob@example.com")
    receiver.wait_for(6)
    names = [got.event["data"]["name"] for got in receiver.received if got.event["aggregate_id"] == ada["id"]]
    assert names == ["one", "one", "one", "two", "three"]
    assert [got for got in receiver.received if got.event["aggregate_id"] == bob["id"]]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], {"customer.created", "subscription.created", "subscription.activated"}),
        (["subscription.*"], {"subscription.created", "subscription.activated"}),
        (["customer.created", "subscription.activated"], {"customer.created", "subscription.activated"}),
        (["invoice.*"], set()),
    ],
)
def test_endpoint_gets_what_it_asked_for(api: Api, receiver: Receiver, patterns: list[str], expected: set[str]) -> None:
    api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": patterns})
    api.subscribe(api.customer(), "free")
    api.sandbox.wait_idle()
    assert set(receiver.types()) == expected


def test_prefix_is_a_whole_word() -> None:
    assert not wants(["payment.*"], "payment_method.attached")
    assert wants(["payment_method.*"], "payment_method.attached")


def test_rotation_signs_with_both_for_a_day(api: Api, clock: ManualClock, receiver: Receiver) -> None:
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    old = endpoint["secret"]
    new = api.ok(f"/v1/admin/webhook-endpoints/{endpoint['id']}/rotate-secret")["secret"]
    assert new.startswith("whsec_")
    assert new != old
    api.customer()
    api.sandbox.wait_idle()
    assert signatures(receiver.received[0])[1] == [
        by_hand(receiver.received[0], new),
        by_hand(receiver.received[0], old),
    ]
    clock.advance(hours=24)
    api.customer()
    api.sandbox.wait_idle()
    assert signatures(receiver.received[1])[1] == [by_hand(receiver.received[1], new)]


def test_secret_is_shown_once(api: Api) -> None:
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/", "description": "mine"})
    path = f"/v1/admin/webhook-endpoints/{endpoint['id']}"
    shown = api.get(path).json()
    assert shown == {name: value for name, value in endpoint.items() if name != "secret"}
    assert shown["secret_last4"] == endpoint["secret"][-4:]
    assert endpoint["secret"] not in api.get("/v1/admin/webhook-endpoints").text
    assert endpoint["secret"] not in api.client.patch(path, json={"description": None}).text


def test_endpoint_life(api: Api, receiver: Receiver) -> None:
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/", "events": ["*"]})
    path = f"/v1/admin/webhook-endpoints/{endpoint['id']}"
    api.customer()
    api.sandbox.wait_idle()
    assert api.client.patch(path, json={"status": "disabled"}).json()["status"] == "disabled"
    assert [item["status"] for item in deliveries(api)] == ["dropped"]
    api.customer()
    assert len(deliveries(api)) == 1
    problem(api.post(f"{path}/replay"), 422, "validation.failed")
    changed = api.client.patch(path, json={"status": "enabled", "url": receiver.url, "events": ["invoice.*"]}).json()
    assert (changed["url"], changed["events"]) == (receiver.url, ["invoice.*"])
    assert api.client.delete(path).status_code == 204
    problem(api.get(path), 404, "webhook_endpoint.not_found")
    problem(api.client.delete(path), 404, "webhook_endpoint.not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://x/"}, "url"),
        ({"url": "http://127.0.0.1/", "events": []}, "events"),
        ({"url": "http://127.0.0.1/", "events": "*"}, "events"),
        ({"url": "http://127.0.0.1/", "events": ["*.paid"]}, "events"),
        ({"url": "http://127.0.0.1/", "events": ["invoice"]}, "events"),
        ({"url": "http://127.0.0.1/", "api_version": "20260501"}, "api_version"),
        ({"url": "http://127.0.0.1/", "secret": "short"}, "secret"),
        ({"url": "http://127.0.0.1/", "secret": "whsec_with space"}, "secret"),
    ],
)
def test_endpoint_faults(shared: Api, body: dict, field: str) -> None:
    document = problem(shared.post("/v1/admin/webhook-endpoints", body), 422, "validation.failed")
    assert document["errors"][0]["field"] == field


def test_retry_and_replay(wired: Api, receiver: Receiver) -> None:
    wired.customer()
    wired.customer()
    wired.sandbox.wait_idle()
    path = f"/v1/admin/webhook-endpoints/{endpoint_of(wired)['id']}"
    first, second = deliveries(wired)
    assert wired.post(f"{path}/deliveries/{first['id']}/retry").status_code == 202
    wired.sandbox.wait_idle()
    assert receiver.received[-1].headers["paylera-delivery-id"] == first["id"]
    assert len(deliveries(wired)[0]["attempts"]) == 2
    assert wired.ok(f"{path}/replay", {"event_ids": [second["event_id"]]})["queued"] == 1
    wired.sandbox.wait_idle()
    again = receiver.received[-1]
    assert again.headers["paylera-event-id"] == second["event_id"]
    assert again.headers["paylera-delivery-id"] != second["id"]
    assert wired.ok(f"{path}/replay", {"since": "2026-01-01T00:00:00Z", "event_types": ["customer.*"]})["queued"] == 2
    assert wired.ok(f"{path}/replay", {"since": "2999-01-01T00:00:00Z"})["queued"] == 0
    assert wired.ok(f"{path}/replay", {"until": "2026-01-01T00:00:00+02:00"})["queued"] == 0
    problem(wired.post(f"{path}/replay", {"event_ids": ["evt_x"]}), 404, "event.not_found")
    problem(wired.post(f"{path}/replay", {"since": "soon"}), 422, "validation.failed")
    problem(wired.post(f"{path}/deliveries/del_x/retry"), 404, "webhook_delivery.not_found")


def test_retry_belongs_to_its_endpoint(wired: Api, receiver: Receiver) -> None:
    wired.customer()
    wired.sandbox.wait_idle()
    [sent] = deliveries(wired)
    other = wired.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    answer = wired.post(f"/v1/admin/webhook-endpoints/{other['id']}/deliveries/{sent['id']}/retry")
    problem(answer, 422, "validation.failed")


def test_what_waits_is_delivered_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    db, clock = tmp_path / "sandbox.db", ManualClock()
    receiver.answer = lambda _: 500
    with Sandbox(db=db, clock=clock, webhook_url=receiver.url, webhook_secret=SECRET) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        sandbox.wait_idle()
        api.close()
    receiver.answer = lambda _: 200
    clock.advance(seconds=15)
    with Sandbox(db=db, clock=clock, webhook_url=receiver.url, webhook_secret=SECRET) as sandbox:
        first, second = receiver.wait_for(2)
        sandbox.wait_idle()
        api = Api(sandbox)
        assert len(deliveries(api)[0]["attempts"]) == 2
        assert api.get(f"/v1/customers/{customer['id']}").json() == customer
        api.close()
    assert first.body == second.body
    assert first.headers["paylera-delivery-id"] == second.headers["paylera-delivery-id"]


def test_registering_again_changes_nothing_but_the_secret(tmp_path: Path, receiver: Receiver) -> None:
    db = tmp_path / "sandbox.db"
    for secret in (SECRET, SECRET, "whsec_another-secret"):
        with Sandbox(db=db, webhook_url=receiver.url, webhook_secret=secret) as sandbox:
            api = Api(sandbox)
            api.customer()
            sandbox.wait_idle()
            endpoint_of(api)
            api.close()
    assert [signatures(got)[1] == [by_hand(got, SECRET)] for got in receiver.received] == [True, True, False]


def test_no_event_without_its_change(wired: Api, receiver: Receiver) -> None:
    """A refused call leaves neither a change nor an event."""
    wired.post("/v1/customers", {"external_id": "x", "email": "bad"})
    wired.post("/v1/attach", {"customer_id": "cus_x", "plan_id": "free"})
    wired.sandbox.wait_idle()
    assert receiver.received == []
    assert [event["type"] for event in wired.events()] == ["webhook_endpoint.created"]  # from the start


def test_a_fault_of_ours_delays_and_loses_nothing(
    wired: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.01)
    faults, sound = iter([RuntimeError("broken")]), delivery.prepare

    def prepare(*arguments: object) -> object:
        for fault in faults:
            raise fault
        return sound(*arguments)

    monkeypatch.setattr(delivery, "prepare", prepare)
    wired.customer()
    receiver.wait_for(1)
    wired.sandbox.wait_idle()
    assert [item["status"] for item in deliveries(wired)] == ["succeeded"]
    assert "broke" in caplog.text


def test_an_unreadable_outbox_is_read_again(
    wired: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.01)
    faults, sound = iter([sqlite3.OperationalError("disk I/O error")]), outbox.heads

    def heads(*arguments: object, **options: object) -> object:
        for fault in faults:
            raise fault
        return sound(*arguments, **options)

    monkeypatch.setattr(outbox, "heads", heads)
    wired.customer()
    receiver.wait_for(1)
    assert "cannot be read" in caplog.text
