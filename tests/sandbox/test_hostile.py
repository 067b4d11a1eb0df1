"""Whatever a stranger sends: a refusal, never a fault of ours."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paylera_sandbox import Sandbox
from paylera_sandbox.pages.routes import CONSOLE
from paylera_sandbox.routes import OPERATIONS
from sandbox.support import CARD, Api

RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(RELAXED, max_examples=60)
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.sampled_from(["1e999", "9" * 40, "\0", "-1", "cus_x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
HEADERS = [
    "authorization",
    "idempotency-key",
    "x-request-id",
    "paylera-api-version",
    "content-type",
    "cookie",
    "origin",
    "host",
]
FIELDS = sorted({name for operation in OPERATIONS for name in operation.body})


@pytest.fixture(scope="module")
def known(shared: Api) -> dict[str, str]:
    """Ids that exist, so that hostile bodies get past the first check."""
    customer = shared.customer(email="target@example.com")
    subscription = shared.subscribe(customer, "starter")
    return {
        "customer_id": customer["id"],
        "subscription_id": subscription["id"],
        "plan_code": "pro",
        "feature_code": "api_calls",
    }


@RELAXED
@given(
    operation=st.sampled_from([operation for operation in OPERATIONS if operation.method in {"POST", "PATCH"}]),
    body=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6),
    real=st.sets(st.sampled_from(["customer_id", "subscription_id", "plan_code", "feature_code"])),
)
def test_bodies(shared: Api, known: dict[str, str], operation, body: dict, real: set[str]) -> None:
    body = {**body, **{name: known[name] for name in real if name in operation.body}}
    owner = known["subscription_id" if "subscriptions" in operation.path else "customer_id"]
    path = operation.path.replace("{id}", owner).replace("{delivery_id}", "del_x")
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(abs(hash((path, content))))}
    answer = shared.client.request(operation.method, path, content=content, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_refusal_is_not_a_multiple_of_what_was_sent(shared: Api) -> None:
    body = {f"{number}": 1 for number in range(50_000)}
    answer = shared.client.post("/v1/check", json={**body, "x" * 500_000: 1})
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
    query = "&".join(f"q{number}=1" for number in range(5_000))
    answer = shared.client.get(f"/v1/customers?{query}")
    assert answer.status_code == 422
    assert len(answer.content) < 40_000


@pytest.mark.parametrize("length", [60_000, 100_000, 2_000_000])
def test_huge_queries(shared: Api, length: int) -> None:
    url = urlsplit(shared.sandbox.url)
    head = b"GET /v1/plans?a=" + b"b" * length + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    with socket.create_connection((url.hostname, url.port), timeout=30) as raw:
        raw.settimeout(30)
        answer = b""
        try:
            raw.sendall(head + b"Authorization: Bearer pl_test_sandbox\r\n\r\n")
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
        except (ConnectionResetError, BrokenPipeError):
            pass  # the server does not read on
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:100]
    assert shared.get("/v1/plans").status_code == 200


@FEW
@given(content=st.binary(max_size=200))
def test_raw_bodies(shared: Api, content: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    for path in ("/v1/check", "/v1/customers"):
        assert shared.client.post(path, content=content, headers=headers).status_code < 500


@FEW
@given(
    path=st.sampled_from(
        [operation.path for operation in OPERATIONS if operation.method == "GET"]
        + ["/checkout/{id}", "/portal/{id}", "/invoices/{id}/pdf"]
    ),
    identifier=TEXT,
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "status", "email", "customer_id", "x"]), TEXT, max_size=3
    ),
)
def test_paths_and_queries(shared: Api, path: str, identifier: str, query: dict) -> None:
    from urllib.parse import quote, urlencode

    target = path.replace("{id}", quote(identifier, safe="")) + "?" + urlencode(query)
    assert shared.client.get(target).status_code < 500


@FEW
@given(form=st.dictionaries(st.sampled_from([*CARD, "answer", "plan"]), TEXT), raw=st.none() | st.binary(max_size=100))
def test_forms(shared: Api, form: dict, raw: bytes | None) -> None:
    page = shared.attach(shared.customer(), "starter")["checkout_url"]
    answers = [shared.browser.post(page, data={**CARD, **form}), shared.browser.post(f"{page}/confirm", data=form)]
    if raw is not None:
        answers.append(shared.browser.post(page, content=raw))
    assert all(answer.status_code < 500 for answer in answers)


@pytest.fixture(scope="module")
def alone() -> Iterator[Api]:
    """A sandbox for forms that may stop its clock or make it fail."""
    with Sandbox() as sandbox:
        api = Api(sandbox)
        api.subscribe(api.customer(), "starter")
        yield api
        api.close()


CONSOLE_FIELDS = (
    "email", "name", "external_id", "plan_code", "coupon", "action", "url", "events", "secret", "status", "amount",
    "by", "to", "at", "mode", "preset", "type", "object_id", "endpoint_id", "milliseconds", "times", "probability",
)  # fmt: skip


@RELAXED
@given(
    path=st.sampled_from(
        [path for path, views in CONSOLE.items() if "POST" in views and path not in {"/console/reset", "/console/seed"}]
    ),
    identifier=st.sampled_from(["x", "known"]) | TEXT,
    form=st.dictionaries(st.sampled_from(CONSOLE_FIELDS), TEXT | st.sampled_from(["9" * 5000, "latency", "pinned"])),
)
def test_forms_of_the_console(alone: Api, path: str, identifier: str, form: dict) -> None:
    from urllib.parse import quote

    owner = alone.get("/v1/subscriptions").json()["data"][0]["id" if "subscriptions" in path else "customer_id"]
    target = path.replace("{id}", owner if identifier == "known" else quote(identifier, safe=""))
    assert alone.browser.post(target, data=form).status_code < 500
    alone.browser.post("/console/faults/clear")


@FEW
@given(
    path=st.sampled_from([path for path, views in CONSOLE.items() if "GET" in views]),
    identifier=TEXT,
    query=st.dictionaries(
        st.sampled_from(["q", "status", "type", "after", "before", "action", "outcome", "customer_id", "plan_id"]), TEXT
    ),
)
def test_pages_of_the_console(shared: Api, path: str, identifier: str, query: dict) -> None:
    import re
    from urllib.parse import quote, urlencode

    target = re.sub(r"{\w+}", lambda _: quote(identifier, safe=""), path)
    assert shared.browser.get(f"{target}?{urlencode(query)}").status_code < 500


@FEW
@given(name=st.sampled_from(HEADERS), value=st.binary(max_size=60).filter(lambda raw: not set(raw) & {0, 10, 13}))
def test_headers(shared: Api, name: str, value: bytes) -> None:
    url = urlsplit(shared.sandbox.url)
    head = b"POST /v1/customers HTTP/1.1\r\n" + (b"" if name == "host" else b"Host: x\r\n")
    if name != "authorization":
        head += b"Authorization: Bearer pl_test_sandbox\r\n"
    head += name.encode() + b": " + value + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with socket.create_connection((url.hostname, url.port), timeout=5) as raw:
        raw.sendall(head)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 4"), answer[:100]


@FEW
@given(
    host=st.binary(max_size=30).filter(lambda raw: not set(raw) & {0, 10, 13})
    | st.sampled_from([b"[", b"a:b:c", b"[::1", b"x:99999"])
)
@pytest.mark.parametrize("path", [b"/", b"/v1/plans?x=%ff"])
def test_hosts(shared: Api, path: bytes, host: bytes) -> None:
    url = urlsplit(shared.sandbox.url)
    head = b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n"
    with socket.create_connection((url.hostname, url.port), timeout=5) as raw:
        raw.sendall(head + b"Authorization: Bearer pl_test_sandbox\r\n\r\n")
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), answer[:100]


@pytest.mark.parametrize(
    "target",
    [
        b"/v1/customers/../plans",
        b"/v1/customers/%2e%2e",
        b"/v1/customers/a%2fb",
        b"/v1/customers/%ff",
        b"/v1/customers/a\x00b",
        b"/v1/customers/\xff",
        b"/v1/customers/%0d%0aX:y",
        b"/" + b"x" * 10_000,
        b"//evil/v1/plans",
        b"http://evil/v1/customers/x",
        b"*",
    ],
)
def test_raw_targets(shared: Api, target: bytes) -> None:
    url = urlsplit(shared.sandbox.url)
    head = (
        b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pl_test_sandbox\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((url.hostname, url.port), timeout=5) as raw:
        raw.sendall(head)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 421")), answer[:100]
