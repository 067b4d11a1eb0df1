"""Reading an HTTP/1.1 answer: strict where two readers could differ, bounded in every dimension.

The stdlib's `http.client` takes a 103 for the final answer, accepts `Content-Length: +1_0` and drops what follows an
answer: each of these hands one caller the answer of another on a kept-alive connection. Source: RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from paylera.http import Headers, Response

MAX_HEAD = 64 * 1024
_MAX_LINE = 4096
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\t\x20-\x7e\x80-\xff]*[!-~\x80-\xff])?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


class NotHttpError(Exception):
    """The peer breaks the protocol."""


class BrokenOffError(Exception):
    """The connection ended or broke within the body."""


class TooLargeError(Exception):
    """The answer exceeds a cap."""


class Incoming:
    """The bytes that arrive on one connection; `has_begun` tells whether any byte of the answer has."""

    __slots__ = ("_buffer", "_receive", "has_begun")

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self.has_begun = False

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left over."""
        return not self._buffer

    def begins_with(self, start: bytes) -> bool:
        """Tell whether what is left over begins like `start`, as far as it goes."""
        return start.startswith(self._buffer[: len(start)])

    def until(self, mark: bytes, limit: int) -> bytes:
        """Return what comes before `mark`, and drop the mark."""
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > limit:
                raise TooLargeError
            self._more()
        if end > limit:
            raise TooLargeError
        return self._take(end, len(mark))

    def exactly(self, count: int) -> bytes:
        """Return `count` bytes."""
        while len(self._buffer) < count:
            self._more()
        return self._take(count)

    def to_the_end(self, limit: int) -> bytes:
        """Return everything until the peer closes."""
        while len(self._buffer) <= limit:
            try:
                self._more()
            except EOFError:
                return self._take(len(self._buffer))
        raise TooLargeError

    def _more(self) -> None:
        data = self._receive()
        if not data:
            raise EOFError
        self.has_begun = True
        self._buffer += data

    def _take(self, count: int, skipped: int = 0) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[: count + skipped]
        return taken


def read_response(incoming: Incoming, *, method: str, max_bytes: int) -> tuple[Response, bool]:
    """Return the final answer, and whether the connection may be used again.

    Raises `NotHttpError`, `TooLargeError`, `BrokenOffError`, or `EOFError` when the peer closes before the head is
    complete.
    """
    minor, status, headers = _final_head(incoming)
    try:
        body, is_delimited = _body(incoming, method, status, headers, max_bytes)
    except TimeoutError:
        raise
    except (EOFError, OSError):
        raise BrokenOffError from None
    is_kept = minor == b"1" and is_delimited and "close" not in _tokens(headers, "connection")
    return Response(status, headers, body), is_kept and incoming.is_empty


def _final_head(incoming: Incoming) -> tuple[bytes, int, Headers]:
    budget = MAX_HEAD
    while True:
        head = _head(incoming, budget)
        minor, status, headers = _parsed(head)
        if status == 101:
            raise NotHttpError("switched protocols")
        if status >= 200:
            return minor, status, headers
        budget -= len(head) + 4  # interim answers are skipped, but share one budget
        if budget <= 0:
            raise TooLargeError


def _head(incoming: Incoming, budget: int) -> bytes:
    try:
        return incoming.until(b"\r\n\r\n", budget)
    except EOFError:
        if incoming.begins_with(b"HTTP/1."):
            raise
        raise NotHttpError("sent no HTTP/1.1 status line") from None


def _parsed(head: bytes) -> tuple[bytes, int, Headers]:
    first, *lines = head.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise NotHttpError("sent no HTTP/1.1 status line")
    return status[1], int(status[2]), tuple(_header(line) for line in lines)


def _header(line: bytes) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise NotHttpError("sent a malformed header")
    return match[1].decode("ascii").lower(), match[2].decode("latin-1")


def _body(incoming: Incoming, method: str, status: int, headers: Headers, max_bytes: int) -> tuple[bytes, bool]:
    if method == "HEAD" or status in (204, 304):
        return b"", True
    codings, lengths = _tokens(headers, "transfer-encoding"), _tokens(headers, "content-length")
    if codings and (lengths or codings != ["chunked"]):
        raise NotHttpError("framed its answer in two ways or in an unknown one")
    if codings:
        return _chunked(incoming, max_bytes), True
    if lengths:
        return incoming.exactly(_length(lengths, max_bytes)), True
    return incoming.to_the_end(max_bytes), False


def _tokens(headers: Headers, name: str) -> list[str]:
    return [part.strip().lower() for key, value in headers if key == name for part in value.split(",")]


def _length(lengths: list[str], max_bytes: int) -> int:
    if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise NotHttpError("announced no clear length")
    if int(lengths[0]) > max_bytes:
        raise TooLargeError
    return int(lengths[0])


def _chunked(incoming: Incoming, max_bytes: int) -> bytes:
    body = bytearray()
    while size := _chunk_size(incoming):
        if len(body) + size > max_bytes:
            raise TooLargeError
        body += incoming.exactly(size)
        if incoming.exactly(2) != b"\r\n":
            raise NotHttpError("sent a chunk of another length than announced")
    budget = MAX_HEAD
    while trailer := _line(incoming):
        budget -= len(trailer)
        if budget < 0:
            raise TooLargeError
    return bytes(body)


def _chunk_size(incoming: Incoming) -> int:
    match = _CHUNK.fullmatch(_line(incoming))
    if match is None:
        raise NotHttpError("sent a malformed chunk")
    return int(match[1], 16)


def _line(incoming: Incoming) -> bytes:
    return incoming.until(b"\r\n", _MAX_LINE)
