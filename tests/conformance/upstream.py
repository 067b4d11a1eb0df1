"""The scripted Paylera: plays a step's answers in order and records every call, over HTTP or without a socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from paylera.errors import TransportError
from paylera.http import Request, Response
from paylera.secret import plain

BASE_PATH = "/base"
NOBODY = "nobody"
DEFAULT_ANSWER = {"status": 200, "json": {"ok": True}}
UNEXPECTED = {"status": 500, "json": {"unexpected": True}}


@dataclass(frozen=True)
class Received:
    """One call as Paylera saw it, without the base path."""

    method: str
    path: str
    query: dict[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Received:
        """Split the request target."""
        parts = urlsplit(target)
        assert parts.path.startswith(BASE_PATH + "/"), parts.path
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method, parts.path.removeprefix(BASE_PATH), query, headers, body)

    def header(self, name: str) -> str | None:
        """Return the first value of one header."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class Script:
    """What is left to answer, and what was asked."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, answers: list[dict[str, Any]]) -> None:
        """Start a new step."""
        with self.lock:
            self.answers, self.received = list(answers), []

    def next(self, call: Received) -> dict[str, Any]:
        """Record a call and return its answer."""
        with self.lock:
            self.received.append(call)
            if len(self.answers) == 1 and self.answers[0].get("again"):
                return self.answers[0]
            return self.answers.pop(0) if self.answers else UNEXPECTED


def body_of(answer: dict[str, Any]) -> bytes:
    """Return the bytes of a scripted body."""
    if "repeat" in answer:
        return ('"' + answer["repeat"]["text"] * answer["repeat"]["times"] + '"').encode()
    if "hex" in answer:
        return bytes.fromhex(answer["hex"])
    return answer["text"].encode() if "text" in answer else json.dumps(answer.get("json", {})).encode()


def headers_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the scripted headers, with a content type unless the script has its own."""
    headers = [(name, value) for name, value in answer.get("headers", [])]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return headers


@dataclass
class ScriptedTransport:
    """A blocking transport without a socket."""

    script: Script

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        """Play one answer, faults included."""
        parts = urlsplit(request.url)
        if parts.hostname == NOBODY:
            raise TransportError("nobody listens", fault="connection")
        headers = tuple((name, plain(value)) for name, value in request.headers)
        target = request.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        answer = self.script.next(Received.of(request.method, target, headers, request.body))
        if fault := answer.get("fault"):
            raise TransportError(fault, fault={"hang": "timeout", "close": "connection"}[fault])
        body = body_of(answer)
        if len(body) > max_bytes:
            raise TransportError("too large", fault="too_large")
        return Response(answer["status"], tuple((n.lower(), v) for n, v in headers_of(answer)), body)

    def close(self) -> None:
        """Close nothing."""


@dataclass
class AsyncScriptedTransport:
    """The same for an event loop."""

    script: Script

    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        """Play one answer."""
        return ScriptedTransport(self.script).send(request, timeout=timeout, max_bytes=max_bytes)

    async def aclose(self) -> None:
        """Close nothing."""


class ScriptedServer(ThreadingHTTPServer):
    """Paylera over HTTP/1.1 on a loopback port; `hanging` is released when the server stops."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.hanging = threading.Event()

    @property
    def base_url(self) -> str:
        """Return what a relay is configured with."""
        return f"http://127.0.0.1:{self.server_port}{BASE_PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        call = Received.of(self.command, self.path, headers, self.rfile.read(length))
        self.play(self.server.script.next(call))

    def do_GET(self) -> None:
        self.do_POST()

    def play(self, answer: dict[str, Any]) -> None:
        match answer.get("fault"):
            case "close":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            case "hang":
                self.server.hanging.wait(30)
                self.close_connection = True
                return
        body = body_of(answer)
        head = [f"HTTP/1.1 {answer['status']} Scripted", *(f"{n}: {v}" for n, v in headers_of(answer))]
        if answer["status"] != 204:
            head.append(f"Content-Length: {len(body)}")
        # One write: two would meet Nagle's algorithm and wait for an acknowledgement.
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + (body if answer["status"] != 204 else b""))

    def log_message(self, *_args: Any) -> None:
        """Stay silent."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve on a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """Return a loopback port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
