"""Both clients over a real socket: results, errors, retries, lists, closing."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from paylera import errors
from paylera.client import AsyncPayleraClient, PayleraClient
from paylera.http import Request, Response
from support.peers import Line, always, in_turn, json_reply, listening, reply

TOKEN = "pl_test_canary_4711"


def sent_header(raw: bytes, name: str) -> str | None:
    for line in raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]:
        key, _, value = line.partition(": ")
        if key.lower() == name:
            return value
    return None


def test_result_is_the_answer_as_a_dict(face: Any) -> None:
    document = {"features": {"api": {"allowed": True, "balance": "0.10"}}, "something_new": [1]}
    with listening(always(json_reply(document))) as peer:
        assert face.connect(peer.url).get_entitlements("sub_1") == document
    assert peer.requests[0].startswith(b"GET /v1/subscriptions/sub_1/entitlements HTTP/1.1\r\n")
    assert sent_header(peer.requests[0], "authorization") == f"Bearer {TOKEN}"
    assert sent_header(peer.requests[0], "paylera-api-version") == "2026-05-01"


def test_settings_reach_the_wire(face: Any) -> None:
    with listening(always(json_reply({}))) as peer:
        face.connect(f"{peer.url}/gateway/", api_version="2026-06-01").track(customer_id="cus_1", feature_code="f")
    assert peer.requests[0].startswith(b"POST /gateway/v1/track HTTP/1.1\r\n")
    assert sent_header(peer.requests[0], "paylera-api-version") == "2026-06-01"
    assert sent_header(peer.requests[0], "content-type") == "application/json"
    assert len(sent_header(peer.requests[0], "x-request-id") or "") == 36


def test_environment_gives_the_base_url(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(always(json_reply({"id": "cus_1"}))) as peer:
        monkeypatch.setenv("PAYLERA_BASE_URL", peer.url)
        assert face.connect(None).get_customer("cus_1") == {"id": "cus_1"}


@pytest.mark.parametrize(
    ("status", "problem", "cls"),
    [
        ("400 Bad Request", {"type": "paylera.invalid_request"}, errors.ValidationError),
        ("401 Unauthorized", {"type": "paylera.unauthenticated"}, errors.AuthenticationError),
        ("403 Forbidden", {"type": "paylera.forbidden"}, errors.AuthorizationError),
        ("404 Not Found", {"type": "paylera.not_found"}, errors.NotFoundError),
        ("409 Conflict", {"type": "paylera.idempotency_conflict"}, errors.IdempotencyConflictError),
        ("409 Conflict", {"type": "paylera.idempotency_in_progress"}, errors.IdempotencyInProgressError),
        ("409 Conflict", {"type": "paylera.conflict", "code": "subscription.exists"}, errors.PayleraError),
        ("412 Precondition Failed", {"code": "subscription.version_mismatch"}, errors.PreconditionFailedError),
        ("422 Unprocessable", {"problem": "validation.failed"}, errors.ValidationError),
        ("429 Too Many Requests", {"problem": "rate_limit.exceeded"}, errors.RateLimitError),
        ("503 Service Unavailable", {"type": "paylera.unavailable"}, errors.ServerError),
        ("302 Found", {}, errors.TransportError),
    ],
)
def test_refusals_raise_their_class(face: Any, status: str, problem: Any, cls: type[errors.PayleraError]) -> None:
    refusal = always(json_reply(problem, status=status, headers="x-request-id: req-from-server\r\n"))
    with listening(refusal) as peer, pytest.raises(errors.PayleraError) as caught:
        face.connect(peer.url, max_retries=0).get_customer("cus_1")
    assert type(caught.value) is cls
    assert caught.value.request_id == "req-from-server"
    assert caught.value.status == int(status[:3])


def test_error_without_an_answer_carries_the_id_that_was_sent(face: Any) -> None:
    def script(line: Line) -> None:
        line.read()

    with listening(script) as peer, pytest.raises(errors.TransportError) as caught:
        face.connect(peer.url, max_retries=0).get_customer("cus_1")
    assert caught.value.request_id == sent_header(peer.requests[0], "x-request-id")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"', b'{"a":NaN}', b'{"a":', b"\xff", b"[" * 100_000])
def test_success_that_is_no_object_is_a_protocol_fault(face: Any, body: bytes) -> None:
    odd = always(reply(body, headers="x-request-id: r-1-r-1-r\r\n"))
    with listening(odd) as peer, pytest.raises(errors.TransportError, match="check base_url") as caught:
        face.connect(peer.url).get_customer("cus_1")
    assert (caught.value.fault, caught.value.status, caught.value.request_id) == ("protocol", 200, "r-1-r-1-r")


def test_empty_answers(face: Any) -> None:
    with listening(always(b"HTTP/1.1 204 No Content\r\n\r\n")) as peer:
        face.connect(peer.url)
        assert face.delete_payment_method("pm_1") is None
        assert face.report_usage(subscription_id="sub_1", meter="m", quantity=1) == {}
        assert face.request("POST", "/v1/new") is None


def test_pdf_is_bytes(face: Any) -> None:
    with listening(always(reply(b"%PDF-1.7"))) as peer:
        assert face.connect(peer.url).get_invoice_pdf("inv_1") == b"%PDF-1.7"
    assert sent_header(peer.requests[0], "accept") == "application/pdf"


def test_retry_repeats_key_and_body(face: Any) -> None:
    busy = json_reply({"type": "paylera.unavailable"}, status="503 Busy", headers="retry-after: 0\r\n")
    with listening(in_turn(busy, busy, json_reply({"id": "cus_1"}))) as peer:
        assert face.connect(peer.url).create_customer(email="a@b.c") == {"id": "cus_1"}
    first, *others = peer.requests
    assert others == [first, first]
    assert sent_header(first, "idempotency-key")


def test_broken_connection_is_tried_again(face: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        if line.number == 0:
            line.reset()
        else:
            line.send(json_reply({"id": "cus_1"}))

    with listening(script) as peer:
        assert face.connect(peer.url).create_customer(email="a@b.c") == {"id": "cus_1"}
    assert peer.requests[0] == peer.requests[1]


def test_timeout_is_the_total_of_all_attempts(face: Any) -> None:
    with listening(always(reply(status="503 Busy", headers="retry-after: 1\r\n"))) as peer:
        begun = time.monotonic()
        with pytest.raises(errors.ServerError):
            face.connect(peer.url, timeout=0.5).get_customer("cus_1")
        assert time.monotonic() - begun < 0.4, "a wait that leads nowhere is not begun"
    assert len(peer.requests) == 1


def page(number: int, last: int) -> bytes:
    more = number < last
    document = {"data": [{"id": f"p{number}a"}, {"id": f"p{number}b"}], "has_more": more}
    return json_reply({**document, "next_cursor": f"c{number}" if more else None, "total": 6})


def test_list_gives_a_page_and_all_items(face: Any) -> None:
    with listening(in_turn(page(1, 3), page(1, 3), page(2, 3), page(3, 3))) as peer:
        face.connect(peer.url)
        first = face.list_plans(limit=2)
        assert [item["id"] for item in first["data"]] == ["p1a", "p1b"]
        assert (first.data, first.has_more, first.next_cursor, first["total"]) == (first["data"], True, "c1", 6)
        assert first.to_dict()["total"] == 6
        assert "2 items, has_more=True" in repr(first)
        items = face.items(face.client.list_plans(limit=2))
    assert [item["id"] for item in items] == ["p1a", "p1b", "p2a", "p2b", "p3a", "p3b"]
    targets = [request.split(b" ")[1] for request in peer.requests]
    assert targets[1:] == [b"/v1/plans?limit=2", b"/v1/plans?limit=2&cursor=c1", b"/v1/plans?limit=2&cursor=c2"]


def test_pages_one_after_the_other(face: Any) -> None:
    with listening(in_turn(page(1, 2), page(2, 2))) as peer:
        first = face.connect(peer.url).list_plans()
        second = face.wait(first.next_page())
        assert [item["id"] for item in second.data] == ["p2a", "p2b"]
        assert second.next_cursor is None
        assert face.wait(second.next_page()) is None


def test_page_walks_on_from_where_it_is(face: Any) -> None:
    with listening(in_turn(page(1, 2), page(2, 2))) as peer:
        first = face.connect(peer.url).list_plans()
        assert len(face.items(first)) == 4


@pytest.mark.parametrize("cursor", ["same", None, "", 7])
def test_list_that_leads_nowhere_ends(face: Any, cursor: Any) -> None:
    with listening(always(json_reply({"data": [{"id": "x"}], "has_more": True, "next_cursor": cursor}))) as peer:
        face.connect(peer.url)
        with pytest.raises(errors.TransportError, match="leads nowhere new") as caught:
            face.items(face.client.list_plans())
    assert caught.value.fault == "protocol"


def test_bare_array_is_one_page(face: Any) -> None:
    with listening(always(json_reply([{"id": "pro"}]))) as peer:
        assert face.items(face.connect(peer.url).client.list_plans()) == [{"id": "pro"}]


@pytest.mark.parametrize("document", [{"plans": []}, {"data": {}}, "x", {"data": None}])
def test_list_of_another_shape_is_a_protocol_fault(face: Any, document: Any) -> None:
    with listening(always(json_reply(document))) as peer, pytest.raises(errors.TransportError, match="no list"):
        face.connect(peer.url).list_plans()


def test_raw_request(face: Any) -> None:
    with listening(always(json_reply([1, {"a": None}]))) as peer:
        face.connect(peer.url)
        answer = face.request(
            "post", "/v1/new.thing/x", params={"a": "b c", "n": None}, json={"x": 1}, headers={"X-Trace": "t-1"}
        )
        face.request("POST", "/v1/new", json={}, idempotency_key="k-1")
    assert answer == [1, {"a": None}]
    first, second = peer.requests
    assert first.startswith(b"POST /v1/new.thing/x?a=b+c HTTP/1.1\r\n")
    assert sent_header(first, "x-trace") == "t-1"
    assert sent_header(first, "idempotency-key") is None
    assert sent_header(second, "idempotency-key") == "k-1"


def test_raw_post_without_a_key_is_sent_once(face: Any) -> None:
    busy = always(reply(status="503 Busy", headers="retry-after: 0\r\n"))
    with listening(busy) as peer, pytest.raises(errors.ServerError):
        face.connect(peer.url).request("POST", "/v1/new", json={})
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "path",
    ["", "v1/x", "/v1/../x", "/v1/./x", "/v1//x", "/v1/x?a=b", "/v1/x#a", "/v1/%2e%2e", "/v1/x\r\n", "//h/x", "/..", 7],
)
def test_raw_path_is_plain_segments(face: Any, path: Any) -> None:
    with pytest.raises(ValueError, match="plain segments"):
        face.connect("http://127.0.0.1:1").request("GET", path)


@pytest.mark.parametrize("name", ["Authorization", "X-Request-Id", "User-Agent", "Paylera-Api-Version", "Host"])
def test_raw_headers_replace_none_of_ours(face: Any, name: str) -> None:
    with pytest.raises(ValueError, match="is set by the"):
        face.connect("http://127.0.0.1:1").request("GET", "/v1/x", headers={name: "mine"})


def test_closed_client_says_so(face: Any) -> None:
    with listening(always(json_reply({}))) as peer:
        face.connect(peer.url).get_customer("cus_1")
        face.shut()
        face.shut()
        for attempt in (lambda: face.get_customer("c"), lambda: face.items(face.client.list_plans())):
            with pytest.raises(errors.TransportError, match="closed") as caught:
                attempt()
            assert caught.value.fault == "closed"
    assert len(peer.requests) == 1


def test_context_managers_close() -> None:
    async def use(url: str) -> AsyncPayleraClient:
        async with AsyncPayleraClient(api_token=TOKEN, base_url=url) as client:
            await client.get_customer("cus_1")
        return client

    with listening(always(json_reply({}))) as peer:
        with PayleraClient(api_token=TOKEN, base_url=peer.url) as client:
            client.get_customer("cus_1")
        with pytest.raises(errors.TransportError, match="closed"), client:
            pass
        closed = asyncio.run(use(peer.url))

        async def enter() -> None:
            async with closed:
                pass

        with pytest.raises(errors.TransportError, match="closed"):
            asyncio.run(enter())


@pytest.mark.parametrize("cls", [PayleraClient, AsyncPayleraClient])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_token": " "}, "api_token"), ({"api_token": None}, "api_token"), ({"api_token": "sk_x"}, "api_token"),
        ({"api_token": "pl_test_a\r\nx: y"}, "api_token"),
        ({"base_url": "ftp://x"}, "base_url"), ({"base_url": ""}, "base_url"),
        ({"api_version": ""}, "api_version"), ({"timeout": 0}, "timeout"), ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"), ({"timeout": float("inf")}, "timeout"), ({"timeout": "10"}, "timeout"),
        ({"timeout": True}, "timeout"), ({"timeout": None}, "timeout"), ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 1.5}, "max_retries"), ({"max_retries": True}, "max_retries"),
        ({"max_retries": 11}, "max_retries"),
        ({"http_client": object()}, "http_client"), ({"transport": object()}, "transport"),
    ],
)  # fmt: skip
def test_settings_are_checked_at_once(cls: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cls(**{"api_token": TOKEN, **options})


def test_client_of_the_other_colour_is_refused() -> None:
    with httpx2.Client() as client, pytest.raises(ValueError, match="belongs to PayleraClient"):
        AsyncPayleraClient(api_token=TOKEN, http_client=client)
    awaiting = httpx2.AsyncClient()
    with pytest.raises(ValueError, match="belongs to AsyncPayleraClient"):
        PayleraClient(api_token=TOKEN, http_client=awaiting)
    asyncio.run(awaiting.aclose())


def test_injected_client_and_transport_exclude_each_other() -> None:
    with httpx2.Client() as client, pytest.raises(ValueError, match="exclude each other"):
        PayleraClient(api_token=TOKEN, http_client=client, transport=Canned())


class Canned:
    """A transport of the user's own; it counts closings."""

    def __init__(self) -> None:
        self.closed = 0
        self.requests: list[Request] = []

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        assert 0 < timeout <= 10
        assert max_bytes > 0
        self.requests.append(request)
        return Response(200, (), b'{"id": "cus_1"}')

    def close(self) -> None:
        self.closed += 1


