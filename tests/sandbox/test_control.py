"""The control API as a whole: what is sent to it wrongly is refused by name, and nothing under way is torn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.control.commands import Command
from paylera_sandbox.control.routes import COMMANDS
from sandbox.support import Api

HOSTILE = [
    None,
    True,
    0,
    -1,
    10**18,
    1.5,
    "",
    " ",
    "x" * 10_000,
    "\x00",
    "../../etc/passwd",
    "9" * 40,
    "1e400",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "2026-13-45T99:99:99Z",
    [],
    [[]],
    [None],
    {},
    {"a": {"b": {}}},
    {"": None},
]
WITH_BODY = [command for command in COMMANDS if command.body]


@pytest.fixture(scope="module")
def own() -> Iterator[Api]:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        yield api


def named(command: Command) -> str:
    return f"{command.method} {command.path}"


def send(api: Api, command: Command, **request: object) -> httpx2.Response:
    path = command.path.replace("{id}", "x").replace("{name}", "x")
    return api.client.request(command.method, path, **request)


def fine(answer: httpx2.Response) -> None:
    """An answer of ours: a success, or a refusal that says what is wrong."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


@pytest.mark.parametrize("command", WITH_BODY, ids=named)
def test_hostile_values_of_every_field(own: Api, command: Command) -> None:
    for field in command.body:
        for value in HOSTILE:
            fine(send(own, command, json={field: value}))


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_bodies_and_queries_that_are_none(own: Api, command: Command) -> None:
    for content in (b"{", b"[]", b"null", b'{"a": NaN}', b'{"a": 1, "a": 1}', b"\xff", b"[" * 5000, b'"x"'):
        fine(send(own, command, content=content, headers={"Content-Type": "application/json"}))
    fine(send(own, command, content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}))
    for query in ("?limit=-1", "?limit=1e9", "?limit=%00", "?bogus=1", "?path=%ff"):
        path = command.path.replace("{id}", "x").replace("{name}", "x")
        fine(own.client.request(command.method, path + query))


def test_fields_that_there_are_not_are_named(own: Api) -> None:
    for command in WITH_BODY:
        answer = send(own, command, json={"bogus": 1})
        assert answer.status_code == 422, named(command)
        assert "bogus" in [fault["field"] for fault in answer.json()["errors"]], named(command)


def test_a_snapshot_on_the_way_arrives_where_the_advance_would_have() -> None:
    """An advance is under way; a copy of the sandbox is put into another one, which ends with the same history."""
    with (
        Sandbox(seed=3) as first,
        Sandbox() as second,
        closing(Api(first)) as api,
    ):
        first.clock.pin("2030-01-01T00:00:00.000Z")
        for number in range(60):
            api.subscribe(api.customer(email=f"{number}@example.com"), "starter")
        api.client.post("/sandbox/clock/advance", json={"by": "2y"})
        assert first.clock.state()["advance"]["status"] == "running"
        second.restore(first.snapshot())
        assert second.clock.state()["advance"]["status"] == "running"
        for sandbox in (first, second):
            sandbox._host.wait(lambda s=sandbox: s.clock.state()["advance"]["status"] == "done", 120)
            assert sandbox.clock.now().isoformat() == "2032-01-01T00:00:00+00:00"
        histories = [
            [(event["type"], event["occurred_at"]) for event in sandbox.events()] for sandbox in (first, second)
        ]
        assert histories[0] == histories[1]
        assert len(histories[0]) > 60 * 24 * 3


def test_a_reset_on_the_way_ends_an_advance() -> None:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        sandbox.clock.pin("2030-01-01T00:00:00.000Z")
        for number in range(30):
            api.subscribe(api.customer(email=f"{number}@example.com"), "starter")
        api.client.post("/sandbox/clock/advance", json={"by": "5y"})
        sandbox.reset()
        assert sandbox.clock.state()["mode"] == "real"
        api.customer()
        assert [event["type"] for event in sandbox.events()] == ["customer.created"]


def test_an_answer_is_json_without_private_members(own: Api) -> None:
    for command in COMMANDS:
        if command.method == "GET" and "{" not in command.path and command.path != "/sandbox/snapshot":
            answer = send(own, command)
            assert '"_' not in json.dumps(answer.json()), named(command)
