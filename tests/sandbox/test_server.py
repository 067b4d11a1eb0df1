from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.server import listen
from paylera_sandbox.webhooks.endpoints import register


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio's own loop sets TCP_NODELAY only where the listener says that it is TCP."""

    async def accepted() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found = writer.get_extra_info("socket")
            seen.set_result(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen()
        async with await asyncio.start_server(note, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await seen

    assert asyncio.run(accepted()) != 0


@pytest.mark.parametrize("has_socket", [True, False], ids=["served", "in process"])
def test_a_stop_does_not_wait_for_hosts_that_nobody_answers_for(
    monkeypatch: pytest.MonkeyPatch, has_socket: bool
) -> None:
    """Served on uvloop, where that is installed; in this process on asyncio's own loop."""
    resolve, begun, answer = socket.getaddrinfo, threading.Semaphore(0), threading.Event()

    def slow(host: str, *arguments: object, **options: object) -> object:
        if not str(host).endswith(".invalid"):
            return resolve(host, *arguments, **options)
        begun.release()
        answer.wait(100)
        raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        with Sandbox(socket=has_socket) as sandbox:
            with sandbox.engine.unit() as unit:
                for number in range(60):
                    register(unit, url=f"http://host-{number}.invalid/", events=["*"])
            for _ in range(59):
                assert begun.acquire(timeout=60)
        assert not answer.is_set()
    finally:
        answer.set()
