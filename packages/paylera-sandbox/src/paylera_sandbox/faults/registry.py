"""The faults of one sandbox. They are in its database, so that a restart goes on with the same script."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from paylera_sandbox.faults import specs
from paylera_sandbox.faults.actions import ACTIONS, Place
from paylera_sandbox.faults.schedule import Subject, happens, matches
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc, Store
from paylera_sandbox.unit import Unit, public

MOST = 100
ATTEMPTS = 1000  # of one delivery: room between the ordinals of two
_RECENT = 20


class Works(Protocol):
    """What begins units of work: an engine."""

    store: Store

    def unit(self) -> AbstractContextManager[Unit]:
        """Begin one."""
        ...


class Faults:
    """Add, list and remove faults, each in a transaction of its own."""

    def __init__(self, engine: Works) -> None:
        self._engine = engine

    def add(self, action: str, **spec: Any) -> Doc:
        """Add a fault. Raises `Problem` that names a field which is wrong; `faults.actions` lists the actions."""
        with self._engine.unit() as unit:
            return public(add(unit, {"action": action, **spec}))

    def list(self) -> list[Doc]:
        """Return the faults in the order in which they were added, with what they did."""
        with self._engine.unit() as unit:
            return [public(fault) for fault in _all(unit)]

    def get(self, identifier: str) -> Doc:
        """Return a fault."""
        with self._engine.unit() as unit:
            return public(unit.need("faults", identifier, "fault.not_found"))

    def remove(self, identifier: str) -> None:
        """Remove a fault."""
        with self._engine.unit() as unit:
            unit.need("faults", identifier, "fault.not_found")
            unit.store.delete("faults", identifier)

    def clear(self) -> None:
        """Remove all faults."""
        with self._engine.unit() as unit:
            unit.store.execute("DELETE FROM faults")


def add(unit: Unit, given: Doc) -> Doc:
    """Add a fault."""
    spec, known = specs.read(given), _all(unit)
    if len(known) >= MOST:
        raise Problem("fault.too_many", f"There are {MOST} faults already. Remove some.")
    fault = {
        "id": unit.new_id("flt"),
        "object": "fault",
        "number": max((other["number"] for other in known), default=0) + 1,
        **spec,
        "skip": spec.get("skip", 0),
        "times": spec.get("times"),
        "probability": spec.get("probability"),
        "seed": spec.get("seed", 0),
        "matched": 0,
        "fired": 0,
        "recent": [],
        "created_at": unit.stamp,
        "_begin": _last_delivery(unit.store) * ATTEMPTS,
    }
    unit.store.insert("faults", fault)
    return fault


def any_for(store: Store) -> bool:
    """Tell whether there are faults at all: most sandboxes have none, and should not pay for them."""
    return bool(store.execute("SELECT 1 FROM faults LIMIT 1"))


def fire(
    unit: Unit,
    place: Place,
    subject: Subject,
    *,
    name: str,
    ordinal: int | None = None,
    spared: Sequence[str] = (),
) -> list[Doc]:
    """Return the faults that happen to a subject now, and write down that they did. They are asked in the order in
    which they were added; only after a mild one the next is asked. `name` tells the subject to people; `spared` are
    faults that leave it alone.

    Chance hangs on the subject's ordinal: how many came before it, or for an attempt to deliver, which attempt of which
    delivery it is, and not which receiver was faster.
    """
    fired: list[Doc] = []
    for fault in _all(unit):
        action = ACTIONS[fault["action"]]
        if action.place != place or fault["id"] in spared or not matches(fault, subject):
            continue
        fault["matched"] += 1
        if happens(fault, fault["matched"] if ordinal is None else ordinal - fault["_begin"]):
            fault["fired"] += 1
            fault["recent"] = [{"at": unit.stamp, "subject": name}, *fault["recent"]][:_RECENT]
            fired.append(fault)
        unit.store.save("faults", fault)
        if fired and not action.mild:
            break
    return fired


def _last_delivery(store: Store) -> int:
    return int(store.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'deliveries'")[0][0])


def _all(unit: Unit) -> list[Doc]:
    return [fault for _, fault in unit.store.page("faults", {}, limit=-1, oldest_first=True)]
