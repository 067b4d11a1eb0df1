from __future__ import annotations

import json
import socket
import threading
from urllib.parse import urlsplit

import httpx2
import pytest

from sandbox.support import Api, ManualClock, problem

BODY = {"email": "ada@example.com"}


@pytest.mark.parametrize(
    "path", ["/v1/customers", "/v1/track", "/v1/attach", "/v1/subscriptions/x/cancel", "/v1/admin/webhook-endpoints"]
)
def test_every_post_but_check_needs_a_key(shared: Api, path: str) -> None:
    problem(shared.client.post(path, json=BODY), 400, "idempotency.required")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_bad_keys(shared: Api, key: str) -> None:
    answer = shared.client.post("/v1/customers", json=BODY, headers={"Idempotency-Key": key})
    problem(answer, 400, "idempotency.invalid_key")


def test_two_keys_are_no_key(shared: Api) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    problem(shared.client.post("/v1/customers", json=BODY, headers=headers), 400, "idempotency.invalid_key")


def test_replay_is_byte_for_byte_and_does_nothing(api: Api, clock: ManualClock) -> None:
    first = api.post("/v1/customers", BODY, key="k")
    clock.advance(hours=23, minutes=59)
    again = api.post("/v1/customers", BODY, key="k")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(api.get("/v1/customers").json()["data"]) == 1


def test_key_is_free_after_24_hours(api: Api, clock: ManualClock) -> None:
    first = api.ok("/v1/customers", BODY, key="k")
    clock.advance(hours=24, milliseconds=1)
    assert api.ok("/v1/customers", {"email": "bob@example.com"}, key="k")["id"] != first["id"]


def test_spacing_and_order_are_not_another_body(shared: Api) -> None:
    headers = {"Idempotency-Key": "order", "Content-Type": "application/json"}
    one = shared.client.post("/v1/customers", content=b'{"email":"a@b.c","name":"A"}', headers=headers)
    two = shared.client.post("/v1/customers", content=b'{ "name": "A", "email": "a@b.c" }', headers=headers)
    assert one.content == two.content


def test_another_body_is_a_conflict_and_leaves_the_answer(shared: Api) -> None:
    first = shared.post("/v1/customers", BODY, key="conflict")
    problem(shared.post("/v1/customers", {"email": "x@y.z"}, key="conflict"), 409, "paylera.idempotency_conflict")
    assert shared.post("/v1/customers", BODY, key="conflict").content == first.content


def test_refusals_are_replayed_even_if_they_would_succeed_now(shared: Api) -> None:
    body = {"external_id": "refused", "surprise": 1}
    first = shared.post("/v1/customers", body, key="refusal")
    assert first.status_code == 422
    assert shared.post("/v1/customers", body, key="refusal").content == first.content
    missing = {"customer_id": "cus_later", "feature_code": "api_calls"}
    first = shared.post("/v1/track", missing, key="not found")
    problem(first, 404, "customer.not_found")
    assert shared.post("/v1/track", missing, key="not found").content == first.content


