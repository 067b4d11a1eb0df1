"""Namespaces: the isolated Payleras of one server. The token of a request chooses one; each has a store, a clock, a
recorder and deliveries of its own, and its pages stand under `/n/<name>`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paylera_sandbox.engine import Engine
from paylera_sandbox.problems import Problem
from paylera_sandbox.recorder import Recorder
from paylera_sandbox.seeding.progress import Seeding
from paylera_sandbox.store import Store, StoreError
from paylera_sandbox.ticker import Ticker
from paylera_sandbox.webhooks.delivery import Courier
from paylera_sandbox.webhooks.listeners import Listeners

DEFAULT, LIVE = "default", "live"
MOST = 100
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_IN_MEMORY = ":memory:"


@dataclass(slots=True, eq=False, weakref_slot=True)
class Namespace:
    """One isolated Paylera and what runs for it in the background."""

    name: str
    engine: Engine
    courier: Courier
    ticker: Ticker
    listeners: Listeners
    task: asyncio.Task[None] | None = None
    seeding: Seeding | None = None
    held: set[asyncio.Task[None]] = field(default_factory=set)

    def hold(self, task: asyncio.Task[None]) -> None:
        """Keep a task until it ends, or the namespace does."""
        self.held.add(task)
        task.add_done_callback(self.held.discard)

    @property
    def mode(self) -> str:
        """Return `live` for the live-mode twin of the default namespace, else `test`."""
        return LIVE if self.name == LIVE else "test"

    async def run(self) -> None:
        """Do what happens without a request, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.courier.run())
            group.create_task(self.ticker.run())

    def wake(self) -> None:
        """Look at what there is to do. Any thread may call it."""
        self.courier.wake()
        self.ticker.wake()


