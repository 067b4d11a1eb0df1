"""A peer on a real loopback socket that answers as a test scripts it, well or badly."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Script = Callable[["Line"], None]


@dataclass
class Line:
    """One accepted connection, seen from the peer; `number` counts connections from 0."""

    sock: socket.socket
    number: int
    stopped: threading.Event
    requests: list[bytes] = field(repr=False)
    buffer: bytes = field(default=b"", repr=False)

    def read(self) -> bytes:
        """Read one whole request; `EOFError` when the client hangs up."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        while len(rest) < length:
            self._more()
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[length:]
        request = head + b"\r\n\r\n" + rest[:length]
        self.requests.append(request)
        return request

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def drip(self, data: bytes, *, gap: float) -> None:
        """Send byte after byte with pauses, until the client hangs up or the test ends."""
        for index in range(len(data)):
            self.send(data[index : index + 1])
            if self.stopped.wait(gap):
                return

    def wait_for_end(self) -> None:
        """Hold the connection until the client hangs up or the test ends."""
        with suppress(OSError):
            while self.sock.recv(65536):
                pass

    def reset(self) -> None:
        """Break the connection with an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@dataclass
class Peer:
    """A listening peer; `requests` holds the raw requests in order, `lines` the connections."""

    port: int
    scheme: str = "http"
    requests: list[bytes] = field(default_factory=list, repr=False)
    lines: list[Line] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        """The base URL."""
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{host}:{self.port}"


def reply(body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return the bytes of an ordinary answer; `headers` are lines that end in CR LF."""
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body


def json_reply(document: Any, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return the bytes of an answer that holds JSON."""
    return reply(json.dumps(document).encode(), status=status, headers=f"content-type: application/json\r\n{headers}")


def always(data: bytes) -> Script:
    """Answer every request on a kept connection with the same bytes."""

    def script(line: Line) -> None:
        while True:
            line.read()
            line.send(data)

    return script


def in_turn(*answers: bytes) -> Script:
    """Answer the requests, counted over all connections, one after the other; the last answer stays."""

    def script(line: Line) -> None:
        while True:
            line.read()
            line.send(answers[min(len(line.requests), len(answers)) - 1])

    return script


@contextmanager
def listening(script: Script, *, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Run a peer for the body of a `with`; all its threads and sockets are gone afterwards."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        peer = Peer(server.getsockname()[1], "http" if context is None else "https")
        threads: list[threading.Thread] = []

        def serve(sock: socket.socket, number: int) -> None:
            with suppress(OSError, EOFError):
                secured = sock if context is None else context.wrap_socket(sock, server_side=True)
                line = Line(secured, number, stopped, peer.requests)
                peer.lines.append(line)
                with secured:
                    script(line)
            sock.close()

        def accept() -> None:
            number = 0
            with suppress(OSError):
                while not stopped.is_set():
                    sock, _ = server.accept()
                    threads.append(threading.Thread(target=serve, args=(sock, number), daemon=True))
                    threads[-1].start()
                    number += 1

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield peer
        finally:
            stopped.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes `accept`
            for line in peer.lines:
                with suppress(OSError):
                    line.sock.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for thread in threads:
                thread.join(5)
