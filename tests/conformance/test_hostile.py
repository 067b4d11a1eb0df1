"""Anything at all, from browsers and from upstream: always an answer, never a 500, and nobody else's identity."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.apps.options import IDENTITY_HEADER
from conformance.hosts import Answer, Call, SyncCore
from conformance.upstream import Received, Script

IDENTITY_FIELDS = {
    "customer", "customer_id", "customerId", "customer_data", "customerData", "external_id", "externalId", "email",
    "tenant", "tenant_id", "tenantId",
}  # fmt: skip
KNOWN = [
    "plan_id", "plan_code", "success_url", "cancel_url", "return_url", "payment_provider", "quantities", "coupons",
    "locale", "dedup_key", "feature_code", "quantity", "subscription_id", "properties", "at_period_end", "reason",
    "feedback", "version", "limit", "cursor",
]  # fmt: skip
POSTS = {
    "attach": "/v1/attach",
    "check": "/v1/check",
    "track": "/v1/track",
    "billing-portal": "/v1/customers/cus_1/billing-portal-sessions",
    "subscriptions/sub_1/upgrade": "/v1/subscriptions/sub_1/change-plan",
    "subscriptions/sub_1/cancel": "/v1/subscriptions/sub_1/cancel",
}
ME = (IDENTITY_HEADER, json.dumps({"customer_id": "cus_1"}))
JSON = ("Content-Type", "application/json")
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
plausible = st.sampled_from([
    "plan_pro", "exports", "1", "0.5", "/done", "https://shop.example/x", "//evil.example", "en", "sub_1", True, 3, {},
    [], {"seats": 2}, ["CODE"], "cus_2", "alice@example.com",
])  # fmt: skip
bodies = st.dictionaries(
    st.sampled_from(KNOWN) | st.sampled_from(sorted(IDENTITY_FIELDS)) | st.text(max_size=10),
    plausible | documents,
    max_size=6,
)
good = st.fixed_dictionaries(
    {},
    optional={
        "plan_id": st.just("plan_pro"), "feature_code": st.just("exports"), "quantity": st.sampled_from(["1", "0.5"]),
        "properties": st.dictionaries(st.text(max_size=8), scalars, max_size=3), "version": st.integers(0, 9),
        "quantities": st.dictionaries(st.sampled_from([*IDENTITY_FIELDS, "seats"]), st.integers(0, 5), max_size=3),
        "reason": st.text(max_size=20), "return_url": st.just("/x"), "success_url": st.just("/x"),
    },
)  # fmt: skip


@dataclass
class Sandbox(Script):
    """Answers as Paylera would, or as `hostile` says."""

    hostile: dict[str, Any] | None = None
    calls: list[Received] = field(default_factory=list)

    def next(self, call: Received) -> dict[str, Any]:
        """Record the call; every subscription is the caller's."""
        self.calls.append(call)
        if self.hostile is not None:
            return self.hostile
        if call.method == "GET" and call.path.startswith("/v1/subscriptions/"):
            return {"status": 200, "json": {"id": call.path.split("/")[3], "customer_id": "cus_1", "version": 1}}
        return {"status": 200, "json": {"ok": True}}


Send = Callable[..., Answer]


@pytest.fixture
def host() -> SyncCore:
    """Return a core of its own, with a Paylera that answers anything."""
    found: SyncCore = SyncCore.build("core")
    found.script = Sandbox()
    return found


def sent(host: SyncCore, call: Call) -> tuple[Answer, list[Received]]:
    """Make a call and return its answer, with the calls that went upstream."""
    assert isinstance(host.script, Sandbox)
    host.script.calls = []
    answer = host.send(call)
    for name, value in answer.headers:
        assert not set(name + value) & set("\r\n\0"), (name, value)
    if answer.status >= 400:
        assert json.loads(answer.body)["status"] == answer.status
    return answer, host.script.calls


@pytest.mark.parametrize("path", POSTS)
@FEW
@given(body=bodies | good | documents)
def test_no_body_reaches_upstream_but_through_the_table(host: SyncCore, path: str, body: Any) -> None:
    """Whatever is sent, what goes upstream is the caller's, and holds no identity of the browser's choice."""
    call = Call("POST", f"/relay/csrf-off/{path}", (ME, JSON), (json.dumps(body).encode("utf-8", "surrogatepass"),))
    answer, calls = sent(host, call)
    assert answer.status in (200, 400, 404)
    for upstream in calls:
        if upstream.method == "POST":
            assert upstream.path == POSTS[path]
            document = json.loads(upstream.body)
            injected = {"customer_id": "cus_1"} if path in ("attach", "check", "track") else {}
            assert {name: document[name] for name in document if name in IDENTITY_FIELDS} == injected
    if isinstance(body, dict) and IDENTITY_FIELDS & body.keys():
        assert answer.status == 400
        assert calls == []


