"""What holds on every route: token, version, request id, refusals."""

from __future__ import annotations

import pytest

from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.routes.untold import UNTOLD
from paylera_sandbox.selection import Selection
from paylera_sandbox.store import Store
from sandbox.support import Api, problem

PATHS = sorted({operation.path.replace("{id}", "x").replace("{delivery_id}", "y") for operation in OPERATIONS})


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer wrong", "Basic pl_test_sandbox", "Bearer pl_test_sandbox x", "Bearer \xe9"]
)
def test_only_the_token_is_let_in(shared: Api, value: str) -> None:
    answer = shared.browser.get("/v1/plans", headers=[(b"authorization", value.encode("latin-1"))])
    problem(answer, 401, "auth.invalid_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [*PATHS, "/v1", "/v1/", "/v1/nope", "/v1/customers/x/y/z"])
def test_nothing_is_told_without_a_token(shared: Api, path: str) -> None:
    problem(shared.browser.post(path), 401, "auth.invalid_token")


def test_version_is_echoed_and_checked(shared: Api) -> None:
    assert shared.get("/v1/plans").headers["paylera-api-version"] == "2026-05-01"
    sent = {"Paylera-Api-Version": "2026-04-01"}
    assert shared.client.get("/v1/plans", headers=sent).headers["paylera-api-version"] == "2026-04-01"


@pytest.mark.parametrize("version", ["", "soon", "2026-13-01", "2026-5-1", "20260501", "2026-05-01T00:00:00Z"])
def test_ill_formed_version_is_refused(shared: Api, version: str) -> None:
    problem(shared.client.get("/v1/plans", headers={"Paylera-Api-Version": version}), 400, "version.invalid")


@pytest.mark.parametrize(
    ("sent", "kept"), [("abcdefgh", True), ("a.b_c-D9" * 8, True), ("short", False), ("x" * 65, False)]
)
def test_request_id_is_kept_or_made(shared: Api, sent: str, kept: bool) -> None:
    answer = shared.client.get("/v1/nope", headers={"X-Request-Id": sent})
    given = answer.headers["x-request-id"]
    assert (given == sent) is kept
    assert problem(answer, 404, "route.not_found")["request_id"] == given


def test_request_ids_differ(shared: Api) -> None:
    assert len({shared.get("/v1/plans").headers["x-request-id"] for _ in range(5)}) == 5


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nope", "/v1/plans/", "/v1/customers/a/b", "/v1/%00"])
def test_unknown_routes(shared: Api, path: str) -> None:
    problem(shared.get(path), 404, "route.not_found")


@pytest.mark.parametrize("path", UNTOLD)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_what_the_documentation_only_names_is_refused_in_words_of_its_own(shared: Api, method: str, path: str) -> None:
    """Whatever is sent: which fields the route takes is not known either."""
    filled = path.replace("{id}", "x_1")
    answer = shared.client.request(method, filled, json={"period": "2026-10"})
    assert filled in problem(answer, 404, "route.not_imitated")["detail"]
    problem(shared.browser.request(method, filled), 401, "auth.invalid_token")


def test_wrong_method_names_the_right_ones(shared: Api) -> None:
    answer = shared.client.delete("/v1/customers/cus_x")
    problem(answer, 405, "route.method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, PATCH"
    assert shared.get("/v1/check").headers["allow"] == "POST"


def test_head_is_get_without_a_body(shared: Api) -> None:
    answer = shared.client.head("/v1/plans")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"1", b'"x"', b"null", b"\xff\xfe", b'{"a":1,"a":1}', b'{"a":NaN}', b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\\ud800"}', b'{"\\udfff":1}', b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)  # fmt: skip
def test_bad_json_is_refused(shared: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem(shared.client.post("/v1/check", content=body, headers=headers), 400, "request.invalid_json")


def test_body_must_be_declared_as_json_and_small(shared: Api) -> None:
    answer = shared.client.post("/v1/check", content=b"a=b", headers={"Content-Type": "text/plain"})
    problem(answer, 415, "request.unsupported_media_type")
    large = b'{"a":"' + b"x" * (1024 * 1024) + b'"}'
    answer = shared.client.post("/v1/check", content=large, headers={"Content-Type": "application/json"})
    problem(answer, 413, "request.too_large")


def test_all_faults_are_named_at_once(shared: Api) -> None:
    body = {"feature_code": 5, "quantity": "1e3", "surprise": True}
    document = problem(shared.client.post("/v1/check", json=body), 422, "validation.failed")
    assert {(fault["field"], fault["code"]) for fault in document["errors"]} == {
        ("surprise", "field.unknown"),
        ("customer_id", "field.required"),
        ("feature_code", "type.string"),
        ("quantity", "decimal.invalid"),
    }
    assert all(fault["message"] for fault in document["errors"])


@pytest.mark.parametrize(
    "quantity",
    ["0", "-1", "1e3", "1E400", "9" * 40, "0.000000001", "NaN", "Infinity", "", " 1", "1\0", "٣", 1, 1.5, [], {}],
)
def test_quantities_are_plain_positive_decimal_strings(shared: Api, quantity: object) -> None:
    body = {"customer_id": "cus_x", "feature_code": "api_calls", "quantity": quantity}
    document = problem(shared.post("/v1/track", body), 422, "validation.failed")
    assert [fault["field"] for fault in document["errors"]] == ["quantity"]


def test_ids_with_nul_or_spaces_are_refused_by_name(shared: Api) -> None:
    for bad in ("cus_\0", "a b", "x" * 129, "../x", "ü"):
        body = {"customer_id": bad, "feature_code": "api_calls"}
        document = problem(shared.client.post("/v1/check", json=body), 422, "validation.failed")
        assert document["errors"][0]["field"] == "customer_id"
    problem(shared.get("/v1/customers/%00"), 404, "customer.not_found")


def test_unknown_and_ill_formed_filters_are_refused(shared: Api) -> None:
    for query, code in (
        ({"customer": "x"}, "field.unknown"),
        ({"limit": "0"}, "integer.range"),
        ({"limit": "101"}, "integer.range"),
        ({"limit": "many"}, "type.integer"),
        ({"cursor": "!"}, "cursor.invalid"),
        ({"cursor": "YXQ6LTE="}, "cursor.invalid"),
        ({"status": "active,dead"}, "choice.invalid"),
    ):
        document = problem(shared.get("/v1/subscriptions", **query), 422, "validation.failed")
        assert document["errors"][0]["code"] == code


def test_requests_are_recorded_as_sent(shared: Api) -> None:
    shared.sandbox.clear_requests()
    shared.client.post("/v1/check?x=1", json={"a": "é"}, headers={"X-Thing": "Yes"})
    [request] = shared.sandbox.requests
    assert (request.method, request.path, request.query, request.status) == ("POST", "/v1/check", "x=1", 422)
    assert request.headers["x-thing"] == "Yes"
    assert request.json() == {"a": "é"}
    shared.browser.get("/")
    assert len(shared.sandbox.requests) == 1
    shared.sandbox.clear_requests()
    assert shared.sandbox.requests == []


def test_a_fault_of_ours_is_a_problem_without_its_story(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret story")

    monkeypatch.setattr(Store, "page", broken)
    monkeypatch.setattr(Selection, "page", broken)
    answer = api.get("/v1/plans")
    problem(answer, 500, "internal")
    page = api.browser.get("/")
    assert (page.status_code, "<h1>The sandbox failed</h1>" in page.text) == (500, True)
    assert "secret story" not in answer.text + page.text
    assert "secret story" in caplog.text


def test_a_fault_of_ours_is_not_replayed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "insert", lambda *_: 1 / 0)
        problem(api.post("/v1/customers", {"email": "a@b.c"}, key="k"), 500, "internal")
    assert api.post("/v1/customers", {"email": "a@b.c"}, key="k").status_code == 201
