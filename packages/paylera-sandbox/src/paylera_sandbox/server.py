"""A running sandbox: a socket on loopback, a server, and for tests a thread around it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette

from paylera_sandbox.app import create_app
from paylera_sandbox.catalogue import load
from paylera_sandbox.clock import Clock, SystemClock
from paylera_sandbox.engine import DEFAULT_TOKEN, Engine
from paylera_sandbox.namespaces import Namespaces
from paylera_sandbox.recorder import RecordedRequest, Recorder
from paylera_sandbox.store import Store
from paylera_sandbox.webhooks.endpoints import ensure

_GRACE_SECONDS = 2
_KEPT_REQUESTS = 10_000  # a test looks at its requests when it has made them all


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Bind a listening socket; port 0 picks a free one. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()
        self._announce()


class Sandbox:
    """A sandbox for tests, on a free loopback port, with a database in memory, as long as the `with` block lasts.

    `url` and `token` are what a client needs, `app` is the ASGI application, `requests` are the API requests so far.
    With `webhook_url`, all events go there, signed with `webhook_secret`. `time_scale` shortens the waits between
    delivery attempts so many times. `db` keeps the data in a file.
    """

    def __init__(
        self,
        *,
        catalogue: str | Path | None = None,
        token: str = DEFAULT_TOKEN,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        time_scale: float = 1.0,
        db: str | Path = ":memory:",
        clock: Clock | None = None,
    ) -> None:
        self.engine = Engine(
            store=Store(str(db)),
            clock=clock or SystemClock(),
            catalogue=load(catalogue),
            token=token,
            time_scale=time_scale,
            recorder=Recorder(limit=_KEPT_REQUESTS),
        )
        self.token = token
        self.namespaces = Namespaces(self.engine)
        self.app = create_app(self.namespaces)
        self.webhook_secret = self._register(webhook_url, webhook_secret)
        self._server = Server(self.app)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the base URL."""
        return self.engine.base_url

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return the API requests, oldest first."""
        return self.engine.recorder.requests()

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self.engine.recorder.clear()

    def wait_idle(self, timeout: float = 10.0) -> None:
        """Wait until every webhook delivery that is due has been tried; raises TimeoutError."""
        if self._server.loop is None:
            raise RuntimeError("the sandbox is not running: use it in a with statement")
        future = asyncio.run_coroutine_threadsafe(self.namespaces.default.courier.idle(), self._server.loop)
        try:
            future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise TimeoutError(f"webhook deliveries are still under way after {timeout:g} s") from None

    def start(self) -> Self:
        """Start serving; the `with` statement does this."""
        listener = listen()
        self.namespaces.locate(url_of(listener))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="paylera-sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(timeout=10):
            raise RuntimeError("the sandbox did not start within 10 s")
        return self

    def stop(self) -> None:
        """Stop serving and close the database; the end of the `with` block does this."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None
        self.namespaces.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _register(self, url: str | None, secret: str | None) -> str | None:
        if url is None:
            return None
        with self.engine.unit() as unit:
            found: str = ensure(unit, url=url, secret=secret)["_secrets"][0]["secret"]
        return found
