from __future__ import annotations

import asyncio
import socket

from paylera_sandbox.server import listen


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