class Namespaces:
    """The namespaces of one server, by token and by name. The default one is always there; its live-mode twin begins
    with the first request that carries the live token; all others are made and deleted by name."""

    def __init__(self, default: Engine) -> None:
        self._by_name: dict[str, Namespace] = {}
        self._by_token: dict[bytes, Namespace] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._live_token = _live(default.token)
        self.default = self._add(DEFAULT, default)
        for file in sorted(self._folder().glob("*.db")) if self._folder().is_dir() else ():
            if NAME.fullmatch(file.stem) and len(self._by_name) < MOST:
                self._open(file.stem)

    def __iter__(self) -> Iterator[Namespace]:
        """Go through all namespaces, the default one first."""
        return iter(list(self._by_name.values()))

    def by_token(self, token: str) -> Namespace | None:
        """Return whose token this is."""
        found = self._by_token.get(_digest(token))
        if found is None and self._live_token is not None and _digest(token) == _digest(self._live_token):
            return self._opened(LIVE, code="auth.invalid_token")
        return found

    def by_name(self, name: str) -> Namespace | None:
        """Return the namespace with this name."""
        return self._by_name.get(name)

    def twin(self, namespace: Namespace) -> Namespace | None:
        """Return the same Paylera in the other mode, if it has been used."""
        other = {DEFAULT: LIVE, LIVE: DEFAULT}.get(namespace.name)
        return self._by_name.get(other) if other else None

    def create(self, name: str) -> Namespace:
        """Make a namespace, with the catalogue of the default one and nothing else in it."""
        if name in {DEFAULT, LIVE} or name in self._by_name or _digest(_token(name)) in self._by_token:
            raise Problem("namespace.exists", f"There is a namespace '{name}' or its token already.")
        if len(self._by_name) >= MOST:
            raise Problem("namespace.too_many", f"A sandbox holds {MOST} namespaces. Delete one first.")
        return self._opened(name)

    @contextlib.contextmanager
    def answering(self, token: str, name: str) -> Iterator[None]:
        """Let a token open another namespace for a while: an application that knows one token gets a fresh one."""
        before, self._by_token[_digest(token)] = self._by_token.get(_digest(token)), self.need(name)
        try:
            yield
        finally:
            del self._by_token[_digest(token)]
            if before is not None:
                self._by_token[_digest(token)] = before

    async def delete(self, name: str) -> None:
        """End a namespace and remove its data; a request that is under way finds its token wrong."""
        namespace = self.need(name)
        if name in {DEFAULT, LIVE}:
            raise Problem("namespace.protected", f"The namespace '{name}' stays. Reset it to empty it.")
        del self._by_name[name]
        del self._by_token[_digest(namespace.engine.token)]
        namespace.engine.retired = True
        await _stop(namespace)
        namespace.engine.store.remove()

    def need(self, name: str) -> Namespace:
        """Return a namespace by its name or refuse."""
        found = self._by_name.get(name)
        if found is None:
            raise Problem("namespace.not_found", f"There is no namespace '{name}'.")
        return found

    def locate(self, base_url: str) -> None:
        """Say where the server is reached, so that every namespace makes links that lead to it."""
        for namespace in self:
            namespace.engine.base_url = base_url + prefix(namespace.name)

    def start(self) -> None:
        """Begin the work in the background, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        for namespace in self:
            self._begin(namespace)

    async def stop(self) -> None:
        """End the work in the background; the data stays."""
        self._loop = None
        for namespace in self:
            await _stop(namespace)

    def close(self) -> None:
        """Close all databases."""
        for namespace in self:
            namespace.engine.store.close()

    def _opened(self, name: str, *, code: str = "namespace.unusable") -> Namespace:
        """Open a namespace on request: what stands in the way on the disk is a refusal, and no fault of the sandbox."""
        try:
            return self._open(name)
        except (StoreError, OSError) as error:
            raise Problem(code, f"The namespace '{name}' cannot be opened: {error}.") from None

    def _open(self, name: str) -> Namespace:
        """Open a namespace in memory or in its file, whichever the default one has."""
        default = self.default.engine
        path = default.store.path
        if path != _IN_MEMORY:
            self._folder().mkdir(exist_ok=True)
            path = str(self._folder() / f"{name}.db")
        token = self._live_token if name == LIVE and self._live_token else _token(name)
        return self._add(
            name,
            Engine(
                store=Store(path),
                clock=default.time.base,
                catalogue=default.catalogue,
                token=token,
                base_url=default.base_url + prefix(name),
                time_scale=default.time_scale,
                receiver=default.receiver,
                rate_limits=default.limits.setting,
                recorder=Recorder(limit=default.recorder.limit),
                seed=None if default.seed is None else f"{default.seed}:{name}",
            ),
        )

    def _add(self, name: str, engine: Engine) -> Namespace:
        namespace = Namespace(name, engine, Courier(engine), Ticker(engine), Listeners(engine))
        engine.wake = namespace.wake
        namespace.listeners.sweep()
        self._by_name[name] = self._by_token[_digest(engine.token)] = namespace
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, namespace)
        return namespace

    def _begin(self, namespace: Namespace) -> None:
        if namespace.task is None and not namespace.engine.retired:
            namespace.task = asyncio.create_task(namespace.run())

    def _folder(self) -> Path:
        """Return where the other namespaces' files are: a folder beside the default one's."""
        return Path(f"{self.default.engine.store.path}.namespaces")


def prefix(name: str) -> str:
    """Return what stands before the paths of a namespace's pages."""
    return "" if name == DEFAULT else f"/n/{name}"


async def _stop(namespace: Namespace) -> None:
    task, namespace.task = namespace.task, None
    ending = [*namespace.held, *([task] if task is not None else ())]
    for each in ending:
        each.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


def _token(name: str) -> str:
    return f"pl_test_{name}"


def _live(token: str) -> str | None:
    """Return the live-mode form of a test-mode token."""
    return token.replace("_test_", "_live_", 1) if "_test_" in token else None


def _digest(token: str) -> bytes:
    """Return what tokens are looked up by: the time that takes says nothing about them."""
    return hashlib.sha256(token.encode()).digest()
