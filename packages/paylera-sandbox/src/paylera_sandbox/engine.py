"""The engine: the long-lived parts of one sandbox. It holds no request; each unit of work is begun here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, TypeVar

from paylera_sandbox.billing import agenda, jobs
from paylera_sandbox.billing.shelf import install
from paylera_sandbox.catalogue import Catalogue, load
from paylera_sandbox.clock import Clock, SystemClock, moment, stamp
from paylera_sandbox.faults.registry import Faults
from paylera_sandbox.ids import Ids
from paylera_sandbox.limits import Limits, Setting
from paylera_sandbox.problems import Problem
from paylera_sandbox.recorder import Recorder
from paylera_sandbox.store import Store
from paylera_sandbox.timeline import Timeline
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import outbox

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport

T = TypeVar("T")
DEFAULT_TOKEN = "pl_test_sandbox"  # noqa: S105 the documented token of every sandbox
DEFAULT_URL = "http://127.0.0.1:8787"
STEP_SECONDS = 0.04  # how long one step of the jobs may take: requests wait as long


def _asleep() -> None:
    """Stand in for the delivery, until a server runs it."""


@dataclass(slots=True)
class Engine:
    """What all requests share. `clock` is the time that `time` goes by; after the start, both tell the sandbox's.

    The same `seed` gives the same ids to the same calls; without one, they are random."""

    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=SystemClock)
    catalogue: Catalogue = field(default_factory=load)
    token: str = DEFAULT_TOKEN
    base_url: str = DEFAULT_URL
    time_scale: float = 1.0
    recorder: Recorder = field(default_factory=Recorder)
    wake: Callable[[], None] = _asleep
    retired: bool = False  # its namespace was deleted
    seed: int | str | None = None
    rate_limits: Setting = "off"  # see `limits.Limits`
    ticking: bool = False
    receiver: AsyncBaseTransport | None = None  # gets the webhooks in place of the network
    generation: int = 0  # counts how often the data as a whole was put in place
    limits: Limits = field(init=False)
    time: Timeline = field(init=False)
    ids: Ids = field(init=False)
    memo: dict[str, Any] = field(default_factory=dict)  # figures that pages have counted
    faults: Faults = field(init=False)
    _abandoned: bool = field(init=False, default=True)  # see `sweep`; after a start nobody knows

    def __post_init__(self) -> None:
        """Take the time from the database."""
        self.limits = Limits(self.rate_limits, live="_live_" in self.token)
        self.time = self.clock = Timeline(self.store, self.clock)
        self.faults = Faults(self)
        self.begin()

    def begin(self, *, listing: bool = True) -> None:
        """Go on where the database stands: its time, and what became due since. Deliveries that are under way belong to
        what was there before, and their outcomes are forgotten. `listing` brings the catalogue in first."""
        self.generation += 1
        self._abandoned = True
        self.memo.clear()
        with self.store.transaction():
            start = self.store.next_number("starts")
            noise = SystemRandom() if self.seed is None else Random(f"{self.seed}:{start}")  # noqa: S311 wanted to be predictable
            self.ids = Ids(noise, start=start)
            if listing:
                install(self.store, self.catalogue, stamp(self.time.now()))
            due = agenda.first(self.store)
            if due is not None and due.due_at < stamp(self.time.now()):
                self.time.catch_up(moment(due.due_at))

    def expect_there(self) -> None:
        """Refuse if the namespace was deleted, while the body of a request came in for example."""
        if self.retired:
            raise Problem("auth.invalid_token", "The namespace of this token was deleted.")

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Begin a unit of work: one transaction, at one moment, after everything that was due by then. Deliveries that
        it caused start after the commit."""
        self.expect_there()
        self._settle()
        with self._transaction() as unit:
            yield unit

    def step(self) -> bool:
        """Do what is due for a short while, as one transaction together with how far time has come; tell whether there
        is more."""
        begin = self._due()
        if begin is None:
            return False
        with self._transaction() as unit:
            horizon, unit.now = self.time.horizon(), begin
            done, finished = jobs.run(unit, horizon, seconds=STEP_SECONDS)
            self.time.progress(horizon if finished else unit.now, jobs=done, finished=finished)
        return not finished

    def sweep(self) -> bool:
        """Give up some deliveries that wait for an endpoint which takes none; tell whether there may be more."""
        endpoint = outbox.abandoned(self.store) if self._abandoned else None
        if endpoint is None:
            self._abandoned = False
            return False
        with self._transaction() as unit:
            outbox.drop(unit, endpoint, most=outbox.BATCH)
        return True

    def seconds_to_next(self) -> float | None:
        """Return how long it is until the next job; None if there is none or time stands still."""
        job, state = agenda.first(self.store), self.time.state()
        if job is None or state.pinned:
            return None
        return (moment(job.due_at) - self.time.now()).total_seconds()

    def _settle(self) -> None:
        """Do what is due. An advance that the ticker drives is not waited for: it is not later than it has come."""
        while not (self.ticking and self.time.state().running) and self.step():
            pass

    def _due(self) -> datetime | None:
        """Return the moment at which there is something to do, None if that is yet to come."""
        job, now = agenda.first(self.store), self.time.now()
        if self.time.state().running:
            return now
        return moment(job.due_at) if job is not None and job.due_at <= stamp(now) else None

    @contextmanager
    def _transaction(self) -> Iterator[Unit]:
        unit = Unit(
            store=self.store,
            catalogue=self.catalogue,
            time=self.time,
            ids=self.ids,
            now=self.time.now(),
            base_url=self.base_url,
        )
        with self.store.transaction():
            yield unit
        self._abandoned |= unit.abandoned
        if unit.emitted or unit.scheduled or unit.abandoned:
            self.wake()
