"""The data itself: names that are unique, mounts that exist, and ids that no two cases share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import Counter, defaultdict
from typing import Any

import pytest

from conformance.cases import DATA, Case, load, mounts

KINDS = ("relay", "webhooks")
# What a relay or a receiver remembers, and so what one case must not leave behind for another.
REMEMBERED = {
    "relay": re.compile(r'"(?:external_id|email)": "([^"]+)"|\b(sub_[A-Za-z0-9_-]+)'),
    "webhooks": re.compile(r"\b(evt_\w+)"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_unique_and_mounts_exist(kind: str) -> None:
    """A case is found by its name; every mount serves a case."""
    cases = load(kind)
    assert [name for name, count in Counter(map(str, cases)).items() if count > 1] == []
    assert {case.mount for case in cases} == set(mounts(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_cases_share_what_is_remembered(kind: str) -> None:
    """A call that succeeds leaves a memory behind: its ids are its case's own."""
    users = defaultdict(set)
    for case in load(kind):
        for step in case.steps:
            if not _leaves_a_memory(step):
                continue
            for found in REMEMBERED[kind].finditer(json.dumps(step)):
                users[case.mount, next(filter(None, found.groups()))].add(case.name)
    assert {name: cases for name, cases in users.items() if len(cases) > 1} == {}


def _leaves_a_memory(step: dict[str, Any]) -> bool:
    return step["response"]["status"] < 300 and ("upstream" in step or "told" in step)


def test_every_code_of_the_error_table_has_a_case() -> None:
    """The relay's own problems, each with its status."""
    table = {
        "unauthenticated": {401}, "csrf_mismatch": {403}, "forbidden": {403}, "not_found": {404},
        "method_not_allowed": {405}, "unsupported_media_type": {415}, "payload_too_large": {413}, "invalid_json": {400},
        "invalid_request": {400}, "field_not_allowed": {400}, "redirect_not_allowed": {400}, "rate_limited": {429},
        "upstream_unavailable": {502, 503}, "upstream_timeout": {504}, "upstream_rejected_token": {502},
        "internal": {500},
    }  # fmt: skip
    seen = defaultdict(set)
    for response in (step["response"] for case in load("relay") for step in case.steps):
        if "problem" in response:
            seen[response["problem"]["type"].removeprefix("paylera.")].add(response["status"])
    assert dict(seen) == table


def test_every_route_and_method_has_a_case() -> None:
    """The route table of the contract, HEAD and OPTIONS included."""
    seen = {(step["request"]["method"], _template(step)) for case in load("relay") for step in case.steps}
    reads = ("csrf-token", "check", "entitlements", "me", "plans", "invoices")
    writes = (
        "attach",
        "check",
        "track",
        "billing-portal",
        "subscriptions/<sub_id>/upgrade",
        "subscriptions/<sub_id>/cancel",
    )
    assert {(method, path) for method in ("GET", "HEAD", "OPTIONS") for path in reads} <= seen
    assert {(method, path) for method in ("POST", "OPTIONS") for path in writes} <= seen


def _template(step: dict[str, Any]) -> str:
    return re.sub(r"subscriptions/.*/", "subscriptions/<sub_id>/", str(step["request"]["path"]))


def test_csrf_vectors() -> None:
    """The tokens that the cases use are what their ingredients say."""
    for vector in json.loads((DATA / "csrf-vectors.json").read_text()):
        key = hmac.digest(vector["secret"].encode(), b"paylera csrf token v1", hashlib.sha256)
        message = f"{vector['issued']}.{vector['nonce']}.{vector['binding']}".encode()
        mac = base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")
        assert vector["token"] == f"v1.{vector['issued']}.{vector['nonce']}.{mac}", vector["name"]


def test_auto_create_keys_are_those_of_the_contract() -> None:
    """The digests in the data: `paylera-auto-create:{tenant}:{first 32 hex of SHA-256(external id or email)}`."""
    checked = 0
    for case in load("relay"):
        for step in case.steps:
            checked += sum(_check_key(case, step, call) for call in step.get("upstream", []))
    assert checked > 10


def _check_key(case: Case, step: dict[str, Any], call: dict[str, Any]) -> bool:
    if (call["method"], call["path"]) != ("POST", "/v1/customers"):
        return False
    identity = step["identity"]
    subject = identity.get("external_id") or identity["email"].lower()
    tenant = identity.get("tenant_id") or mounts("relay")[case.mount].get("tenant_id") or "default"
    assert call["key"] == f"paylera-auto-create:{tenant}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}", str(case)
    return True
