"""The sender against receivers of every kind, over sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paylera_sandbox.webhooks.connections import Closed, Line
from paylera_sandbox.webhooks.lookups import Lookups
from paylera_sandbox.webhooks.sender import Outcome, Sender

BODY = b'{"id":"evt_1"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(len(BODY))


def answering(*answers: bytes, close: bool = False) -> Serve:
    """Answer each request of a connection with the next answer; then, or at once, close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await request(reader)
            writer.write(answer)
            await writer.drain()
        if close:
            writer.close()

    return serve


def posted(
    serve: Serve, *, times: int = 1, path: str = "/hooks", scheme: str = "http", host: str = "127.0.0.1"
) -> list[Outcome]:
    """Post to a receiver some times, one after the other."""

    async def main() -> list[Outcome]:
        served: list[asyncio.Task[None]] = []
        server = await asyncio.start_server(
            lambda *ends: served.append(asyncio.create_task(to_end(*ends))), "127.0.0.1"
        )
        port = server.sockets[0].getsockname()[1]
        sender = Sender()
        url = f"{scheme}://{host}:{port}{path}"
        found = [await sender.post(url, BODY, {"Content-Type": "application/json"}) for _ in range(times)]
        sender.close()
        server.close()
        await asyncio.gather(*served)
        return found

    async def to_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, "ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, "ok"),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 201, "abc"),
        (b"HTTP/1.0 500 Oh\r\n\r\nno length", 500, "no length"),
        (b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", 302, ""),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\n\xff\xfe!", 400, "\ufffd\ufffd!"),
    ],
)
def test_answers(answer: bytes, status: int, body: str) -> None:
    [outcome] = posted(answering(answer, close=True))
    assert (outcome.status, outcome.answer, outcome.error) == (status, body, None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 20", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "peer closed connection"),
        (b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n", "illegal header line"),
    ],
)
def test_what_is_no_answer(answer: bytes, reason: str) -> None:
    [outcome] = posted(answering(answer, close=True))
    assert outcome.status is None
    assert reason in str(outcome.error)


def test_of_a_long_answer_the_beginning_is_kept() -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
    assert [outcome.answer for outcome in posted(answering(long, close=True), times=2)] == ["x" * 2048] * 2


def test_the_request_is_whole() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request(reader))
        writer.write(OK)

    posted(serve, path="/a%20b/ü?x=1&y=%2F")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b/%C3%BC?x=1&y=%2F HTTP/1.1"
    assert "Content-Type: application/json" in lines
    assert f"Content-Length: {len(BODY)}" in lines
    assert body == BODY


def test_a_connection_is_kept_open() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(OK, OK, OK)(reader, writer)

    assert [outcome.status for outcome in posted(serve, times=3)] == [200, 200, 200]
    assert connections == 1


def test_one_that_was_closed_meanwhile_is_replaced() -> None:
    """A receiver that restarts, or keeps no connection longer than a moment, is no failure."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(OK)(reader, writer)
        await reader.readexactly(1)  # the next request has come: no answer to that one
        writer.transport.abort()

    assert [outcome.status for outcome in posted(serve, times=3)] == [200, 200, 200]
    assert connections == 3


def test_tls_with_a_receiver_that_has_none() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    [outcome] = posted(serve, scheme="https")
    assert outcome.status is None
    assert outcome.error


def test_nobody_there() -> None:
    async def main() -> Outcome:
        return await Sender().post("http://127.0.0.1:1/", BODY, {})

    outcome = asyncio.run(main())
    assert outcome.status is None
    assert "Connect call failed" in str(outcome.error)


HEADS = st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 ", b"HTTP/1.0 500 x\r\n", b""])
FIELDS = st.sampled_from([b"Content-Length: 3\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n", b"x: y\r\n"])


@settings(max_examples=300, deadline=None)
@given(st.tuples(HEADS, FIELDS, st.binary(max_size=40)).map(b"".join) | st.binary(max_size=60))
def test_whatever_comes_back_is_an_answer_or_a_reason(answer: bytes) -> None:
    async def main() -> None:
        reader, writer = asyncio.StreamReader(), Sink()
        reader.feed_data(answer)
        reader.feed_eof()
        request = h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Content-Length", str(len(BODY)))])
        with contextlib.suppress(Closed, h11.RemoteProtocolError):
            found = await Line(reader, writer).post(request, BODY, keep=2048)
            assert 200 <= found.status <= 999

    asyncio.run(main())


class Sink:
    """Takes what is written."""

    def write(self, data: bytes) -> None:
        assert data

    async def drain(self) -> None:
        pass


def test_all_addresses_of_a_host_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` often means ::1 first, where nobody listens."""
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*entry, ("127.0.0.2", 0)), (*entry, ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    [outcome] = posted(answering(OK), host="receiver.test")
    assert outcome.status == 200


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".invalid"])
def test_a_host_without_an_address(host: str) -> None:
    outcome = asyncio.run(Sender().post(f"http://{host}/", BODY, {}))
    assert (outcome.status, outcome.answer) == (None, "")
    assert outcome.error


def test_a_host_is_looked_up_once_for_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    go_on = threading.Event()

    def resolve(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        go_on.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def main() -> list[list[str]]:
        lookups = Lookups()
        waiting = [asyncio.create_task(lookups.find("receiver.test")) for _ in range(8)]
        given_up = asyncio.create_task(lookups.find("receiver.test"))
        await asyncio.sleep(0)
        given_up.cancel()  # which is no reason for the others not to learn it
        go_on.set()
        return await asyncio.gather(*waiting)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert asyncio.run(main()) == [["127.0.0.1"]] * 8
    assert asked == ["receiver.test"]
