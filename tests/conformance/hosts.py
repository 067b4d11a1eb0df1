"""The hosts: each takes the same raw call and gives back status, headers and body. A test never asks which it has."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

from conformance.apps.options import Journal, relay_options, webhook_options
from conformance.cases import mounts
from conformance.upstream import BASE_PATH, NOBODY, AsyncScriptedTransport, Script, ScriptedTransport
from paylera.flow import Awaiting, Blocking, arun_call, run
from paylera.http import Request, Response, absolute_url
from paylera.relay import MAX_BODY_BYTES, PATHS, RelayCore
from paylera.webhooks import MAX_BODY, WebhookReceiver


@dataclass(frozen=True)
class Call:
    """One inbound call as it goes on the wire; a body in several chunks is sent without a length."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...] = ()

    @property
    def body(self) -> bytes:
        """Return the whole body."""
        return b"".join(self.chunks)


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of one header."""
        return next((value for key, value in self.headers if key == name), None)


class Host(Protocol):
    """Answers calls, and plays Paylera from a script."""

    name: str
    script: Script

    def send(self, call: Call) -> Answer:
        """Answer one call."""
        ...

    def drain(self) -> list[str]:
        """Return what the merchant's callables were told since the last time."""
        ...


@dataclass
class Served:
    """A server in another process, over one kept connection."""

    name: str
    script: Script
    port: int
    _connection: http.client.HTTPConnection | None = None

    def send(self, call: Call) -> Answer:
        """Answer one call; a connection that the server closed is opened anew."""
        connection, self._connection = self._connection or self.connect(), None
        connection.putrequest(call.method, call.target, skip_host=True, skip_accept_encoding=True)
        for name, value in call.headers:
            connection.putheader(name, value.encode("latin-1"))
        self._send_body(connection, call)
        response = connection.getresponse()
        answer = Answer(response.status, tuple((n.lower(), v) for n, v in response.getheaders()), response.read())
        # A server may close the connection after a long body that it did not read, without a word.
        if response.will_close or len(call.body) > MAX_BODY_BYTES:
            connection.close()
        else:
            self._connection = connection
        return answer

    def _send_body(self, connection: http.client.HTTPConnection, call: Call) -> None:
        if len(call.chunks) > 1:
            connection.putheader("Transfer-Encoding", "chunked")
        elif call.chunks or call.method == "POST":
            connection.putheader("Content-Length", str(len(call.body)))
        try:
            connection.endheaders()
            if len(call.chunks) > 1:
                for chunk in (*call.chunks, b""):
                    connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            elif call.chunks:
                connection.send(call.body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was read whole: the answer says why

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def drain(self) -> list[str]:
        """Ask the app, which may have had no call for so long that the server has closed the connection."""
        self.close()
        answer = self.send(Call("GET", "/debug/drain", (("Host", "localhost"),)))
        assert answer.status == 200, answer
        found: list[str] = json.loads(answer.body)
        return found

    def close(self) -> None:
        """Close the kept connection."""
        if self._connection is not None:
            self._connection.close()


@dataclass(frozen=True)
class Native:
    """The request object of the host without a framework."""

    headers: dict[str, str]


_ROUTES = [(re.compile(re.escape(path).replace("<sub_id>", "(.*)")), action) for path, action in PATHS.items()]


@dataclass
class Core:
    """The core by itself: no socket, no framework. It does what an adapter does, in the same way."""

    name: str
    script: Script
    journal: Journal
    relays: dict[str, RelayCore]
    receivers: dict[str, WebhookReceiver]

    @classmethod
    def build(cls, name: str) -> Any:
        """Mount everything in the data."""
        journal = Journal()
        where: dict[str, Any] = {
            "base_url": f"http://paylera.test{BASE_PATH}",
            "nobody_url": f"http://{NOBODY}{BASE_PATH}",
        }
        relays = {n: RelayCore(relay_options(m, journal=journal, **where)) for n, m in mounts("relay").items()}
        receivers = {n: WebhookReceiver(**webhook_options(m, journal=journal)) for n, m in mounts("webhooks").items()}
        return cls(name, Script(), journal, relays, receivers)

    def send(self, call: Call) -> Answer:
        """Answer one call."""
        path, _, query = call.target.partition("?")
        _, kind, mount, rest = path.split("/", 3)
        limit = MAX_BODY_BYTES if kind == "relay" else MAX_BODY
        headers = tuple((name.lower(), value) for name, value in call.headers)
        url = absolute_url(self._scheme(headers), dict(headers).get("host"), unquote(path), query)
        is_long = len(call.body) > limit
        request = Request(call.method, url, headers, b"" if is_long else call.body, is_long)
        response = self._relayed(mount, rest, request) if kind == "relay" else self._received(mount, request)
        return Answer(response.status, response.headers, response.body)

    def _scheme(self, headers: tuple[tuple[str, str], ...]) -> str:
        return dict(headers).get("x-forwarded-proto", "http")

    def _relayed(self, mount: str, rest: str, request: Request) -> Response:
        for pattern, action in _ROUTES:
            if found := pattern.fullmatch(rest):
                sub_id = unquote(found[1]) if found.groups() else None
                native = Native(dict(request.headers))
                return self.perform(self.relays[mount].handle(action, request, native=native, sub_id=sub_id), request)
        raise AssertionError(f"no route matches {rest!r}")

    def _received(self, mount: str, request: Request) -> Response:
        return self.perform(self.receivers[mount].handle(request), request)

    def drain(self) -> list[str]:
        """Read the journal."""
        return self.journal.drain()

    def perform(self, flow: Any, request: Request) -> Response:
        """Drive a flow."""
        raise NotImplementedError


class SyncCore(Core):
    """Driven on the calling thread."""

    def perform(self, flow: Any, request: Request) -> Response:
        """Drive a flow without an event loop, but for async callables."""

        def wait_for(start: Any) -> Any:
            async def to_its_end() -> Any:
                return await start()

            return asyncio.run(to_its_end())

        return run(flow, Blocking(ScriptedTransport(self.script), wait_for=wait_for))


@dataclass
class AsyncCore(Core):
    """Driven on an event loop."""

    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def perform(self, flow: Any, request: Request) -> Response:
        """Drive a flow on the loop."""
        performer = Awaiting(AsyncScriptedTransport(self.script), in_thread=asyncio.to_thread)
        return self.runner.run(arun_call(flow, performer, method=request.method))


@contextmanager
def cores() -> Iterator[list[Host]]:
    """Both ways to drive the core."""
    driven: AsyncCore = AsyncCore.build("core-async")
    with driven.runner:
        yield [SyncCore.build("core"), driven]
