"""Signatures: settings that cannot be right are named, and nothing hostile raises anything of its own."""

from __future__ import annotations

import json
import math
import os
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paylera.errors import SignatureVerificationError
from paylera.testing import event_payload
from paylera.webhooks import PayleraWebhookEvent, construct_event, lanes, sign, verify_signature
from paylera.webhooks.parsing import parse_event, read_envelope

SECRET = "whsec_test_1"
NOW = 1_795_512_600
EXAMPLES = int(os.environ.get("PAYLERA_FUZZ_EXAMPLES", "2000"))
BODY = (
    b'{"id":"evt_1","type":"invoice.paid","occurred_at":"2026-11-24T09:30:00Z",'
    b'"data":{"id":"inv_1","currency":"USD","amount_paid":"1.00"}}'
)


def test_the_real_clock_is_used_unless_one_is_given() -> None:
    """Without `now`, a signature of this second passes and an old one does not."""
    assert verify_signature(BODY, sign(BODY, SECRET, timestamp=int(time.time())), SECRET)
    assert not verify_signature(BODY, sign(BODY, SECRET, timestamp=NOW - 10**8), SECRET)
    assert construct_event(BODY, sign(BODY, SECRET, timestamp=int(time.time())), SECRET).id == "evt_1"


def test_what_is_signed_is_documented_by_one_example() -> None:
    """The header has this exact form, so that a sender in another language can be checked against it."""
    assert sign(b"{}", "whsec_x", timestamp=1700000000) == (
        "t=1700000000,v1=be8cb8325f2202445260a855532f967e30ad2a9394ce28da66ee02880ddcb661"
    )


@pytest.mark.parametrize(
    ("payload", "secret", "timestamp", "named"),
    [
        ("text", SECRET, NOW, "payload"),
        (None, SECRET, NOW, "payload"),
        (b"", " ", NOW, "secret"),
        (b"", None, NOW, "secret"),
        (b"", SECRET, 1.5, "timestamp"),
        (b"", SECRET, -1, "timestamp"),
        (b"", SECRET, 10**12, "timestamp"),
        (b"", SECRET, True, "timestamp"),
    ],
)
def test_sign_names_what_is_wrong(payload: Any, secret: Any, timestamp: Any, named: str) -> None:
    """A mistake in a test or a tool is a `ValueError` that names the argument."""
    with pytest.raises(ValueError, match=f"^{named} ") as caught:
        sign(payload, secret, timestamp=timestamp)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("tolerance", [0, -1, -(10**400), math.inf, math.nan, -math.inf, "300", None, True, b"5"])
def test_a_tolerance_that_checks_nothing_is_refused(tolerance: Any) -> None:
    """Zero, infinity and what is no number must not switch the check off."""
    for function in (verify_signature, construct_event):
        with pytest.raises(ValueError, match="tolerance_seconds"):
            function(BODY, "t=1,v1=0", SECRET, tolerance_seconds=tolerance)


def test_one_string_of_accepted_secrets_is_refused() -> None:
    """Its characters would each be accepted as a secret."""
    wrong: list[Any] = ["whsec_old", b"whsec_old", "", 7]
    for accepted in wrong:
        with pytest.raises(ValueError, match="accepted_secrets must be a list"):
            verify_signature(BODY, sign(BODY, "w", timestamp=NOW), SECRET, accepted_secrets=accepted, now=NOW)


def test_a_secret_that_is_not_text_is_named() -> None:
    """Silently dropped, it would make every delivery fail."""
    wrong: Any = b"whsec_old"
    with pytest.raises(ValueError, match=r"^secret must be text, not bytes"):
        verify_signature(BODY, "", wrong)
    with pytest.raises(ValueError, match=r"^accepted_secrets must be text, not bytes"):
        verify_signature(BODY, "", SECRET, accepted_secrets=[wrong])


def test_any_iterable_of_secrets_will_do() -> None:
    """A generator, a set, nothing."""
    header = sign(BODY, "whsec_old", timestamp=NOW)
    for accepted in (iter(["whsec_old"]), {"whsec_old"}, ("", None, "whsec_old")):
        assert verify_signature(BODY, header, None, accepted_secrets=accepted, now=NOW)
    assert not verify_signature(BODY, header, None, accepted_secrets=None, now=NOW)


@pytest.mark.parametrize("header", [None, 7, b"t=1,v1=00", ["t=1"], object()])
def test_a_header_of_another_type_is_false(header: Any) -> None:
    """The types of what a framework hands over are not trusted either."""
    assert verify_signature(BODY, header, SECRET, now=NOW) is False


@pytest.mark.parametrize("payload", ["{}", None, 7, memoryview(b"{}"), ["{}"]])
def test_a_payload_that_is_not_bytes_is_false_and_has_its_own_reason(payload: Any) -> None:
    """Text was decoded by someone, so it may not be what was signed; the error says what to pass."""
    header = sign(b"{}", SECRET, timestamp=NOW)
    assert verify_signature(payload, header, SECRET, now=NOW) is False
    with pytest.raises(SignatureVerificationError, match="raw bytes") as caught:
        construct_event(payload, header, SECRET, now=NOW)
    assert caught.value.reason == "payload_not_bytes"