@pytest.mark.parametrize("path", POSTS)
@FEW
@given(body=st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0123d8\n\x00 tfne', max_size=40).map(str.encode))
def test_no_bytes_are_too_much(host: SyncCore, path: str, body: bytes) -> None:
    """A body of any bytes gets a 4xx, or is an object after all."""
    answer, _ = sent(host, Call("POST", f"/relay/csrf-off/{path}", (ME, JSON), (body,)))
    assert answer.status in (200, 400, 404)


values = st.text(st.characters(max_codepoint=255), max_size=60) | st.sampled_from([
    "v1.1.AAAAAAAAAAAAAAAAAAAAAA." + "A" * 43, "v1.999999999999.AAAAAAAAAAAAAAAAAAAAAA." + "A" * 43, "null",
    "https://shop.example", "same-origin", "application/json", "paylera_csrf=x; paylera_csrf=y", "=;=;;", "\xa0=\xff",
])  # fmt: skip
NAMES = [
    "paylera-csrf-token", "cookie", "idempotency-key", "x-request-id", "origin", "sec-fetch-site", "content-type",
    "traceparent", "accept-language", "host", "x-forwarded-proto", "content-length",
]  # fmt: skip


@pytest.mark.parametrize("mount", ["default", "csrf-off", "csrf-rotated"])
@FEW
@given(headers=st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6))
def test_no_header_is_too_much(host: SyncCore, mount: str, headers: list[tuple[str, str]]) -> None:
    """Any headers, in any number: a refusal or an answer, and a request id of the right form."""
    call = Call("POST", f"/relay/{mount}/track", (ME, *headers), (b'{"feature_code": "exports"}',))
    answer, calls = sent(host, call)
    assert answer.status in (200, 400, 403, 415)
    assert mount == "csrf-off" or calls == []
    assert 8 <= len(answer.header("x-request-id") or "") <= 64
    for upstream in calls:
        assert (upstream.header("idempotency-key") or "").isascii()


@FEW
@given(sub_id=st.text(max_size=30), action=st.sampled_from(["upgrade", "cancel"]))
def test_no_id_is_too_much(host: SyncCore, sub_id: str, action: str) -> None:
    """Only an id is an id."""
    from urllib.parse import quote

    path = quote(sub_id.encode("utf-8", "replace"), safe="")
    answer, calls = sent(
        host, Call("POST", f"/relay/csrf-off/subscriptions/{path}/{action}", (ME, JSON), (b'{"plan_id":"p"}',))
    )
    assert answer.status in (200, 400, 404)
    assert calls == [] or re.fullmatch(r"[A-Za-z0-9_-]{1,128}", sub_id, re.ASCII)


@pytest.mark.parametrize("path", ["me", "plans", "invoices", "check", "entitlements"])
@FEW
@given(query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_no_query_is_too_much(host: SyncCore, path: str, query: str) -> None:
    """Any query string."""
    answer, _ = sent(host, Call("GET", f"/relay/default/{path}?{query.replace('#', '')}", (ME,)))
    assert answer.status in (200, 400, 404)


answers = st.fixed_dictionaries({
    "status": st.integers(200, 599),
    "hex": st.binary(max_size=60).map(bytes.hex) | documents.map(lambda d: json.dumps(d).encode().hex()),
    "headers": st.lists(st.tuples(st.sampled_from(["Retry-After", "Content-Type", "Idempotent-Replayed"]), values)),
})  # fmt: skip
lists = st.fixed_dictionaries({
    "status": st.just(200),
    "json": st.fixed_dictionaries({
        "data": st.lists(
            documents | st.fixed_dictionaries(
                {"id": documents, "customer_id": st.just("cus_1") | documents, "status": st.just("active") | documents},
                optional={"created_at": documents, "external_id": st.just("u") | documents, "version": documents},
            ),
            max_size=3,
        ) | documents,
        "id": st.just("sub_1") | documents, "customer_id": st.just("cus_1") | documents, "version": documents,
    }),
})  # fmt: skip


@pytest.mark.parametrize("identity", [{"customer_id": "cus_1"}, {"external_id": "u"}], ids=["known", "looked up"])
@pytest.mark.parametrize("path", ["me", "plans", "entitlements", "subscriptions/sub_1/cancel"])
@FEW
@given(answer=answers | lists)
def test_no_answer_of_upstream_is_too_much(
    host: SyncCore, path: str, identity: dict[str, str], answer: dict[str, Any]
) -> None:
    """Whatever Paylera says, the browser gets JSON, and never our own 500."""
    assert isinstance(host.script, Sandbox)
    host.script.hostile = answer
    method, headers = ("POST", (JSON,)) if "/" in path else ("GET", ())
    call = Call(method, f"/relay/csrf-off/{path}", ((IDENTITY_HEADER, json.dumps(identity)), *headers))
    got, _ = sent(host, call)
    assert got.status != 500, got
    if got.status != 204:
        json.loads(got.body)
