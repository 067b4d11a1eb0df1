"""Connections: kept, dropped when stale, never shared across processes, never leaked."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import ssl
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from unittest import mock

import aiohttp
import pytest

from paylera.errors import TransportError
from paylera.http import Request
from paylera.transport import AsyncHttpTransport, HttpTransport
from paylera.transport import pool as pool_module
from support.peers import Line, listening, reply

OPTIONS: dict[str, Any] = {"timeout": 5.0, "max_bytes": 10_000}


def echo(line: Line) -> None:
    """Answer with the request's own target."""
    while True:
        line.send(reply(line.read().split(b" ")[1]))


def once_each(line: Line) -> None:
    """Answer one request a connection, announce to keep it, and close it."""
    line.read()
    line.send(reply(b"ok"))


def test_connection_is_kept(sender: Any) -> None:
    with listening(echo) as peer:
        for number in range(20):
            assert sender.get(f"{peer.url}/{number}").body == f"/{number}".encode()
    assert len(peer.lines) == 1


def test_stale_connection_is_replaced_unnoticed(sender: Any) -> None:
    closed = threading.Semaphore(0)

    def script(line: Line) -> None:
        once_each(line)
        line.sock.close()
        closed.release()

    with listening(script) as peer:
        for _ in range(5):
            assert sender.post(peer.url).body == b"ok"
            assert closed.acquire(timeout=5)
            sender.let_the_loop_run()  # on a server it runs all the time, and notices the end by itself
    assert len(peer.lines) == 5


