"""What the sandbox remembers of the requests it got."""

from __future__ import annotations

from paylera_sandbox.recorder import RecordedRequest, Recorder
from sandbox.support import Api


def request(number: int, *, body: bytes = b"{}") -> RecordedRequest:
    return RecordedRequest("POST", "/v1/track", "", {}, body, 200, number=number)


def test_everything_that_a_log_shows(api: Api) -> None:
    body = {"email": "ada@example.com"}
    first = api.post("/v1/customers", body, key="k-1")
    again = api.post("/v1/customers", body, key="k-1")
    api.get("/v1/customers/cus_x")
    one, two, three = api.sandbox.requests
    assert [one.number, two.number, three.number] == [1, 2, 3]
    assert (one.idempotency_key, one.replayed, one.fault) == ("k-1", False, None)
    assert (two.idempotency_key, two.replayed) == ("k-1", True)
    assert one.answer == two.answer == first.content == again.content
    assert one.request_id == first.headers["x-request-id"]
    assert one.at == "2026-11-01T00:00:00.000Z"
    assert one.duration_ms > 0
    assert (three.status, three.idempotency_key, b"customer.not_found" in three.answer) == (404, None, True)


def test_the_alias_of_a_key_is_the_key(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    body = {"customer_id": customer["id"], "feature_code": "api_calls", "dedup_key": "d-1"}
    assert api.client.post("/v1/track", json=body).status_code == 200
    assert api.sandbox.requests[-1].idempotency_key == "d-1"


def test_the_oldest_make_room() -> None:
    recorder = Recorder(limit=3)
    for number in range(1, 6):
        recorder.add(request(number))
    assert [kept.number for kept in recorder.requests()] == [3, 4, 5]
    assert recorder.find(2) is None
    assert recorder.find(4) == request(4)


def test_large_bodies_make_room_sooner() -> None:
    recorder = Recorder(limit=100, most_bytes=10_000)
    for number in range(1, 10):
        recorder.add(request(number, body=b"x" * 4_000))
    assert [kept.number for kept in recorder.requests()] == [8, 9]
    recorder.add(request(10, body=b"x" * 50_000))
    assert [kept.number for kept in recorder.requests()] == [10]
    recorder.clear()
    assert recorder.requests() == []
