"""Reset, snapshot and restore: a sandbox as a whole."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from paylera_sandbox import Sandbox, store
from paylera_sandbox.webhooks.events import record
from sandbox.support import Api, Receiver, problem

MEDIA = {"Content-Type": "application/vnd.sqlite3"}


@pytest.fixture(params=["memory", "file"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    db = ":memory:" if request.param == "memory" else tmp_path / "data.db"
    with Sandbox(db=db) as sandbox, closing(Api(sandbox)) as api:
        yield api


def snapshot(api: Api) -> bytes:
    answer = api.get("/sandbox/snapshot")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.sqlite3"
    return answer.content


def restore(api: Api, content: bytes) -> httpx2.Response:
    return api.client.post("/sandbox/restore", content=content, headers=MEDIA)


def reset(api: Api) -> None:
    assert api.client.post("/sandbox/reset").status_code == 200


def put_clock(api: Api, **body: str) -> dict:
    answer = api.client.put("/sandbox/clock", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def everything(content: bytes) -> list[str]:
    """All rows of a snapshot, as SQL, but for the moment at which it was taken."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        return [line for line in database.iterdump() if "snapshot_at" not in line and "'starts'" not in line]


def test_a_restored_sandbox_is_the_old_one(server: Api) -> None:
    """To the numbers of its invoices, its idempotency keys, and the deliveries that wait."""
    put_clock(server, mode="pinned", at="2030-01-01T00:00:00.000Z")
    server.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/"})
    customer = server.customer()
    server.subscribe(customer, "pro")
    first = server.post("/v1/customers", {"email": "k@example.com"}, key="kept")
    server.sandbox.wait_idle()
    content = snapshot(server)
    server.subscribe(server.customer(), "pro")
    put_clock(server, mode="offset", at="2033-01-01T00:00:00.000Z")
    answer = restore(server, content)
    assert (answer.status_code, answer.json()["now"]) == (200, "2030-01-01T00:00:00.000Z")
    assert everything(snapshot(server)) == everything(content)
    again = server.post("/v1/customers", {"email": "k@example.com"}, key="kept")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    server.subscribe(server.customer(), "pro")
    numbers = [invoice["number"] for invoice in server.get("/v1/invoices").json()["data"]]
    assert numbers == ["INV-2030-000002", "INV-2030-000001"]


def test_time_that_was_moved_goes_on_from_the_snapshot(server: Api) -> None:
    put_clock(server, mode="offset", at="2031-05-05T00:00:00.000Z")
    content = snapshot(server)
    put_clock(server, mode="offset", at="2035-01-01T00:00:00.000Z")
    assert restore(server, content).json()["now"].startswith("2031-05-05T00:00:")
    put_clock(server, mode="pinned")
    assert server.get("/sandbox/clock").json()["mode"] == "pinned"


def test_what_waited_is_delivered_after_the_restore(server: Api, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    server.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["customer.*"]})
    customer = server.customer()
    receiver.wait_for(1)
    server.sandbox.wait_idle()
    content = snapshot(server)
    receiver.answer = lambda _: 200
    reset(server)
    assert restore(server, content).json()["pending_deliveries"] == 1
    assert server.client.post("/sandbox/clock/advance", json={"by": "1m"}).status_code == 200
    assert receiver.wait_for(2)[1].event["data"]["id"] == customer["id"]


