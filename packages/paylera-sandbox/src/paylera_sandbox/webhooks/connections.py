"""Connections to receivers: HTTP/1.1, kept open between deliveries.

A general client costs four times as much for each delivery as everything else that a delivery needs, on the loop that
also answers the API. What is needed here is little: POST, no redirects, no cookies, the beginning of the answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import h11

from paylera_sandbox.webhooks.lookups import Lookups

_CHUNK = 64 * 1024
_IDLE = 8  # connections to one receiver that are kept open
_PLAIN = "/?:@!$&'()*+,;=%~[]"
_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """The head of an answer, and the beginning of its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Origin(NamedTuple):
    """Where a connection leads."""

    scheme: str
    host: str
    port: int


class Closed(ConnectionError):
    """The receiver closed a connection before it answered."""


class Garbled(OSError):
    """What the receiver sent is not HTTP."""


class Line:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(our_role=h11.CLIENT)
        self.answered = False

    async def post(self, head: h11.Request, payload: bytes, *, keep: int) -> Answer:
        """Send a request and read its answer, of the body as much as is to be kept."""
        parts = (head, h11.Data(data=payload), h11.EndOfMessage())
        self._writer.write(b"".join(self._http.send(part) or b"" for part in parts))
        await self._writer.drain()
        answer, body = None, b""
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                self.answered, answer = True, event
            elif isinstance(event, h11.Data):
                body += event.data
            if answer and (isinstance(event, h11.EndOfMessage) or len(body) >= keep):
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
                return Answer(answer.status_code, headers, body[:keep])

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(_CHUNK)
            if not data and not self.answered:
                raise Closed("the receiver closed the connection without an answer")
            self._http.receive_data(data)
        return event

    def renew(self) -> bool:
        """Make ready for another request; tell whether that is possible."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self.answered = False
        return not self._reader.at_eof()

    def close(self) -> None:
        """Close."""
        self._writer.close()


class Connections:
    """The open connections to all receivers."""

    def __init__(self) -> None:
        self._idle: defaultdict[Origin, list[Line]] = defaultdict(list)
        self._lookups = Lookups()
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, payload: bytes, headers: dict[str, str], *, keep: int) -> Answer:
        """Send a POST. Raises OSError: among them are Closed and Garbled. A connection that was kept open and is closed
        by now is replaced; the receiver may then see the request twice, as with every attempt."""
        origin, head = _address(url, payload, headers)
        while self._idle[origin]:
            line = self._idle[origin].pop()
            try:
                return await self._post(origin, line, head, payload, keep)
            except ConnectionError:
                if line.answered:
                    raise
        return await self._post(origin, await self._open(origin), head, payload, keep)

    def close(self) -> None:
        """Close those that are idle."""
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()

    async def _post(self, origin: Origin, line: Line, head: h11.Request, payload: bytes, keep: int) -> Answer:
        reusable = False
        try:
            answer = await line.post(head, payload, keep=keep)
            reusable = line.renew() and len(self._idle[origin]) < _IDLE
        except h11.ProtocolError as error:
            raise Garbled(str(error) or type(error).__name__) from None
        finally:
            if reusable:
                self._idle[origin].append(line)
            else:
                line.close()
        return answer

    async def _open(self, origin: Origin) -> Line:
        """Connect to the first address of the receiver that answers."""
        tls = await self._trust() if origin.scheme == "https" else None
        name = origin.host if tls else None
        refused: OSError = Closed(f"{origin.host} has no address")
        for address in await self._lookups.find(origin.host):
            try:
                return Line(*await asyncio.open_connection(address, origin.port, ssl=tls, server_hostname=name))
            except OSError as error:
                refused = error
        raise refused

    async def _trust(self) -> ssl.SSLContext:
        """Return what certificates are checked by; loading them takes a while."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls


def _address(url: str, payload: bytes, headers: dict[str, str]) -> tuple[Origin, h11.Request]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    origin = Origin(scheme, parts.hostname or "", parts.port or _PORTS[scheme])
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PLAIN)
    fields = {"Host": parts.netloc, "Accept": "*/*", "Content-Length": str(len(payload)), **headers}
    return origin, h11.Request(method="POST", target=target, headers=list(fields.items()))
