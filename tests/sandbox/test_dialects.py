"""API dates, their end, and refusals in the form that the caller reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx2
import pytest

from paylera import PayleraClient
from paylera.errors import AuthenticationError, IdempotencyConflictError, NotFoundError, PayleraError, ValidationError
from paylera_sandbox import Sandbox
from sandbox.support import Api, problem

OLD = {"Paylera-Version": "2026-04-01"}


def test_without_a_version_the_current_one_counts(shared: Api) -> None:
    headers = shared.get("/v1/plans").headers
    assert headers["paylera-api-version"] == "2026-05-01"
    assert not {"deprecation", "sunset", "paylera-version"} & set(headers)


@pytest.mark.parametrize("name", ["Paylera-Api-Version", "Paylera-Version"])
def test_an_old_version_says_until_when(shared: Api, name: str) -> None:
    answer = shared.client.get("/v1/plans", headers={name: "2026-04-01"})
    assert answer.status_code == 200
    assert answer.headers[name] == answer.headers["paylera-api-version"] == "2026-04-01"
    assert answer.headers["deprecation"] == "@1777593600"  # 2026-05-01
    assert answer.headers["sunset"] == "Sat, 01 May 2027 00:00:00 GMT"


def test_a_current_version_of_either_name_is_echoed(shared: Api) -> None:
    answer = shared.client.get("/v1/plans", headers={"Paylera-Version": "2026-05-01"})
    assert answer.headers["paylera-version"] == "2026-05-01"
    assert "sunset" not in answer.headers


@pytest.mark.parametrize("version", ["2019-01-01", "2026-04-30", "2026-05-02", "9999-12-31", "0001-01-01"])
def test_other_dates_are_refused_with_those_that_are_answered(shared: Api, version: str) -> None:
    answer = shared.client.get("/v1/plans", headers={"Paylera-Api-Version": version})
    document = problem(answer, 400, "version.unsupported")
    assert document["supported"] == ["2026-04-01", "2026-05-01"]
    assert version in document["detail"]


def test_the_older_form_of_a_refusal(shared: Api) -> None:
    answer = shared.client.get("/v1/customers/cus_none", headers=OLD)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "https://errors.paylera.io/customer.not_found",
        "title": "There is no such customer",
        "status": 404,
        "detail": "There is no object with the id 'cus_none'.",
        "instance": "/v1/customers/cus_none",
        "problem": "customer.not_found",
        "trace_id": answer.headers["x-request-id"],
    }


def test_who_sends_both_versions_reads_the_newer_form(shared: Api) -> None:
    answer = shared.client.get("/v1/customers/cus_none", headers={**OLD, "Paylera-Api-Version": "2026-05-01"})
    problem(answer, 404, "customer.not_found")
    assert "sunset" not in answer.headers


def test_the_older_form_before_anything_else_is_known(shared: Api) -> None:
    assert shared.browser.get("/v1/plans", headers=OLD).json()["problem"] == "auth.invalid_token"
    answer = shared.client.get("/v1/plans", headers={"Paylera-Version": "soon"})
    assert (answer.status_code, answer.json()["problem"]) == (400, "version.invalid")
    assert shared.client.delete("/v1/plans", headers=OLD).json()["problem"] == "route.method_not_allowed"


def test_the_older_form_names_the_fields(shared: Api) -> None:
    answer = shared.client.post("/v1/check", json={"feature_code": 5}, headers=OLD)
    document = answer.json()
    assert (document["status"], document["problem"]) == (422, "validation.failed")
    assert {fault["field"] for fault in document["errors"]} == {"feature_code", "customer_id"}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 409, "paylera.idempotency_conflict"), (OLD, 422, "idempotency.body_mismatch")],
)
def test_a_reused_key_in_both_forms(shared: Api, headers: dict[str, str], status: int, code: str) -> None:
    key = f"reused {status}"
    shared.ok("/v1/customers", {"email": "a@b.c"}, key=key)
    answer = shared.post("/v1/customers", {"email": "x@y.z"}, key=key, **headers)
    document = answer.json()
    assert (answer.status_code, document.get("problem", document.get("code"))) == (status, code)


def test_the_older_generation_has_neither_402_nor_412(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "free")
    path = f"/v1/subscriptions/{subscription['id']}"
    stale = api.post(f"{path}/cancel?version=99", {}, **OLD)
    assert (stale.status_code, stale.json()["problem"]) == (409, "subscription.version_mismatch")
    unpaid = api.post(f"{path}/change-plan", {"plan_code": "pro"}, **OLD)
    assert (unpaid.status_code, unpaid.json()["problem"]) == (422, "payment_method.required")
    assert unpaid.json()["next_action"]["type"] == "redirect_to_url"


def test_an_object_of_the_other_mode_in_both_forms(api: Api) -> None:
    customer = api.customer()["id"]
    live = {"Authorization": "Bearer pl_live_sandbox"}
    problem(api.client.get(f"/v1/customers/{customer}", headers=live), 403, "auth.wrong_environment")
    answer = api.client.get(f"/v1/customers/{customer}", headers={**live, **OLD})
    assert (answer.status_code, answer.json()["problem"]) == (401, "auth.wrong_environment")


@contextlib.contextmanager
def older_client(sandbox: Sandbox, *, token: str = "pl_test_sandbox") -> Iterator[PayleraClient]:
    """The client, over a transport that speaks as callers of the API generation do."""

    def older(request: httpx2.Request) -> None:
        del request.headers["paylera-api-version"]
        request.headers["paylera-version"] = "2026-04-01"

    with httpx2.Client(event_hooks={"request": [older]}, verify=False) as http:
        yield PayleraClient(api_token=token, base_url=sandbox.url, http_client=http, max_retries=0)


@pytest.mark.parametrize("older", [False, True])
def test_the_client_reads_both_forms(api: Api, older: bool) -> None:
    sandbox = api.sandbox
    newer = PayleraClient(api_token=sandbox.token, base_url=sandbox.url)
    with older_client(sandbox) if older else newer as paylera:
        with pytest.raises(NotFoundError) as missing:
            paylera.get_customer("cus_none")
        assert (missing.value.code, missing.value.type) == ("customer.not_found", "customer.not_found")
        assert missing.value.request_id
        assert ("instance" in (missing.value.problem or {})) is older
        with pytest.raises(ValidationError):
            paylera.create_customer(email="no address")
        paylera.create_customer(email="a@b.c", idempotency_key="k")
        with pytest.raises(IdempotencyConflictError):
            paylera.create_customer(email="x@y.z", idempotency_key="k")


def test_the_client_is_told_of_a_wrong_token_in_the_older_form(api: Api) -> None:
    with older_client(api.sandbox, token="pl_test_other") as paylera, pytest.raises(AuthenticationError) as refused:
        paylera.list_plans()
    assert isinstance(refused.value, PayleraError)
    assert refused.value.code == "auth.invalid_token"
