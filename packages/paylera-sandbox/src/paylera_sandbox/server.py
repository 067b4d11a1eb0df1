"""A running server: a socket on loopback and what serves on it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from paylera_sandbox.faults import wire

_GRACE_SECONDS = 2


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Bind a listening socket; port 0 picks a free one. Raises OSError if the port is taken.

    The protocol is named, because asyncio sends small answers at once (TCP_NODELAY) only on sockets that say TCP: each
    answer would wait 40 ms for the acknowledgement of its head otherwise."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        return listen_on(listener)
    except OSError:
        listener.close()
        raise


def listen_on(bound: socket.socket) -> socket.socket:
    """Make a bound socket one that the server can take."""
    bound.listen(512)
    bound.setblocking(False)
    return bound


def url_of(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn, telling when it is ready."""

    def __init__(self, app: Starlette, *, announce: Callable[[], None] = lambda: None) -> None:
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._announce = announce
        self.loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM as a success; uvicorn itself would raise the signal again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def end(self) -> None:
        """Stop serving. Any thread may call it."""
        self.should_exit = True
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._ended.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal, the second time without waiting for answers that are under way."""
        super().handle_exit(sig, frame)
        self.end()

    async def main_loop(self) -> None:
        """Serve until told to end, and then end at once: uvicorn itself looks ten times a second. Its ticks are tenths
        of seconds; each tenth renews the `Date` of the answers."""
        tick = 0
        while not await self.on_tick(tick):
            tick += 10
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        self.loop = asyncio.get_running_loop()
        self.config.http_protocol_class = wire.reachable(self.config.http_protocol_class)
        await super().startup(sockets)
        self.ready.set()
        self._announce()
