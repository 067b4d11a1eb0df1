"""The engine: the long-lived parts of one sandbox. It holds no request; each unit of work is begun here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from paylera_sandbox.billing.subscriptions import settle
from paylera_sandbox.catalogue import Catalogue, load
from paylera_sandbox.clock import Clock, SystemClock, stamp
from paylera_sandbox.problems import Problem
from paylera_sandbox.recorder import Recorder
from paylera_sandbox.store import Store
from paylera_sandbox.unit import Unit

T = TypeVar("T")
DEFAULT_TOKEN = "pl_test_sandbox"  # noqa: S105 the documented token of every sandbox
DEFAULT_URL = "http://127.0.0.1:8787"


def _asleep() -> None:
    """Stand in for the delivery, until a server runs it."""


@dataclass(slots=True)
class Engine:
    """What all requests share."""

    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=SystemClock)
    catalogue: Catalogue = field(default_factory=load)
    token: str = DEFAULT_TOKEN
    base_url: str = DEFAULT_URL
    time_scale: float = 1.0
    recorder: Recorder = field(default_factory=Recorder)
    wake: Callable[[], None] = _asleep
    retired: bool = False  # its namespace was deleted

    def __post_init__(self) -> None:
        """Bring the plans of the catalogue into the database, the first last, because lists begin with the newest.
        Plans that left the catalogue stay for their subscribers."""
        with self.store.transaction():
            now = stamp(self.clock.now())
            for plan in self.store.newest("plans"):
                self.store.save("plans", {**plan, "_listed": 0})
            for plan in reversed(self.catalogue.plans):
                known = self.store.find("plans", plan["id"]) or {"created_at": now}
                self.store.delete("plans", plan["id"])
                self.store.insert("plans", {**plan, "created_at": known["created_at"], "_listed": 1})

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Begin a unit of work: one transaction, at one moment. Deliveries that it caused start after the commit."""
        if self.retired:
            raise Problem("auth.invalid_token", "The namespace of this token was deleted.")
        unit = Unit(store=self.store, catalogue=self.catalogue, now=self.clock.now(), base_url=self.base_url)
        with self.store.transaction():
            settle(unit)
            yield unit
        if unit.emitted:
            self.wake()
