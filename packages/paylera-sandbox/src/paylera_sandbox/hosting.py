"""Hosting: a sandbox's event loop in a thread of this process, with a socket or without."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from socket import socket as Socket  # noqa: N812 the option has the name
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from paylera_sandbox.inprocess import InProcess
from paylera_sandbox.namespaces import Namespaces

if TYPE_CHECKING:
    from paylera_sandbox.server import Server

LOCAL_URL = "http://paylera.sandbox"
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.005


class Host:
    """Runs an application. Without a socket, its URL leads there only through `transport`."""

    def __init__(self, app: Starlette, namespaces: Namespaces, *, socket: bool, listener: Socket | None = None) -> None:
        self._namespaces = namespaces
        self._app = app
        self._socket = socket
        self._listener = listener
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._ended: asyncio.Event | None = None
        self._server: Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.transport = InProcess(app, lambda: self.loop)

    @property
    def url(self) -> str:
        """Return the base URL."""
        return self._namespaces.default.engine.base_url

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop that the application lives on."""
        if self._loop is None:
            raise RuntimeError("the sandbox is not running: use it in a with statement")
        return self._loop

    def start(self) -> None:
        """Start serving."""
        self._namespaces.locate(LOCAL_URL)
        work = self._serve if self._socket else self._host
        self._thread = threading.Thread(target=work(), name="paylera-sandbox", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError(f"the sandbox did not start within {_START_SECONDS:g} s")

    def stop(self) -> None:
        """Stop serving."""
        if self._thread is None or self._loop is None:
            return
        if self._server is not None:
            self._server.end()
        elif self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._thread = self._loop = None

    def request(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Call the application; return the status and the body of its answer."""
        from httpx2 import Request

        answer = self.transport.handle_request(Request(method, LOCAL_URL + path, headers=headers, content=content))
        return answer.status_code, answer.read()

    def wait(self, done: Callable[[], bool], timeout: float) -> None:
        """Wait until something is so; raises TimeoutError."""
        end = time.monotonic() + timeout
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"the sandbox was not done within {timeout:g} s")
            time.sleep(_LOOK_SECONDS)

    def _serve(self) -> Callable[[], None]:
        from paylera_sandbox.server import Server, listen, listen_on, url_of

        listener = listen() if self._listener is None else listen_on(self._listener)
        self._namespaces.locate(url_of(listener))
        server = self._server = Server(self._app, announce=self._announce)
        return lambda: server.run(sockets=[listener])

    def _host(self) -> Callable[[], None]:
        return lambda: asyncio.run(self._live())

    async def _live(self) -> None:
        self._ended = asyncio.Event()
        async with self._app.router.lifespan_context(self._app):
            self._announce()
            await self._ended.wait()

    def _announce(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
