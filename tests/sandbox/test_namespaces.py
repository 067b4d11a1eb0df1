"""Several isolated Payleras on one server, chosen by the token."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.namespaces import MOST
from sandbox.support import Api, Receiver, problem


@dataclass
class Address:
    """Where a namespace is, in the form in which `Api` takes it."""

    url: str
    token: str


class Server(Api):
    """A server with the callers of its namespaces."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._callers: list[Api] = []

    def caller(self, token: str) -> Api:
        self._callers.append(Api(Address(self.sandbox.url, token)))
        return self._callers[-1]

    def close(self) -> None:
        super().close()
        for caller in self._callers:
            caller.close()


@contextmanager
def running(**options: object) -> Iterator[Server]:
    with Sandbox(**options) as sandbox, closing(Server(sandbox)) as server:
        yield server


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def control(api: Api, method: str, path: str, body: object = None) -> httpx2.Response:
    return api.client.request(method, f"/sandbox{path}", json=body)


def made(server: Server, name: str) -> Api:
    answer = control(server, "POST", "/namespaces", {"name": name})
    assert answer.status_code == 201, answer.text
    assert answer.json()["token"] == f"pl_test_{name}"
    return server.caller(answer.json()["token"])


def test_a_namespace_shares_nothing_with_another(server: Server) -> None:
    one, two = made(server, "one"), made(server, "two")
    customer = one.customer(external_id="u1")
    two.customer(external_id="u1")
    problem(two.get(f"/v1/customers/{customer['id']}"), 404, "customer.not_found")
    assert len(one.get("/v1/customers").json()["data"]) == 1
    assert server.get("/v1/customers").json()["data"] == []
    assert [event["type"] for event in one.events()] == ["customer.created"]
    assert [plan["id"] for plan in one.get("/v1/plans").json()["data"]] == [
        plan["id"] for plan in server.get("/v1/plans").json()["data"]
    ]


def test_the_same_key_counts_once_for_each(server: Server) -> None:
    one, two = made(server, "one"), made(server, "two")
    first = one.post("/v1/customers", {"email": "a@example.com"}, key="k").json()
    second = two.post("/v1/customers", {"email": "b@example.com"}, key="k").json()
    assert first["id"] != second["id"]


def test_its_checkout_is_paid_under_its_own_address(server: Server) -> None:
    one = made(server, "one")
    attached = one.attach(one.customer(), "pro")
    assert attached["checkout_url"].startswith(f"{server.sandbox.url}/n/one/checkout/")
    subscription = one.subscribe(one.customer(), "pro")
    assert subscription["status"] == "active"
    assert httpx2.get(attached["checkout_url"]).status_code == 200
    assert httpx2.get(attached["checkout_url"].replace("/n/one", "")).status_code == 404
    assert httpx2.get(f"{server.sandbox.url}/n/one/").status_code == 200
    for path in ("/n/none/", "/n/default/", "/n/", "/n"):
        assert httpx2.get(server.sandbox.url + path).status_code == 404, path


def test_its_events_are_delivered(server: Server, receiver: Receiver) -> None:
    one = made(server, "one")
    one.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    one.customer()
    server.customer()
    [got] = receiver.wait_for(1)
    assert got.event["type"] == "customer.created"


def test_list_and_delete(server: Server) -> None:
    one = made(server, "one")
    names = [namespace["name"] for namespace in control(server, "GET", "/namespaces").json()["data"]]
    assert names == ["default", "one"]
    found = control(server, "GET", "/namespaces/one").json()
    assert (found["mode"], found["url"]) == ("test", f"{server.sandbox.url}/n/one")
    assert control(server, "DELETE", "/namespaces/one").status_code == 204
    problem(one.get("/v1/plans"), 401, "auth.invalid_token")
    problem(control(server, "GET", "/namespaces/one"), 404, "namespace.not_found")
    problem(control(server, "DELETE", "/namespaces/one"), 404, "namespace.not_found")
    assert made(server, "one").get("/v1/customers").json()["data"] == []


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a/b", "..", "a" * 41, "ä", None, 5, ["a"], "a\n"])
def test_names_that_are_none(server: Server, name: object) -> None:
    problem(control(server, "POST", "/namespaces", {"name": name}), 422, "validation.failed")


@pytest.mark.parametrize("name", ["default", "live", "sandbox"])
def test_names_that_are_taken(server: Server, name: str) -> None:
    problem(control(server, "POST", "/namespaces", {"name": name}), 409, "namespace.exists")


def test_the_default_one_stays(server: Server) -> None:
    problem(control(server, "DELETE", "/namespaces/default"), 409, "namespace.protected")


def test_there_is_an_end_to_their_number(server: Server) -> None:
    for number in range(MOST - 1):
        assert control(server, "POST", "/namespaces", {"name": f"n{number}"}).status_code == 201
    problem(control(server, "POST", "/namespaces", {"name": "more"}), 409, "namespace.too_many")