def test_a_delivery_that_was_under_way_does_not_touch_what_was_restored(server: Api, receiver: Receiver) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slow(_: object) -> int:
        arrived.set()
        go_on.wait(20)
        return 503

    receiver.answer = slow
    server.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["customer.*"]})
    server.customer()
    assert arrived.wait(10)
    content = snapshot(server)
    restore(server, content)
    receiver.answer = lambda _: 200
    go_on.set()
    server.sandbox.wait_idle()
    [endpoint] = server.get("/v1/admin/webhook-endpoints").json()["data"]
    [delivery] = server.get(f"/v1/admin/webhook-endpoints/{endpoint['id']}/deliveries").json()["data"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [200]
    assert delivery["status"] == "succeeded"


def test_reset_leaves_nothing_but_the_catalogue(server: Api) -> None:
    fresh = everything(snapshot(server))
    put_clock(server, mode="pinned", at="2030-01-01T00:00:00.000Z")
    server.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/"})
    server.subscribe(server.customer(), "pro")
    reset(server)
    assert server.get("/sandbox/clock").json()["mode"] == "real"
    assert server.get("/sandbox/requests").json()["data"][1:] == []
    assert [line[:60] for line in everything(snapshot(server))] == [line[:60] for line in fresh]


def test_reset_keeps_the_endpoint_of_the_start(receiver: Receiver) -> None:
    with Sandbox(webhook_url=receiver.url) as sandbox, closing(Api(sandbox)) as api:
        other = api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/"})
        reset(api)
        [kept] = api.get("/v1/admin/webhook-endpoints").json()["data"]
        assert (kept["url"], kept["secret_last4"]) == (receiver.url, sandbox.webhook_secret[-4:])
        assert kept["id"] != other["id"]
        api.customer()
        sandbox.wait_idle()
        assert receiver.types()[-1] == "customer.created"


def test_while_requests_are_under_way(server: Api) -> None:
    """Threads write all the time; every answer is one of before or after, and nothing breaks."""
    server.customer()
    content = snapshot(server)
    statuses: set[int] = set()
    stop = threading.Event()

    def write() -> None:
        with closing(Api(server.sandbox)) as api:
            while not stop.is_set():
                statuses.add(api.post("/v1/customers", {"email": "w@example.com"}).status_code)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            assert restore(server, snapshot(server)).status_code == 200
            reset(server)
            assert restore(server, content).status_code == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert statuses == {201}
    assert restore(server, content).json()["customers"] == 1


def test_a_snapshot_is_copied_between_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two pieces somebody writes; what comes while the copy is made is in it, as a whole."""
    with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as api, closing(Api(sandbox)) as other:
        with sandbox.engine.unit() as unit:
            for _ in range(3 * store._PIECE):
                record(unit, "customer.updated", {"id": "cus_1", "object": "customer", "name": "x" * 4096})
        written: list[str] = []
        monkeypatch.setattr(store.time, "sleep", lambda _: written.append(other.customer()["id"]))
        content = snapshot(api)
        monkeypatch.undo()
        assert len(written) >= 3
        assert restore(api, content).json()["customers"] == len(written)
        told = [event["aggregate_id"] for event in api.events(type="customer.created")]
        assert told == written


def test_a_refused_restore_leaves_nothing_behind(tmp_path: Path, good: bytes) -> None:
    with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as api:
        problem(restore(api, good[: len(good) // 2]), 422, "snapshot.invalid")
        assert restore(api, good).status_code == 200
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_restart_after_a_restore(tmp_path: Path) -> None:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        customer = api.customer()
        content = snapshot(api)
    with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as api:
        restore(api, content)
    with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as api:
        assert api.get(f"/v1/customers/{customer['id']}").json() == customer


@pytest.fixture(scope="module")
def good() -> bytes:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        for _ in range(20):
            api.customer()
        return snapshot(api)


class TestWhatIsNoSnapshot:
    def refused(self, api: Api, content: bytes) -> str:
        before = api.get("/v1/customers").json()
        found = problem(restore(api, content), 422, "snapshot.invalid")
        assert api.get("/v1/customers").json() == before
        return str(found["detail"])

    def test_other_bytes(self, shared: Api, good: bytes) -> None:
        for content in (b"", b"{}", b"SQLite format 3\0", good[:100], b"SQLite format 3\0" + b"\xff" * 5000):
            self.refused(shared, content)

    def test_a_part_of_one(self, shared: Api, good: bytes) -> None:
        self.refused(shared, good[: len(good) // 2])

    def test_a_damaged_one(self, shared: Api, good: bytes) -> None:
        self.refused(shared, good[:4096] + b"\x0d" * 8192 + good[12288:])

    def test_a_database_of_something_else(self, shared: Api) -> None:
        with closing(sqlite3.connect(":memory:")) as other:
            other.execute("CREATE TABLE things (id)")
            assert "another version" in self.refused(shared, other.serialize())

    def test_one_with_more_in_it(self, shared: Api, good: bytes) -> None:
        """A trigger would run with our next write."""
        with closing(sqlite3.connect(":memory:")) as other:
            other.deserialize(good)
            other.execute("CREATE TRIGGER t AFTER INSERT ON customers BEGIN DELETE FROM events; END")
            other.commit()
            assert "something else" in self.refused(shared, other.serialize())

    def test_only_with_a_token(self, shared: Api, good: bytes) -> None:
        problem(httpx2.post(f"{shared.sandbox.url}/sandbox/restore", content=good), 401, "auth.invalid_token")
        problem(httpx2.get(f"{shared.sandbox.url}/sandbox/snapshot"), 401, "auth.invalid_token")
