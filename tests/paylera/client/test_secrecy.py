"""A canary token: after every kind of failure it is in no text that a program might keep."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from paylera import errors
from paylera.client import AsyncPayleraClient, PayleraClient
from support.peers import Line, always, json_reply, listening, reply

CANARY = "pl_test_canary_4711"


def silent(line: Line) -> None:
    line.read()
    line.wait_for_end()


def resetting(line: Line) -> None:
    line.read()
    line.reset()


SCRIPTS: dict[str, Callable[[Line], None]] = {
    "refused": always(json_reply({"type": "paylera.unauthenticated"}, status="401 Unauthorized")),
    "failing": always(reply(b"<html>", status="500 Oops")),
    "not json": always(reply(b"<html>")),
    "malformed": always(b"SSH-2.0\r\n\r\n"),
    "too slow": silent,
    "reset": resetting,
    "closing": lambda line: None,
}


def texts(error: BaseException) -> list[str]:
    """Everything that logging, error trackers and task queues make of an error."""
    found = [repr(error), str(error), repr(vars(error))]
    seen = {id(error)}
    queue: list[BaseException | None] = [error]
    while queue:
        current = queue.pop()
        if current is None:
            continue
        found += traceback.TracebackException.from_exception(current, capture_locals=True).format()
        found.append(repr([vars(current), current.args]))
        for linked in (current.__cause__, current.__context__):
            if linked is not None and id(linked) not in seen:
                seen.add(id(linked))
                queue.append(linked)
    if isinstance(error, errors.PayleraError):
        found.append(repr(pickle.dumps(error)))
    return found


def deep_values(error: BaseException) -> list[object]:
    """The locals of every frame below the test's own."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if "paylera" in frame.f_code.co_filename]
    return [value for frame in frames for value in frame.f_locals.values() if "tests" not in frame.f_code.co_filename]


@pytest.mark.parametrize("kind", ["blocking", "awaiting", "httpx2", "httpx2 awaiting"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_token_is_in_no_trace_of_a_failure(name: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def blocking(url: str) -> None:
        inner = httpx2.Client(trust_env=False) if kind == "httpx2" else None
        try:
            with PayleraClient(**settings(url), http_client=inner) as client:
                client.track(customer_id="cus_1", feature_code="f")
        finally:
            if inner is not None:
                inner.close()

    async def awaiting(url: str) -> None:
        inner = httpx2.AsyncClient(trust_env=False) if kind == "httpx2 awaiting" else None
        try:
            async with AsyncPayleraClient(**settings(url), http_client=inner) as client:
                await client.track(customer_id="cus_1", feature_code="f")
        finally:
            if inner is not None:
                await inner.aclose()

    def settings(url: str) -> dict[str, Any]:
        return {"api_token": CANARY, "base_url": url, "max_retries": 1, "timeout": 0.3}

    def call(url: str) -> None:
        if "awaiting" in kind:
            asyncio.run(awaiting(url))
        else:
            blocking(url)

    with listening(SCRIPTS[name]) as peer, pytest.raises(errors.PayleraError) as caught:
        call(peer.url)
    assert peer.requests or name == "closing"
    for text in texts(caught.value):
        assert CANARY not in text
    for record in caplog.records:
        assert CANARY not in record.getMessage()
        assert CANARY not in repr(vars(record))
    for value in deep_values(caught.value):
        assert not (isinstance(value, bytes | bytearray) and CANARY.encode() in value)
        assert not (type(value) is str and CANARY in value)


@pytest.mark.parametrize("cls", [PayleraClient, AsyncPayleraClient])
@pytest.mark.parametrize(
    "options",
    [{"base_url": "nonsense"}, {"timeout": -1}, {"max_retries": -1}, {"api_version": ""}, {"http_client": object()}],
)
def test_token_is_in_no_trace_of_a_wrong_setting(
    cls: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYLERA_API_TOKEN", CANARY)
    with pytest.raises(ValueError) as caught:
        cls(api_token=CANARY, **options)
    assert_hidden_below_the_caller(caught.value)


@pytest.mark.parametrize("token", [f"{CANARY} x", f"{CANARY}\n", "sk_live_canary_4711"])
def test_unusable_token_is_in_no_frame_of_ours(token: str) -> None:
    with pytest.raises(ValueError, match="api_token") as caught:
        PayleraClient(api_token=token)
    assert_hidden_below_the_caller(caught.value)


def assert_hidden_below_the_caller(error: BaseException) -> None:
    assert "canary_4711" not in str(error)
    assert error.__cause__ is error.__context__ is None
    for frame, _ in list(traceback.walk_tb(error.__traceback__))[1:]:
        assert "canary_4711" not in repr(frame.f_locals), frame.f_code


def test_token_is_in_no_repr_of_a_client() -> None:
    for client in (PayleraClient(api_token=CANARY), AsyncPayleraClient(api_token=CANARY)):
        assert CANARY not in repr(client)
        assert CANARY not in repr(vars(client))
        assert CANARY not in repr(client._execution)


def test_nothing_is_written_or_warned(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(), listening(SCRIPTS["failing"]) as peer:
        warnings.simplefilter("error")
        client = PayleraClient(api_token=CANARY, base_url=peer.url, max_retries=0)
        with pytest.raises(errors.ServerError), client:
            client.get_customer("cus_1")
    assert capfd.readouterr() == ("", "")
