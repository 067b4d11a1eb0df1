"""Runs one case on one host, and compares what happened with the data. It knows no framework."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from conformance.apps.options import IDENTITY_HEADER, TOKEN
from conformance.cases import Case
from conformance.hosts import Answer, Call, Host
from conformance.placeholders import PATTERNS, assert_matches, filled
from conformance.upstream import DEFAULT_ANSWER, Received, body_of

HOST = "shop.example"
TRANSPORT_HEADERS = {"host", "content-length", "connection", "accept-encoding"}
SERVER_HEADERS = {"date", "server", "connection", "keep-alive", "transfer-encoding", "vary"}
_MINTED = re.compile(rf"(?<=[=\"]){PATTERNS['token']}(?=[;\"])|{PATTERNS['time']}")
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "request_id"}


@dataclass
class Outcome:
    """What one step did."""

    answer: Answer
    received: list[Received]
    told: list[str]
    names: dict[str, str]


@dataclass
class Run:
    """What one case did on one host, with the values that it saved on the way."""

    names: dict[str, str] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


def run(host: Host, case: Case, kind: str) -> Run:
    """Make the calls of a case."""
    result = Run()
    for step in case.steps:
        base = f"/{kind}/{case.mount}"
        if step["request"].get("csrf"):
            result.names["token"] = _token(host, base, step)
        call = _call(base, step, result.names)
        if "told" in step:
            host.drain()
        host.script.play([exchange.get("answer", DEFAULT_ANSWER) for exchange in step.get("upstream", [])])
        answer = host.send(call)
        if "save" in step:
            result.names[step["save"]] = str(json.loads(answer.body)["token"])
        told = host.drain() if "told" in step else []
        result.outcomes.append(Outcome(answer, host.script.received, told, dict(result.names)))
    return result


def _token(host: Host, base: str, step: dict[str, Any]) -> str:
    answer = host.send(_call(base, step | {"request": {"method": "GET", "path": "csrf-token"}}, {}))
    assert answer.status == 200, answer
    return str(json.loads(answer.body)["token"])


def _call(base: str, step: dict[str, Any], names: dict[str, str]) -> Call:
    request = filled(step["request"], names)
    chunks = _chunks(request)
    headers = [("Host", request.get("host", HOST)), ("X-Forwarded-Proto", request.get("scheme", "https"))]
    if "identity" in step:
        headers.append((IDENTITY_HEADER, json.dumps(step["identity"])))
    if request.get("csrf"):
        headers += [("Cookie", f"paylera_csrf={names['token']}"), ("Paylera-CSRF-Token", names["token"])]
    if request["method"] == "POST" and "Content-Type" not in dict(request.get("headers", [])):
        headers.append(("Content-Type", "application/json"))
    if "sign" in request:
        headers += _signed(request["sign"], b"".join(chunks))
    headers += [(name, value) for name, value in request.get("headers", []) if value is not None]
    path = base + (f"/{request['path']}" if request.get("path") is not None else "")
    path += f"?{request['query']}" if "query" in request else ""
    return Call(request["method"], quote(path, safe="/%?=&+,.~-_:;@!$'()*"), tuple(headers), chunks)


def _chunks(request: dict[str, Any]) -> tuple[bytes, ...]:
    if "json" in request:
        return (json.dumps(request["json"]).encode(),)
    if "text" in request:
        return (request["text"].encode(),)
    if "hex" in request:
        return (bytes.fromhex(request["hex"]),)
    if "repeat" in request:
        repeat = request["repeat"]
        return (repeat["text"].encode() * repeat["times"],) * repeat.get("chunks", 1)
    return ()


def _signed(sign: dict[str, Any], body: bytes) -> list[tuple[str, str]]:
    stamp = int(time.time()) - sign.get("age", 0)
    digest = hmac.new(sign["secret"].encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    value = sign.get("format", "t={t},v1={v1}").replace("{t}", str(stamp)).replace("{v1}", digest)
    return [("Paylera-Signature", value)] * sign.get("times", 1)


def check(case: Case, result: Run, kind: str) -> None:
    """Compare every step with the data."""
    for number, (step, outcome) in enumerate(zip(case.steps, result.outcomes, strict=True), 1):
        where = f"{case}, step {number}"
        names = dict(outcome.names)
        _check_upstream(step, outcome, names, where)
        _check_answer(step, outcome.answer, names, where, kind)
        if "told" in step:
            assert_matches(step["told"], outcome.told, names, f"{where}: told")


def _check_upstream(step: dict[str, Any], outcome: Outcome, names: dict[str, str], where: str) -> None:
    expected = step.get("upstream", [])
    if expected and expected[-1].get("answer", {}).get("again"):
        expected = expected + expected[-1:] * (len(outcome.received) - len(expected))
    seen = [f"{call.method} {call.path}" for call in outcome.received]
    assert seen == [filled(f"{e['method']} {e['path']}", names) for e in expected], f"{where}: upstream {seen}"
    request_id = outcome.answer.header("x-request-id")
    for index, (exchange, call) in enumerate(zip(expected, outcome.received, strict=True), 1):
        at = f"{where}: upstream call {index}"
        assert_matches(exchange.get("query", {}), call.query, names, f"{at}: query")
        _check_upstream_headers(exchange, call, names, at)
        assert call.header("x-request-id") == request_id, at
        if "json" in exchange:
            assert_matches(exchange["json"], json.loads(call.body), names, f"{at}: body")
        else:
            assert call.body == b"", f"{at}: {call.body!r}"


def _check_upstream_headers(exchange: dict[str, Any], call: Received, names: dict[str, str], at: str) -> None:
    expected = {
        "authorization": f"Bearer {TOKEN}",
        "paylera-api-version": "2026-05-01",
        "accept": "application/json",
        "user-agent": "{text}",
        "x-request-id": "{text}",
    }
    expected |= {"content-type": "application/json"} if "json" in exchange else {}
    expected |= {"idempotency-key": exchange["key"]} if "key" in exchange else {}
    expected |= exchange.get("headers", {})
    sent = [(name, value) for name, value in call.headers if name not in TRANSPORT_HEADERS]
    assert sorted(name for name, _ in sent) == sorted(expected), f"{at}: headers {sorted(n for n, _ in sent)}"
    assert_matches(expected, dict(sent), names, f"{at}: headers")


def _check_answer(step: dict[str, Any], answer: Answer, names: dict[str, str], where: str, kind: str) -> None:
    expected = step["response"]
    assert answer.status == expected["status"], f"{where}: {answer}"
    if kind == "relay":
        assert answer.header("cache-control") == "private, no-store", where
        assert answer.header("x-content-type-options") == "nosniff", where
        assert answer.header("x-request-id"), where
    for name, value in expected.get("headers", {}).items():
        assert_matches(value, answer.header(name), names, f"{where}: {name}")
    for name in expected.get("absent", []):
        assert answer.header(name) is None, f"{where}: {name} is {answer.header(name)!r}"
    _check_body(expected, answer, names, where)


def _check_body(expected: dict[str, Any], answer: Answer, names: dict[str, str], where: str) -> None:
    if "problem" in expected:
        _check_problem(expected, answer, where)
    elif "text" in expected:
        assert_matches(expected["text"], answer.body.decode(), names, f"{where}: body")
    elif "repeat" in expected:
        assert answer.body == body_of(expected), f"{where}: {len(answer.body)} bytes"
    elif "json" in expected:
        assert_matches(expected["json"], json.loads(answer.body), names, f"{where}: body")
    else:
        assert answer.body == b"", f"{where}: {answer.body!r}"


def _check_problem(expected: dict[str, Any], answer: Answer, where: str) -> None:
    wanted, document = expected["problem"], json.loads(answer.body)
    assert answer.header("content-type") == "application/problem+json", where
    assert document["type"] == wanted["type"], f"{where}: {document}"
    assert set(document) == PROBLEM_MEMBERS | ({"errors"} if "field" in wanted else set()), f"{where}: {document}"
    assert document["status"] == answer.status, f"{where}: {document}"
    assert document["title"], where
    assert document["detail"], where
    assert document["request_id"] == answer.header("x-request-id"), f"{where}: {document}"
    if "field" in wanted:
        assert [sorted(fault) for fault in document["errors"]] == [["code", "field", "message"]], f"{where}: {document}"
        assert document["errors"][0]["field"] == wanted["field"], f"{where}: {document}"
        assert document["errors"][0]["code"] == wanted.get("code", document["errors"][0]["code"]), (
            f"{where}: {document}"
        )
        assert document["errors"][0]["message"], where


Comparable = tuple[int, list[tuple[str, str]], str]


def comparable(result: Run) -> list[Comparable]:
    """Return the answers of a run as every host must give them: without what differs from call to call."""
    return [_comparable(outcome.answer) for outcome in result.outcomes]


def _comparable(answer: Answer) -> Comparable:
    request_id = answer.header("x-request-id") or ""

    def cleaned(text: str) -> str:
        return _MINTED.sub("{minted}", text.replace(request_id, "{request_id}") if request_id else text)

    # Some servers announce the length of a 204, which has none.
    ignored = SERVER_HEADERS | ({"content-length"} if answer.status == 204 else set())
    headers = sorted((name, cleaned(value)) for name, value in answer.headers if name not in ignored)
    return answer.status, headers, cleaned(answer.body.decode("utf-8", "replace"))
