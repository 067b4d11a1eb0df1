"""The sandbox of a test: started by a `with` statement, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from socket import socket as Socket  # noqa: N812 the option has the name
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from starlette.applications import Starlette

from paylera_sandbox.app import create_app
from paylera_sandbox.catalogue import load
from paylera_sandbox.clock import Clock, SystemClock
from paylera_sandbox.engine import DEFAULT_TOKEN, Engine
from paylera_sandbox.hosting import Host
from paylera_sandbox.inprocess import transport_to
from paylera_sandbox.limits import Setting
from paylera_sandbox.namespaces import Namespaces
from paylera_sandbox.recorder import Recorder
from paylera_sandbox.store import Store
from paylera_sandbox.webhooks.endpoints import ensure
from paylera_sandbox.workbench import Workbench

if TYPE_CHECKING:
    from paylera_sandbox.inprocess import InProcess

_KEPT_REQUESTS = 10_000  # a test looks at its requests when it has made them all
_MERCHANT = "http://merchant.test"


class Sandbox(Workbench):
    """A sandbox for tests, on a free loopback port, with a database in memory, as long as the `with` block lasts.

    `url` and `token` are what a client needs, `app` is the ASGI application, `requests` are the API requests so far.
    With `webhook_url`, all events go there, signed with `webhook_secret`. `time_scale` shortens the waits between
    delivery attempts so many times. `db` keeps the data in a file. The same `seed` gives the same ids to the same
    calls. `rate_limits` are refused beyond if they are `"documented"` or numbers by class, see `limits.Limits`.

    `listener` is a bound socket to take in place of a free port. `socket=False` opens no port: calls go through
    `transport`, which `httpx2.Client` and `httpx2.AsyncClient` take.
    `webhook_app` is an ASGI or WSGI application that gets the webhooks without a socket; `webhook_url` may then be the
    path of its receiver only.
    """

    def __init__(
        self,
        *,
        catalogue: str | Path | None = None,
        token: str = DEFAULT_TOKEN,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        webhook_app: Callable[..., Any] | None = None,
        time_scale: float = 1.0,
        db: str | Path = ":memory:",
        clock: Clock | None = None,
        seed: int | str | None = None,
        rate_limits: Setting = "off",
        socket: bool = True,
        listener: Socket | None = None,
    ) -> None:
        receiver = None if webhook_app is None else transport_to(webhook_app)
        engine = Engine(
            store=Store(str(db)),
            clock=clock or SystemClock(),
            catalogue=load(catalogue),
            token=token,
            time_scale=time_scale,
            recorder=Recorder(limit=_KEPT_REQUESTS),
            seed=seed,
            rate_limits=rate_limits,
            receiver=receiver,
        )
        self.namespaces = Namespaces(engine)
        self.app: Starlette = create_app(self.namespaces)
        super().__init__(Host(self.app, self.namespaces, socket=socket, listener=listener), self.namespaces.default)
        self.webhook_secret = self._register(webhook_url, webhook_secret, in_process=receiver is not None)

    @property
    def transport(self) -> InProcess:
        """Return a transport for `httpx2.Client` or `httpx2.AsyncClient` that reaches the sandbox without a socket."""
        return self._host.transport

    def namespace(self, name: str) -> Workbench:
        """Return an isolated sandbox on the same server, made if need be: its `token` opens it."""
        found = self.namespaces.by_name(name)
        if found is None:
            self.control("POST", "/sandbox/namespaces", {"name": name})
            found = self.namespaces.need(name)
        return Workbench(self._host, found)

    def delete_namespace(self, name: str) -> None:
        """Remove a namespace with its data."""
        self.call("DELETE", f"/sandbox/namespaces/{name}")

    def start(self) -> Self:
        """Start serving; the `with` statement does this."""
        self._host.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the database; the end of the `with` block does this."""
        self._host.stop()
        self.namespaces.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _register(self, url: str | None, secret: str | None, *, in_process: bool) -> str | None:
        if url is None:
            return None
        if in_process and url.startswith("/"):
            url = _MERCHANT + url
        with self.engine.unit() as unit:
            found: str = ensure(unit, url=url, secret=secret)["_secrets"][0]["secret"]
        return found