def test_bytes_that_nobody_asked_for_end_the_connection(sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        line.send(reply(b"mine") + reply(b"somebody else's"))
        line.wait_for_end()

    with listening(script) as peer:
        assert [sender.get(peer.url).body for _ in range(3)] == [b"mine"] * 3
    assert len(peer.lines) == 3


def gives_up_while_asked(line: Line) -> None:
    """Answer the first request on the first connection, then read the second and hang up in silence."""
    line.read()
    line.send(reply(b"ok"))
    line.read()
    if line.number > 0:
        line.send(reply(b"ok"))


def test_get_moves_to_a_fresh_connection_when_the_kept_one_gives_up(sender: Any) -> None:
    with listening(gives_up_while_asked) as peer:
        assert [sender.get(peer.url).body for _ in range(2)] == [b"ok", b"ok"]
    assert len(peer.lines) == 2


def test_post_that_may_have_been_seen_is_not_sent_twice(sender: Any) -> None:
    with listening(gives_up_while_asked) as peer:
        sender.post(peer.url)
        with pytest.raises(TransportError) as caught:
            sender.post(peer.url)
    assert caught.value.fault == "connection"
    assert len(peer.requests) == 2


def test_kept_connection_that_is_slow_times_out_once(sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        line.send(reply(b"ok"))
        line.read()
        line.wait_for_end()

    with listening(script) as peer:
        sender.get(peer.url)
        with pytest.raises(TransportError) as caught:
            sender.get(peer.url, timeout=0.2)
    assert caught.value.fault == "timeout"
    assert len(peer.lines) == 1


def test_pool_is_bounded_and_the_oldest_goes() -> None:
    transport = HttpTransport()
    count = pool_module.MAX_IDLE + 4
    barrier = threading.Barrier(count)

    def script(line: Line) -> None:
        while True:
            line.read()
            barrier.wait(10)
            line.send(reply())

    with listening(script) as peer, ThreadPoolExecutor(count) as threads:
        sent = [threads.submit(transport.send, Request("GET", peer.url), **OPTIONS) for _ in range(count)]
        assert {future.result().status for future in sent} == {200}
        idle = transport._pools[os.getpid()]._idle
        assert [len(connections) for connections in idle.values()] == [pool_module.MAX_IDLE]
        transport.close()
        assert not idle


def test_old_connection_is_not_used() -> None:
    transport = HttpTransport()
    with listening(echo) as peer:
        transport.send(Request("GET", peer.url), **OPTIONS)
        with mock.patch.object(pool_module, "MAX_IDLE_SECONDS", 0.0):
            transport.send(Request("GET", peer.url), **OPTIONS)
        assert len(peer.lines) == 2
        transport.close()


def test_dropped_transport_leaves_no_socket() -> None:
    ended = threading.Event()

    def script(line: Line) -> None:
        once_each(line)
        line.wait_for_end()
        ended.set()

    with listening(script) as peer, warnings.catch_warnings():
        warnings.simplefilter("error")
        HttpTransport().send(Request("GET", peer.url), **OPTIONS)
        gc.collect()
        assert ended.wait(5)


def test_interrupted_exchange_closes_its_connection() -> None:
    transport = HttpTransport()
    with listening(echo) as peer:
        transport.send(Request("GET", peer.url), **OPTIONS)
        with (
            mock.patch("paylera.transport.connection.read_response", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            transport.send(Request("GET", peer.url), **OPTIONS)
        assert transport.send(Request("GET", f"{peer.url}/fresh"), **OPTIONS).body == b"/fresh"
        assert len(peer.lines) == 2
        transport.close()


def test_threads_get_their_own_answers() -> None:
    transport = HttpTransport()

    def ask(number: int) -> bool:
        targets = [f"/{number}/{turn}" for turn in range(30)]
        return all(transport.send(Request("GET", peer.url + t), **OPTIONS).body == t.encode() for t in targets)

    with listening(echo) as peer, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))
        transport.close()
    assert len(peer.lines) <= 8


def test_usable_again_after_close() -> None:
    transport = HttpTransport()
    with listening(echo) as peer:
        for _ in range(2):
            assert transport.send(Request("GET", peer.url), **OPTIONS).status == 200
            transport.close()

        async def twice(awaiting: AsyncHttpTransport) -> None:
            for _ in range(2):
                assert (await awaiting.send(Request("GET", peer.url), **OPTIONS)).status == 200
                await awaiting.aclose()
                await awaiting.aclose()

        asyncio.run(twice(AsyncHttpTransport()))


def fork_and_ask(transport: Any, url: str, name: str, report: int, *, is_async: bool) -> int:
    """Ask 100 questions in a forked child; write to `report` whether every answer belonged to its question."""
    pid = os.fork()
    if pid:
        return pid
    outcome: dict[str, Any] = {"wrong": 0}
    try:
        targets = [f"/{name}/{turn}" for turn in range(100)]
        if is_async:

            async def ask() -> list[bytes]:
                return [(await transport.send(Request("GET", url + t), **OPTIONS)).body for t in targets]

            bodies = asyncio.run(ask())
        else:
            bodies = [transport.send(Request("GET", url + t), **OPTIONS).body for t in targets]
        outcome["wrong"] = sum(body != target.encode() for body, target in zip(bodies, targets, strict=True))
    except BaseException as error:
        outcome["error"] = repr(error)
    os.write(report, json.dumps(outcome).encode() + b"\n")
    os._exit(0)


def collect(read_end: int, pids: list[int]) -> list[dict[str, Any]]:
    """Wait for the children and return what they wrote."""
    for pid in pids:
        os.waitpid(pid, 0)
    return [json.loads(line) for line in os.read(read_end, 65536).splitlines()]


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "awaiting"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # 3.12: forks beside the peer's threads
def test_forked_children_use_sockets_of_their_own(
    secured: bool, is_async: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    read_end, write_end = os.pipe()
    with listening(echo, context=server_tls if secured else None) as peer:
        tls = client_tls if secured else None
        transport: Any = AsyncHttpTransport(ssl_context=tls) if is_async else HttpTransport(ssl_context=tls)
        runner = asyncio.Runner()

        def ask(target: str) -> bytes:
            sent = transport.send(Request("GET", peer.url + target), **OPTIONS)
            answer = runner.run(sent) if is_async else sent
            body: bytes = answer.body
            return body

        assert ask("/before") == b"/before"
        parents_own = len(peer.lines)
        pids = [fork_and_ask(transport, peer.url, f"c{n}", write_end, is_async=is_async) for n in range(2)]
        assert [ask(f"/p/{turn}") for turn in range(100)] == [f"/p/{turn}".encode() for turn in range(100)]
        assert collect(read_end, pids) == [{"wrong": 0}, {"wrong": 0}]
        assert ask("/after") == b"/after"
        assert len(peer.lines) == parents_own + 2, "the parent went on with its connection, each child made one"
        if is_async:
            runner.run(transport.aclose())
        else:
            transport.close()
        runner.close()
    os.close(read_end)
    os.close(write_end)


def test_calls_create_no_context_session_loop_or_thread(client_tls: ssl.SSLContext, server_tls: ssl.SSLContext) -> None:
    blocking, awaiting = HttpTransport(ssl_context=client_tls), AsyncHttpTransport(ssl_context=client_tls)
    with listening(echo, context=server_tls) as peer, asyncio.Runner() as runner:

        async def ask(times: int) -> None:
            for _ in range(times):
                await awaiting.send(Request("GET", peer.url), **OPTIONS)

        def both(times: int) -> None:
            runner.run(ask(times))
            for _ in range(times):
                blocking.send(Request("GET", peer.url), **OPTIONS)

        both(1)
        with (
            mock.patch.object(ssl.SSLContext, "__new__", side_effect=AssertionError("a context")),
            mock.patch.object(aiohttp.ClientSession, "__init__", side_effect=AssertionError("a session")),
            mock.patch.object(asyncio, "new_event_loop", side_effect=AssertionError("a loop")),
            mock.patch.object(threading.Thread, "start", side_effect=AssertionError("a thread")),
        ):
            both(30)
        assert len(peer.lines) == 2
        blocking.close()
        runner.run(awaiting.aclose())


def test_default_tls_context_is_built_once_and_verifies() -> None:
    transport = HttpTransport()
    with mock.patch.object(ssl, "create_default_context", wraps=ssl.create_default_context) as made:
        for _ in range(3):
            with pytest.raises(TransportError):
                transport.send(Request("GET", "https://127.0.0.1:1/"), **OPTIONS)
    assert made.call_count == 1
    assert transport._context is not None
    assert transport._context.verify_mode == ssl.CERT_REQUIRED
    assert transport._context.check_hostname


def test_untrusted_certificate_is_refused_for_good(sender: Any, server_tls: ssl.SSLContext) -> None:
    with listening(echo, context=server_tls) as peer, pytest.raises(TransportError, match="not trusted") as caught:
        sender.get(peer.url)
    assert (caught.value.fault, caught.value.retryable) == ("connection", False)
    assert peer.requests == []


def test_tls_peer_that_speaks_no_tls(sender: Any) -> None:
    def script(line: Line) -> None:
        line.sock.recv(1000)
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(script) as peer, pytest.raises(TransportError) as caught:
        sender.get(peer.url.replace("http", "https"))
    assert caught.value.fault == "connection"


def test_handshake_counts_towards_the_timeout(sender: Any) -> None:
    with listening(lambda line: line.wait_for_end()) as peer:
        begun = time.monotonic()
        with pytest.raises(TransportError) as caught:
            sender.get(peer.url.replace("http", "https"), timeout=0.3)
    assert caught.value.fault == "timeout"
    assert time.monotonic() - begun < 1.0


def test_request_that_the_peer_does_not_read_times_out(sender: Any) -> None:
    stopped = threading.Event()
    with listening(lambda _: stopped.wait(10) and None) as peer:
        with pytest.raises(TransportError) as caught:
            sender.post(peer.url, b"x" * 30_000_000, timeout=0.3)
        stopped.set()
    assert caught.value.fault == "timeout"


def test_one_transport_serves_several_loops_one_after_the_other() -> None:
    transport = AsyncHttpTransport()

    async def ask(target: str) -> bytes:
        return (await transport.send(Request("GET", peer.url + target), **OPTIONS)).body

    with listening(echo) as peer, warnings.catch_warnings():
        warnings.simplefilter("error")
        for turn in range(3):
            assert asyncio.run(ask(f"/{turn}")) == f"/{turn}".encode()
            gc.collect()
        assert transport._sessions._entries == {}, "nothing is kept of a loop that has ended"


def test_one_transport_serves_loops_in_several_threads() -> None:
    transport = AsyncHttpTransport()

    def work(number: int) -> bool:
        async def ask() -> list[bytes]:
            answers = [transport.send(Request("GET", f"{peer.url}/{number}/{n}"), **OPTIONS) for n in range(5)]
            return [answer.body for answer in await asyncio.gather(*answers)]

        return all(asyncio.run(ask()) == [f"/{number}/{n}".encode() for n in range(5)] for _ in range(4))

    with listening(echo) as peer, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))
    assert transport._sessions._entries == {}


def test_session_of_a_loop_closed_by_hand_is_dropped_in_silence() -> None:
    transport = AsyncHttpTransport()

    async def ask(answer: str) -> bytes:
        return (await transport.send(Request("GET", peer.url + answer), **OPTIONS)).body

    def script(line: Line) -> None:
        target = line.read().split(b" ")[1]
        line.send(reply(target, headers="connection: close\r\n"))

    with listening(script) as peer, warnings.catch_warnings():
        warnings.simplefilter("error")
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(ask("/1")) == b"/1"
        loop.close()
        assert asyncio.run(ask("/2")) == b"/2"
        gc.collect()


def test_cancellation_leaks_no_connection() -> None:
    answered = threading.Event()

    def script(line: Line) -> None:
        while True:
            target = line.read().split(b" ")[1]
            if target == b"/slow" and not answered.wait(10):
                return
            line.send(reply(target))

    async def churn() -> None:
        transport = AsyncHttpTransport()
        with mock.patch("paylera.transport.sessions.MAX_CONNECTIONS", 4):
            await transport.send(Request("GET", f"{peer.url}/first"), **OPTIONS)
        for _ in range(10):
            tasks = [
                asyncio.create_task(transport.send(Request("GET", f"{peer.url}/slow"), **OPTIONS)) for _ in range(8)
            ]
            await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
        answer = await transport.send(Request("GET", f"{peer.url}/last"), **OPTIONS)
        assert answer.body == b"/last"
        session = await transport._sessions.current()
        connector = session.connector
        assert connector is not None
        assert not connector._acquired
        await transport.aclose()

    with listening(script) as peer:
        asyncio.run(churn())
        answered.set()


def test_child_abandons_what_it_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    blocking, awaiting = HttpTransport(), AsyncHttpTransport()
    with listening(echo) as peer, asyncio.Runner() as runner:

        def ask() -> None:
            blocking.send(Request("GET", peer.url), **OPTIONS)
            runner.run(awaiting.send(Request("GET", peer.url), **OPTIONS))

        ask()
        parent = os.getpid()
        inherited = blocking._pools[parent]
        inherited._lock.acquire()  # as if another thread had held it at the moment of the fork
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: parent + 1)
            ask()
            assert list(blocking._pools) == [parent + 1]
            assert inherited._idle == {}
            assert len(awaiting._sessions._entries) == 2, "the parent's session is left alone"
            runner.run(awaiting.aclose())
        runner.run(awaiting.aclose())
        assert len(peer.lines) == 4


def test_interrupted_connect_closes_its_socket() -> None:
    with (
        listening(echo) as peer,
        mock.patch("paylera.transport.connection.Connection", side_effect=KeyboardInterrupt),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt):
            HttpTransport().send(Request("GET", peer.url), **OPTIONS)
        gc.collect()


def test_dead_first_address_does_not_use_up_the_time() -> None:
    def address(port: int) -> tuple[Any, ...]:
        return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))

    with listening(echo) as peer, socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        for _ in range(4):  # a queue that is full answers nobody
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        found = [address(full.getsockname()[1]), address(peer.port)]
        with mock.patch("socket.getaddrinfo", return_value=found):
            answer = HttpTransport().send(Request("GET", f"{peer.url}/x"), timeout=0.6, max_bytes=100)
    assert answer.body == b"/x"


def test_name_without_addresses_is_a_connection_fault() -> None:
    with mock.patch("socket.getaddrinfo", return_value=[]), pytest.raises(TransportError) as caught:
        HttpTransport().send(Request("GET", "http://nowhere/"), **OPTIONS)
    assert caught.value.fault == "connection"
