"""A unit of work: what one request (or one page, or one delivery) may touch, with its own idea of "now"."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from paylera_sandbox.billing.cards import Decline
from paylera_sandbox.catalogue import Catalogue
from paylera_sandbox.clock import stamp
from paylera_sandbox.ids import Ids
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc, Store
from paylera_sandbox.timeline import Timeline


@dataclass(slots=True)
class Unit:
    """One transaction's view of the sandbox. Lives as long as the transaction and is never shared."""

    store: Store
    catalogue: Catalogue
    time: Timeline
    ids: Ids
    now: datetime
    base_url: str
    emitted: int = 0
    scheduled: int = 0
    abandoned: bool = False  # deliveries may wait for an endpoint that takes none
    foreseen: dict[tuple[str, str | None], Decline | None] = field(
        default_factory=dict
    )  # what will come of charges that were asked about ahead
    _stamped: tuple[datetime | None, str] = (None, "")

    @property
    def stamp(self) -> str:
        """Return "now" as the API writes it."""
        if self._stamped[0] is not self.now:
            self._stamped = (self.now, stamp(self.now))
        return self._stamped[1]

    def over(self, store: Store) -> Unit:
        """Return a unit at the same moment over another database, which has caused nothing yet."""
        return replace(self, store=store, emitted=0, scheduled=0, foreseen={})

    def new_id(self, prefix: str) -> str:
        """Make an id."""
        return self.ids.new(prefix, self.now)

    def need(self, table: str, identifier: str, code: str) -> Doc:
        """Return an object, or refuse with `code`."""
        doc = self.store.find(table, identifier)
        if doc is None:
            raise Problem(code, f"There is no object with the id '{identifier[:128]}'.")
        return doc

    def customer(self, identifier: str) -> Doc:
        """Return a customer or refuse."""
        return self.need("customers", identifier, "customer.not_found")

    def plan(self, name: str) -> Doc:
        """Return a plan by its id or its code, or refuse. Plans that left the catalogue are found by id only."""
        plan = self.store.first("plans", code=name, status="active") or self.store.find("plans", name)
        if plan is None:
            raise Problem("plan.not_found", f"There is no plan '{name}'. GET /v1/plans lists them.")
        return plan


def public(doc: Doc) -> Doc:
    """Return an object as the API shows it: members that begin with an underscore are the sandbox's own."""
    return {name: value for name, value in doc.items() if name[0] != "_"}


def changes(before: Doc, after: Doc) -> dict[str, Any]:
    """Return the previous values of the public members that differ, without `updated_at` and `version`."""
    told = (name for name in after if name[0] != "_" and name not in {"updated_at", "version"})
    return {name: before.get(name) for name in told if before.get(name) != after[name]}
