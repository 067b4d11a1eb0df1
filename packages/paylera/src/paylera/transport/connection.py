"""One blocking connection: every wait on its socket is cut to what is left of the call's total time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable

from paylera.http import Response
from paylera.transport.incoming import Incoming, read_response
from paylera.transport.outgoing import Origin

_CHUNK = 64 * 1024


class Deadline:
    """The end of a call, in monotonic seconds."""

    __slots__ = ("_at",)

    def __init__(self, timeout: float) -> None:
        self._at = time.monotonic() + timeout

    def left(self) -> float:
        """Return the seconds left; `TimeoutError` when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Connection:
    """A connected socket; used by one thread at a time."""

    __slots__ = ("_sock", "idle_since", "is_silent", "is_unsent")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.idle_since = 0.0
        self.is_unsent = True
        self.is_silent = True

    def exchange(self, request: bytes, *, method: str, max_bytes: int, deadline: Deadline) -> tuple[Response, bool]:
        """Send a request and return the answer and whether the connection may be used again.

        After a failure `is_unsent` tells that no byte of the request left, `is_silent` that no byte of an answer came.
        """
        self.is_unsent = self.is_silent = True
        incoming = Incoming(self._receiver(deadline))
        self._send(request, deadline)
        try:
            return read_response(incoming, method=method, max_bytes=max_bytes)
        finally:
            self.is_silent = not incoming.has_begun

    def _send(self, data: bytes, deadline: Deadline) -> None:
        # Not `sendall`: on a TLS socket its timeout starts anew with every record.
        view = memoryview(data)
        while view:
            self._sock.settimeout(deadline.left())
            sent = self._sock.send(view)
            self.is_unsent = False
            view = view[sent:]

    def _receiver(self, deadline: Deadline) -> Callable[[], bytes]:
        def receive() -> bytes:
            self._sock.settimeout(deadline.left())
            return self._sock.recv(_CHUNK)

        return receive

    def is_quiet(self) -> bool:
        """Tell whether the idle connection is still usable: nothing to read, not even its end."""
        try:
            self._sock.settimeout(0)
            # The plain socket's `recv`, under TLS too: it asks the kernel and leaves the TLS state alone.
            socket.socket.recv(self._sock, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close the socket; a TLS session is not ended by a message, so a forked child may do it too."""
        self._sock.close()


def connect(origin: Origin, deadline: Deadline, context: ssl.SSLContext | None) -> Connection:
    """Open a connection: each address in turn, then TLS when there is a context.

    The name lookup itself cannot be cut short without a thread; the deadline is checked right after it.
    """
    host = origin.host.strip("[]")
    found = socket.getaddrinfo(host, origin.port, type=socket.SOCK_STREAM)
    error = OSError("no address")
    for index, (family, kind, protocol, _, address) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            # A dead first address must not use up the time of the others.
            sock.settimeout(deadline.left() / (len(found) - index))
            sock.connect(address)
            return Connection(_prepared(sock, deadline, context, host))
        except OSError as failed:
            sock.close()
            error = failed
        except BaseException:
            sock.close()
            raise
    raise error


def _prepared(sock: socket.socket, deadline: Deadline, context: ssl.SSLContext | None, host: str) -> socket.socket:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(deadline.left())
    return sock if context is None else context.wrap_socket(sock, server_hostname=host)
