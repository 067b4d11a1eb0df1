"""Secrets that are asked for: providers of either colour, which secret was right, and what happens when one fails."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest

from paylera.flow import Awaiting, Invoke, arun
from paylera.http import Request
from paylera.webhooks.signatures import Verifier, checked_secrets, read_header, sign

from .deliveries import CLOCK, SECRET, answer, delivery, receiver


def test_a_provider_is_asked_at_every_delivery() -> None:
    """So a rotation needs no restart."""
    current = ["whsec_one"]
    target = receiver(signing_secret=lambda: current[0], accepted_secrets=lambda: current[1:])
    assert answer(target, delivery(secret="whsec_one")).status == 200
    current[:] = ["whsec_two", "whsec_one"]
    assert answer(target, delivery(secret="whsec_one")).status == 200
    assert answer(target, delivery(secret="whsec_two")).status == 200
    current[:] = ["whsec_two"]
    assert answer(target, delivery(secret="whsec_one")).status == 401


async def _old() -> str:
    return "whsec_old"


async def _all() -> list[str | None]:
    return [None, "whsec_older"]


@pytest.mark.parametrize(
    ("accepted", "secret", "position"),
    [
        (None, SECRET, 0),
        ([_old], SECRET, 0),
        ([_old], "whsec_old", 1),
        (["", _old], "whsec_old", 2),
        (_all, "whsec_older", 2),
        (lambda: ("whsec_tuple",), "whsec_tuple", 1),
    ],
)
def test_the_log_tells_which_secret_was_right(
    accepted: Any, secret: str, position: int, caplog: pytest.LogCaptureFixture
) -> None:
    """By position, blank ones counted, never by value; nothing while the first one is right."""
    import asyncio

    caplog.set_level("INFO", "paylera.webhooks")
    target = receiver(accepted_secrets=accepted)
    no_transport: Any = None
    flow = target.handle(delivery(secret=secret, id="evt_7"))
    assert asyncio.run(arun(flow, Awaiting(no_transport))).status == 200
    told = f"event evt_7 is signed with accepted secret {position}"
    assert (told in caplog.text) is (position > 0)
    assert "whsec" not in caplog.text


def test_both_secrets_sign_and_the_first_position_counts() -> None:
    """During a rotation Paylera signs with both; the old one can go as soon as the new one is seen."""
    body = b"{}"
    old, new = (sign(body, secret, timestamp=1_800_000_000) for secret in ("whsec_old", "whsec_new"))
    header = f"{old},{new.partition(',')[2]}"
    verifier = Verifier(checked_secrets("whsec_new", ["whsec_old"]), tolerance_seconds=300)
    assert verifier.verdict(body, read_header(header), now=1_800_000_000).position == 0
    assert verifier.verdict(body, read_header(old), now=1_800_000_000).position == 1


def _broken() -> str:
    raise RuntimeError("the vault is sealed")


@pytest.mark.parametrize(
    "options",
    [
        {"signing_secret": _broken},
        {"signing_secret": lambda: ""},
        {"signing_secret": lambda: None},
        {"signing_secret": lambda: b"whsec_bytes"},
        {"accepted_secrets": _broken},
        {"accepted_secrets": [_broken]},
        {"signing_secret": lambda: " ", "accepted_secrets": lambda: "whsec_text"},
        {"signing_secret": lambda: " ", "accepted_secrets": lambda: None},
    ],
)
def test_without_a_secret_the_sender_tries_again(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """503: a 4xx would count against the endpoint, and the fault is ours."""
    response = answer(receiver(**options), delivery())
    assert response.status == 503
    assert json.loads(response.body)["type"] == "paylera.webhook_secret_unavailable"
    assert response.header("retry-after") == "15"
    assert "provider" in caplog.text
    assert b"vault" not in response.body


def test_a_stranger_without_a_signature_makes_nobody_ask() -> None:
    """A provider may be dear."""
    target = receiver(signing_secret=_broken)
    assert answer(target, Request("POST", "http://localhost/")).status == 401
    assert answer(target, Request("POST", "http://localhost/", (("paylera-signature", "junk"),))).status == 401


def test_a_provider_that_fails_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Not even to an error tracker that looks at the locals of every frame."""
    target = receiver(signing_secret=lambda: "whsec_hidden_value", accepted_secrets=["whsec_hidden_too", _broken])
    assert answer(target, delivery()).status == 503
    error = next(record for record in caplog.records if record.exc_info).exc_info[1]
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    assert len(frames) >= 3
    assert "whsec_hidden" not in "".join(frames.format())


def test_a_provider_is_invoked_in_its_colour() -> None:
    """The flow asks its host for the call."""
    flow = receiver(signing_secret=_old).handle(delivery(secret="whsec_old"))
    effect = next(flow)
    assert isinstance(effect, Invoke)
    assert effect.callee.is_async
    with pytest.raises(StopIteration) as stop:
        flow.send("whsec_old")
    assert stop.value.value.status == 200
    assert CLOCK.time > 0