def test_replay_has_the_headers_of_the_original(shared: Api) -> None:
    old = {"Paylera-Version": "2026-04-01"}
    first = shared.post("/v1/customers", {"surprise": 1}, key="headers", **old)
    again = shared.post("/v1/customers", {"surprise": 1}, key="headers")
    own = {"date", "x-request-id", "idempotent-replayed", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert {**first.headers}.keys() ^ {**again.headers}.keys() == {"idempotent-replayed"}
    assert [again.headers[name] for name in first.headers if name not in own] == [
        first.headers[name] for name in first.headers if name not in own
    ]
    assert again.content == first.content
    assert "problem" in again.json()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_key_counts_where_none_is_needed(api: Api, method: str) -> None:
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/x"})
    path, headers = f"/v1/admin/webhook-endpoints/{endpoint['id']}", {"Idempotency-Key": "k"}
    body = {"json": {"description": "one"}} if method == "PATCH" else {}
    first = api.client.request(method, path, headers=headers, **body)
    if method == "PATCH":
        api.client.patch(path, json={"description": "two"})
    again = api.client.request(method, path, headers=headers, **body)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = api.client.request(method, path, headers=headers, json={"description": "three"})
    problem(other, 409, "paylera.idempotency_conflict")
    if method == "PATCH":
        assert api.get(path).json()["description"] == "two"


def test_a_check_with_a_key_is_repeated(api: Api) -> None:
    customer = api.customer()
    body = {"customer_id": customer["id"], "feature_code": "api_calls"}
    first = api.post("/v1/check", body, key="k")
    api.subscribe(customer, "free")
    assert api.post("/v1/check", body, key="k").content == first.content
    assert api.client.post("/v1/check", json=body).json()["allowed"] is True


def test_scope_is_the_route_with_its_ids(shared: Api) -> None:
    shared.ok("/v1/customers", BODY, key="scope")
    problem(shared.post("/v1/subscriptions/a/cancel", {}, key="scope"), 404, "subscription.not_found")
    problem(shared.post("/v1/subscriptions/b/cancel", {"reason": "x"}, key="scope"), 404, "subscription.not_found")


def test_query_is_not_part_of_the_body(api: Api) -> None:
    """A retried cancel may carry a newer version in its query: it is the same logical call."""
    subscription = api.subscribe(api.customer(), "free")
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    first = api.post(f"{path}?version={subscription['version']}", {}, key="cancel")
    again = api.post(f"{path}?version={first.json()['version']}", {}, key="cancel")
    assert (again.status_code, again.content) == (200, first.content)


def test_dedup_key_stands_in_for_the_header(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "free")
    body = {"customer_id": customer["id"], "feature_code": "api_calls", "dedup_key": "once"}
    first, again = (api.client.post("/v1/track", json=body) for _ in range(2))
    assert first.content == again.content
    assert first.json()["usage"] == "1"
    assert api.post("/v1/track", {**body, "quantity": "2"}, key="header wins").json()["usage"] == "3"


def test_one_key_in_many_threads_makes_one_customer(api: Api) -> None:
    start = threading.Barrier(16)
    answers: list[httpx2.Response] = []

    def create() -> None:
        with httpx2.Client(base_url=api.sandbox.url, headers=dict(api.client.headers)) as client:
            start.wait()
            answers.append(client.post("/v1/customers", json=BODY, headers={"Idempotency-Key": "race"}))

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(api.get("/v1/customers").json()["data"]) == 1
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "paylera.idempotency_in_progress")


def test_many_keys_in_many_threads_lose_no_usage(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")

    def track() -> None:
        with httpx2.Client(base_url=api.sandbox.url, headers=dict(api.client.headers)) as client:
            for _ in range(10):
                body = {"customer_id": customer["id"], "feature_code": "api_calls", "quantity": "1.5"}
                key = f"{threading.get_ident()}-{_}"
                assert client.post("/v1/track", json=body, headers={"Idempotency-Key": key}).status_code == 200

    threads = [threading.Thread(target=track) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check = api.ok("/v1/check", {"customer_id": customer["id"], "feature_code": "api_calls"})
    assert (check["usage"], check["balance"]) == ("120", "880")


def _begin(api: Api, key: str, length: int) -> socket.socket:
    """Begin a call and return once the sandbox waits for its body (the 100 says so)."""
    address = urlsplit(api.sandbox.url)
    caller = socket.create_connection((address.hostname, address.port), timeout=5)
    caller.sendall(
        (
            f"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.sandbox.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\nIdempotency-Key: {key}\r\n"
            "Expect: 100-continue\r\nConnection: close\r\n\r\n"
        ).encode()
    )
    assert caller.recv(1024).startswith(b"HTTP/1.1 100")
    return caller


def test_key_is_in_progress_while_the_body_arrives(api: Api) -> None:
    body = json.dumps(BODY).encode()
    with _begin(api, "slow", len(body)) as slow:
        answer = api.post("/v1/customers", BODY, key="slow")
        problem(answer, 409, "paylera.idempotency_in_progress")
        assert answer.headers["retry-after"] == "1"
        slow.sendall(body)
        raw = b"".join(iter(lambda: slow.recv(65536), b""))
    assert raw.startswith(b"HTTP/1.1 201")
    again = api.post("/v1/customers", BODY, key="slow")
    assert again.status_code == 201
    assert raw.endswith(again.content)


def test_a_caller_who_hangs_up_gives_the_key_free(api: Api) -> None:
    _begin(api, "gone", 50).close()
    for _ in range(200):
        answer = api.post("/v1/customers", BODY, key="gone")
        if answer.status_code == 201:
            return
        problem(answer, 409, "paylera.idempotency_in_progress")
    pytest.fail("the key is never given free")
