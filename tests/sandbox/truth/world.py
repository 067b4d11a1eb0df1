"""A sandbox without a socket or a thread: what generated histories are played on, ten thousand times. The whole
application answers, gateway and pages included."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from paylera_sandbox.app import create_app
from paylera_sandbox.catalogue import load, parse
from paylera_sandbox.engine import Engine
from paylera_sandbox.namespaces import Namespaces
from paylera_sandbox.store import Store

BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)  # the last day of a month: periods that drift show it


class StandingClock:
    """A base clock that never moves: time is only what the history makes of it."""

    def now(self) -> datetime:
        return BEGIN


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}

    @property
    def code(self) -> str:
        return str(self.json.get("code", ""))


class World:
    """One sandbox in memory, whose time only the test moves."""

    def __init__(self, catalogue: str | None = None) -> None:
        sold = load() if catalogue is None else parse(tomllib.loads(catalogue))
        self.engine = Engine(store=Store(), clock=StandingClock(), catalogue=sold, seed=1)
        self.namespaces = Namespaces(self.engine)
        self.app = create_app(self.namespaces)
        self._keys = 0
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()
        self.namespaces.close()

    def count(self) -> int:
        """Count up, for keys that are never used twice."""
        self._keys += 1
        return self._keys

    def get(self, path: str, **query: object) -> Answer:
        return self._call("GET", path, query)

    def post(self, path: str, body: object = None, *, key: str | None = None, **query: object) -> Answer:
        headers = {"idempotency-key": key or f"key-{self.count()}", "content-type": "application/json"}
        return self._call("POST", path, query, json.dumps(body or {}).encode(), headers)

    def send(self, method: str, path: str, body: object = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        return self._call(method, path, {}, content, {"content-type": "application/json"})

    def made(self, path: str, body: object = None) -> dict[str, Any]:
        """Post what must succeed."""
        answer = self.post(path, body)
        assert answer.ok, answer.body
        return answer.json

    def submit(self, url: str, **form: str) -> Answer:
        """Send the form of a page, as a browser does."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self._call("POST", urlsplit(url).path, {}, urlencode(form).encode(), headers)

    def advance(self, by: timedelta) -> None:
        """Move time on, and have everything done that is due on the way."""
        with self.engine.unit() as unit:
            unit.time.advance(unit.now + by)
        while self.engine.step():
            pass

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = {"host": "testserver", "authorization": f"Bearer {self.engine.token}", **(headers or {})}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(query).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "server": ("testserver", 80),
            "client": ("testclient", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        self._runner.run(self.app(scope, receive, send))
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))