class AsyncCanned(Canned):
    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:  # type: ignore[override]
        return super().send(request, timeout=timeout, max_bytes=max_bytes)

    async def aclose(self) -> None:
        self.closed += 1


def test_injected_transport_is_used_and_stays_open(face: Any) -> None:
    transport = Canned() if face.colour == "blocking" else AsyncCanned()
    face.connect("http://h", transport=transport)
    assert face.get_customer("cus_1") == {"id": "cus_1"}
    face.shut()
    assert (len(transport.requests), transport.closed) == (1, 0)


def test_injected_http_client_is_used_and_stays_open() -> None:
    async def ask(url: str) -> Any:
        async with httpx2.AsyncClient(trust_env=False) as inner:
            async with AsyncPayleraClient(api_token=TOKEN, base_url=url, http_client=inner) as client:
                answer = await client.get_customer("cus_1")
            assert not inner.is_closed
            return answer

    with listening(always(json_reply({"id": "cus_1"}))) as peer:
        with httpx2.Client(trust_env=False) as inner:
            with PayleraClient(api_token=TOKEN, base_url=peer.url, http_client=inner) as client:
                assert client.get_customer("cus_1") == {"id": "cus_1"}
            assert not inner.is_closed
        assert asyncio.run(ask(peer.url)) == {"id": "cus_1"}


