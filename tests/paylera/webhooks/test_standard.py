"""Standard Webhooks as a second scheme: shared vectors, and which of two schemes counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera.flow import run
from paylera.http import Request
from paylera.system import System
from paylera.webhooks import WebhookReceiver
from paylera.webhooks.secrets import Secrets
from paylera.webhooks.signatures import Seal
from paylera.webhooks.standard import HEADERS, read_headers
from support.stepping import Script

from .deliveries import CLOCK, answer, delivery, receiver

_FILE = Path(__file__).parents[3] / "conformance" / "standard-signatures.json"
ROWS = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]


def request_of(row: dict[str, Any]) -> Request:
    """Return the delivery of a row."""
    headers = tuple((name, value) for name, value in row["headers"])
    return Request("POST", "http://localhost/", headers, row["payload"].encode())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["name"]))
def test_the_vectors(row: dict[str, Any]) -> None:
    """The status of the answer, and the position of the secret."""
    target = WebhookReceiver(
        signing_secret=row["secret"],
        accepted_secrets=row["accepted_secrets"],
        handlers={},
        standard_webhooks=True,
        system=System(now=lambda: row["now"]),
    )
    expected = {None: 200, "malformed_payload": 400}.get(row["reason"], 401)
    assert run(target.handle(request_of(row)), Script()).status == expected
    seal = read_headers(request_of(row))
    if isinstance(seal, Seal) and row["reason"] != "malformed_payload":
        secrets = Secrets(row["secret"], accepted_secrets=row["accepted_secrets"], tolerance_seconds=300)
        verdict = run(secrets.verifier(), Script()).verdict(row["payload"].encode(), seal, now=row["now"])
        assert verdict.fault == row["reason"]
        assert row["position"] in (None, verdict.position)
    else:
        assert (seal or "missing_header") in (row["reason"], seal)


def test_it_is_off_unless_asked_for() -> None:
    """A receiver accepts what its owner knows of."""
    row = ROWS[1]
    target = receiver(signing_secret=row["secret"])
    assert answer(target, request_of(row)).status == 401


def test_a_paylera_signature_decides_if_there_is_one() -> None:
    """Two headers cannot say two things."""
    target = receiver(standard_webhooks=True)
    request = delivery()
    junk = tuple((name, "1") for name in HEADERS)
    assert answer(target, replace(request, headers=request.headers + junk)).status == 200
    wrong = replace(request_of(ROWS[1]), headers=(*request_of(ROWS[1]).headers, ("paylera-signature", "t=1,v1=00")))
    target = receiver(signing_secret=ROWS[1]["secret"], standard_webhooks=True)
    assert CLOCK.time == ROWS[1]["now"]
    assert answer(target, request_of(ROWS[1])).status == 200
    assert answer(target, wrong).status == 401


@given(st.tuples(*[st.lists(st.text(max_size=40), max_size=2)] * 3), st.binary(max_size=50))
def test_no_header_raises(values: Any, body: bytes) -> None:
    """Whatever is sent ends as a refusal."""
    headers = tuple((name, value) for name, found in zip(HEADERS, values, strict=True) for value in found)
    target = receiver(standard_webhooks=True)
    assert answer(target, Request("POST", "http://localhost/", headers, body)).status == 401