def test_only_a_token_opens_the_control_api(server: Server) -> None:
    for path in ("/sandbox/namespaces", "/sandbox/nothing", "/sandbox"):
        problem(httpx2.get(server.sandbox.url + path), 401, "auth.invalid_token")
    problem(control(server, "GET", "/nothing"), 404, "route.not_found")
    problem(control(server, "PATCH", "/namespaces"), 405, "route.method_not_allowed")
    problem(control(server, "POST", "/namespaces", {"name": "a", "more": 1}), 422, "validation.failed")


def test_files_stand_beside_the_database_and_are_found_again(tmp_path: Path) -> None:
    with running(db=tmp_path / "main.db") as server:
        customer = made(server, "one").customer()
        made(server, "gone")
        assert control(server, "DELETE", "/namespaces/gone").status_code == 204
    assert [file.name for file in (tmp_path / "main.db.namespaces").iterdir()] == ["one.db"]
    with running(db=tmp_path / "main.db") as server:
        one = server.caller("pl_test_one")
        assert one.get(f"/v1/customers/{customer['id']}").json() == customer


class TestModes:
    @pytest.fixture
    def live(self, server: Server) -> Api:
        return server.caller("pl_live_sandbox")

    def test_live_mode_has_data_of_its_own(self, server: Server, live: Api) -> None:
        customer = live.customer()
        assert server.get("/v1/customers").json()["data"] == []
        assert live.get("/v1/customers").json()["data"] == [customer]
        assert live.attach(customer, "pro")["checkout_url"].startswith(f"{server.sandbox.url}/n/live/")
        modes = {entry["name"]: entry["mode"] for entry in control(live, "GET", "/namespaces").json()["data"]}
        assert modes == {"default": "test", "live": "live"}

    def test_an_object_of_the_other_mode_is_refused_as_such(self, server: Server, live: Api) -> None:
        theirs, ours = live.customer(), server.customer()
        problem(server.get(f"/v1/customers/{theirs['id']}"), 403, "auth.wrong_environment")
        problem(live.get(f"/v1/customers/{ours['id']}"), 403, "auth.wrong_environment")
        asked = {"customer_id": theirs["id"], "plan_code": "pro"}
        problem(server.post("/v1/attach", asked), 403, "auth.wrong_environment")
        problem(server.post("/v1/check", {**asked, "plan_code": "pro"}), 422, "validation.failed")
        refused = problem(
            server.post("/v1/check", {"customer_id": theirs["id"], "feature_code": "api_calls"}),
            403,
            "auth.wrong_environment",
        )
        assert "live mode" in refused["detail"]
        problem(server.get("/v1/customers/cus_0"), 404, "customer.not_found")

    def test_a_token_without_a_mode_has_no_twin(self) -> None:
        with running(token="secret") as server:
            assert server.get("/v1/plans").status_code == 200
            problem(server.caller("pl_live_sandbox").get("/v1/plans"), 401, "auth.invalid_token")


def test_a_request_under_way_when_its_namespace_goes(server: Server) -> None:
    """Its head came before, its body after: the token opens nothing any more."""
    one = made(server, "one")
    body = b'{"email": "a@example.com"}'
    head = (
        "POST /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: k\r\n"
        f"Authorization: Bearer {one.sandbox.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    address = urlsplit(server.sandbox.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode() + body[:5])
        server.get("/v1/plans")  # the server has read the head when it answers this
        assert control(server, "DELETE", "/namespaces/one").status_code == 204
        connection.sendall(body[5:])
        with connection.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"401"


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "main.db.namespaces").mkdir()
    with running(db=tmp_path / "main.db") as server:
        (tmp_path / "main.db.namespaces" / "one.db").write_text("this is not a database, and long enough to be read")
        problem(control(server, "POST", "/namespaces", {"name": "one"}), 409, "namespace.unusable")
        (tmp_path / "main.db.namespaces" / "live.db").write_text("this is not a database, and long enough to be read")
        problem(server.caller("pl_live_sandbox").get("/v1/plans"), 401, "auth.invalid_token")
        assert server.get("/v1/plans").status_code == 200


def test_the_log_of_requests(server: Server) -> None:
    server.post("/v1/customers", {"email": "a@example.com"}, key="k1")
    server.post("/v1/customers", {"email": "a@example.com"}, key="k1")
    server.get("/v1/plans")
    shown = control(server, "GET", "/requests").json()["data"]
    assert [entry["path"] for entry in shown] == ["/v1/plans", "/v1/customers", "/v1/customers"]
    assert [entry["replayed"] for entry in shown] == [False, True, False]
    assert shown[1]["idempotency_key"] == "k1"
    assert "authorization" not in shown[0]["headers"]
    assert "pl_test_sandbox" not in control(server, "GET", "/requests").text
    found = control(server, "GET", "/requests?path=/v1/plans&limit=1").json()
    assert [entry["method"] for entry in found["data"]] == ["GET"]
    problem(control(server, "GET", "/requests?limit=0"), 422, "validation.failed")
    assert control(server, "DELETE", "/requests").status_code == 204
    assert control(server, "GET", "/requests").json()["data"] == []


def test_health(server: Server) -> None:
    server.customer()
    found = control(server, "GET", "/health").json()
    assert (found["status"], found["mode"], found["customers"], found["events"]) == ("ok", "test", 1, 1)