def echo_id(line: Line) -> None:
    while True:
        line.send(json_reply({"id": line.read().split(b" ")[1].rsplit(b"/", 1)[1].decode()}))


def test_one_client_serves_many_threads() -> None:
    def ask(number: int) -> bool:
        return all(client.get_customer(f"cus_{number}_{n}")["id"] == f"cus_{number}_{n}" for n in range(20))

    with (
        listening(echo_id) as peer,
        PayleraClient(api_token=TOKEN, base_url=peer.url) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        assert all(threads.map(ask, range(8)))


def test_one_client_serves_many_loops() -> None:
    def ask(number: int) -> bool:
        async def asked() -> list[str]:
            return [answer["id"] for answer in await asyncio.gather(*(client.get_customer(f"c{n}") for n in range(5)))]

        return all(asyncio.run(asked()) == [f"c{n}" for n in range(5)] for _ in range(number % 3 + 1))

    with listening(echo_id) as peer:
        client = AsyncPayleraClient(api_token=TOKEN, base_url=peer.url)
        assert ask(0)
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(ask, range(8)))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # 3.12: forks beside the peer's threads
def test_one_client_serves_forked_children() -> None:
    with listening(echo_id) as peer, PayleraClient(api_token=TOKEN, base_url=peer.url) as client:
        assert client.get_customer("before")["id"] == "before"
        pids = []
        for name in ("left", "right"):
            pid = os.fork()
            if not pid:
                try:
                    right = all(client.get_customer(f"{name}_{n}")["id"] == f"{name}_{n}" for n in range(100))
                except BaseException:
                    right = False
                os._exit(0 if right else 1)
            pids.append(pid)
        assert all(client.get_customer(f"p_{n}")["id"] == f"p_{n}" for n in range(100))
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
        keys = [json.loads(request.partition(b"\r\n\r\n")[2] or b"null") for request in peer.requests]
        assert keys == [None] * 301


@pytest.mark.parametrize("client", [PayleraClient(api_token=TOKEN), AsyncPayleraClient(api_token=TOKEN)])
def test_client_is_neither_copied_nor_pickled(client: Any) -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            attempt(client)


def test_repr_tells_where_it_goes() -> None:
    assert (
        repr(PayleraClient(api_token="pl_live_x")) == "PayleraClient(base_url='https://api.paylera.dev', mode='live')"
    )
    assert repr(AsyncPayleraClient(api_token="pl_test_x")).startswith("AsyncPayleraClient(base_url='https://api.test")