def test_a_bytearray_is_as_good_as_bytes() -> None:
    """Some servers hand over a `bytearray`."""
    assert construct_event(bytearray(BODY), sign(BODY, SECRET, timestamp=NOW), SECRET, now=NOW).id == "evt_1"


def test_a_secret_that_is_no_text_does_not_raise() -> None:
    """A variable that is not UTF-8 reaches Python as lone surrogates."""
    header = sign(BODY, "whsec_\udcff", timestamp=NOW)
    assert verify_signature(BODY, header, "whsec_\udcff", now=NOW)
    assert not verify_signature(BODY, header, "whsec_\udcfe", now=NOW)


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf])
def test_a_broken_clock_refuses(now: float) -> None:
    """What is not comparable is not within the tolerance."""
    assert not verify_signature(BODY, sign(BODY, SECRET, timestamp=NOW), SECRET, now=now)


def test_the_error_shows_neither_secret_nor_payload() -> None:
    """The message is the reason in words, and nothing that was received or configured."""
    with pytest.raises(SignatureVerificationError) as caught:
        construct_event(b'{"card": "4242"}', "t=1,v1=beef", SECRET, accepted_secrets=[SECRET], now=NOW)
    assert str(caught.value) == "the signature matches no accepted secret"
    assert caught.value.args == (str(caught.value),)
    assert SECRET not in repr(vars(caught.value))


_junk = st.text() | st.text(alphabet="tv10=, \t9aAfF.;-+_\0\n\x85\u0661", max_size=200)
_timestamps = st.integers(NOW - 400, NOW + 400).map(str) | _junk
_items = st.tuples(st.sampled_from(["t", "v1", "v0", "", "T", " t", "v1 "]) | _junk, _timestamps | st.just("0" * 64))
_headers = _junk | st.lists(_items.map("=".join), max_size=20).map(",".join) | st.none()


@settings(max_examples=EXAMPLES, deadline=None)
@given(payload=st.binary(), header=_headers, secret=st.text(), accepted=st.lists(st.none() | st.text(), max_size=3))
@example(payload=b"", header="t=\u0661,v1=\xff", secret="\ud800", accepted=["\udfff"])
def test_a_header_that_nobody_signed_is_false(
    payload: bytes, header: str | None, secret: str, accepted: list[str | None]
) -> None:
    """Any header, any body, any secrets: False, and from `construct_event` our error with the reason for it."""
    assert verify_signature(payload, header, secret, accepted_secrets=accepted, now=NOW) is False
    with pytest.raises(SignatureVerificationError):
        construct_event(payload, header, secret, accepted_secrets=accepted, now=NOW)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_members = {
    "id": _values | st.just("evt_1"),
    "type": _values | st.sampled_from(["invoice.paid", "subscription.updated", "payment.failed", "x.y"]),
    "occurred_at": _values | st.just("2026-11-24T09:30:00Z"),
    "data": _values
    | st.fixed_dictionaries(
        {"id": _values, "currency": _values, "amount_paid": _values},
        optional={"lines": _values, "issued_at": _values, "next_action": _values, "tax_breakdown": _values},
    ),
}
_envelopes = st.fixed_dictionaries({}, optional={**_members, "schema_version": _values, "previous_attributes": _values})


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(payload=st.binary() | _envelopes.map(lambda value: json.dumps(value).encode()))
@example(payload=b"[" * 100_000)
@example(payload=b'{"type": {"a": 1e999}}')
@example(payload=b"9" * 5000)
@example(payload=b'{"id":"evt_1","type":"a.b","occurred_at":-1e300,"data":{}}')
@example(payload=b'{"id":"evt_1","type":"a.b","occurred_at":99999999999999999999,"data":{}}')
@example(
    payload=b'{"id":"evt_1","type":"invoice.paid","occurred_at":1,"data":{"id":"i","currency":"U","amount_paid":1e9999}}'
)
def test_a_signed_body_is_an_event_or_malformed(payload: bytes) -> None:
    """Whatever was signed: an event, or our error with `malformed_payload`."""
    reason = None
    try:
        event = construct_event(payload, sign(payload, SECRET, timestamp=NOW), SECRET, now=NOW)
    except SignatureVerificationError as error:
        reason = error.reason
    assert reason == "malformed_payload" if reason else isinstance(event, PayleraWebhookEvent)


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(payload=st.binary() | _envelopes.map(lambda value: json.dumps(value).encode()))
@example(payload=json.dumps(event_payload("invoice.paid", occurred_at=1.5)).encode())
@example(payload=b'{"id":"evt_1","type":"a.b","occurred_at":1e-1,"data":{}}')
@example(payload=b"[" * 100_000)
@example(payload=b"[]")
def test_an_envelope_is_stored_as_its_event_would_be(payload: bytes) -> None:
    """An inbox reads no more than it stores: every event, at the same place of the same lane."""
    stored: list[Any] = []
    now = datetime.now(UTC)
    for read in (parse_event, read_envelope):
        try:
            event = read(payload)
        except SignatureVerificationError as error:
            stored.append(error.reason)
        else:
            stored.append(lanes.received(event, payload="", secret_position=0, now=now))
    assert stored[0] == stored[1]
