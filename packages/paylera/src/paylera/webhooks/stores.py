"""Stores: an event is handled once, although it is delivered at least once.

With *claims*, a delivery claims its event id before the handler runs. Then the id is *completed*, and further
deliveries are acknowledged without running anything; or it is *released*, and the next delivery runs the handler again.
A failure is never mistaken for a success. An *inbox* stores the event itself; see `inbox`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from paylera.cache import ExpiringCache
from paylera.flow import Callee, Flow, invoke
from paylera.problems import Problem
from paylera.system import REAL, System
from paylera.webhooks.lanes import Decide, InboxRecord, State

log = logging.getLogger("paylera.webhooks")

ClaimState = Literal["claimed", "done", "busy"]
"""`claimed`: it is yours to handle; `done`: it was handled before; `busy`: another delivery is handling it now."""

RETRY = (("retry-after", "15"),)

HOLD_SECONDS = 48 * 3600
"""Longer than the sender goes on trying, which adds up to 45 hours."""

_DONE = ""


class ClaimStore(Protocol):
    """Remembers which events are handled, or being handled.

    The three methods are all `def` or all `async def`, and are performed like a handler, so a store that blocks is kept
    off the loop and one that awaits works without one. `owner` is a fresh token per delivery. A claim is a lease: it
    must run out by itself, because a process may be killed and a call may be torn down. What a method raises is logged;
    `claim` then answers 503, and the sender tries again.

    A store that does no I/O may say so with `is_local = True`: its methods are then called directly, even on an event
    loop and while a cancelled call is torn down.
    """

    def claim(self, event_id: str, owner: str) -> ClaimState | Awaitable[ClaimState]:
        """Claim `event_id` for `owner`, atomically."""
        ...

    def complete(self, event_id: str, owner: str) -> Awaitable[None] | None:
        """Remember for `HOLD_SECONDS` that `event_id` was handled, even if the lease of `owner` ran out meanwhile."""
        ...

    def release(self, event_id: str, owner: str) -> Awaitable[None] | None:
        """Give `event_id` up if it is still `owner`'s, so that the next delivery runs the handler again."""
        ...


class InboxStore(Protocol):
    """Keeps the records of an inbox; see `paylera.webhooks.lanes`. All methods are `def`, or all are `async def`.

    A store locks, loads, calls `decide` and saves; it decides nothing. What it raises is never taken for a success.
    """

    def add(self, record: InboxRecord) -> InboxRecord | Awaitable[InboxRecord]:
        """Insert a record unless its `event_id` is there; return the stored one, when it is committed."""
        ...

    def get(self, event_id: str) -> InboxRecord | Awaitable[InboxRecord | None] | None:
        """Return a record as it is now."""
        ...

    def change(
        self, lane: str, decide: Decide, *, asked: str | None = None, wait: bool = True
    ) -> InboxRecord | Awaitable[InboxRecord | None] | None:
        """In one transaction, lock the lane, load it, and save what `decide` returns, with `Lane.mark_after`.

        With `wait=False`, return None at once if somebody else holds the lock. `asked` is the id of a record that
        `decide` wants to see as `Lane.asked`.
        """
        ...

    def settle(self, record: InboxRecord, work: Flow[None], decide: Decide) -> InboxRecord | Awaitable[InboxRecord]:
        """In one transaction, run `work` to its end, then load the lane and save what `decide` returns.

        Whatever is raised rolls all of it back and is raised on. Where the database locks rows, the lane is locked
        first, so that a handler that outlives its lease is not overtaken; `decide` finds out in any case.
        """
        ...

    def due(self, now: datetime, limit: int) -> Sequence[str] | Awaitable[Sequence[str]]:
        """Return the lanes whose next record (the running one, else the head) is due, the longest due first."""
        ...

    def find(self, query: InboxQuery) -> Sequence[InboxRecord] | Awaitable[Sequence[InboxRecord]]:
        """Return the records that match, in the order in which they were received."""
        ...

    def prune(self, before: datetime) -> int | Awaitable[int]:
        """Delete the `done` records that were received before, and lanes left without records; return how many
        records."""
        ...

    def counts(self) -> Mapping[State, int] | Awaitable[Mapping[State, int]]:
        """Return how many records are in each state."""
        ...

    def positions(self) -> Mapping[int, datetime] | Awaitable[Mapping[int, datetime]]:
        """Return when the newest record was received that each secret signed, by its position; not what none did."""
        ...


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Which records: in any of `states`, of any of `types`, any of `event_ids` (all of them if empty), received at or
    after `since`; at most `limit`."""

    states: tuple[State, ...] = ()
    types: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    since: datetime | None = None
    limit: int = 1000


class InProcessClaims:
    """The default: claims within this process, so duplicates that reach another process run there again.

    Holds the `max_events` newest ids for 48 hours each. Safe over threads, tasks and event loops.
    """

    is_local = True

    def __init__(self, *, max_events: int = 10_000, system: System = REAL) -> None:
        self._owners: ExpiringCache[str] = ExpiringCache(
            max_entries=max_events, ttl_seconds=HOLD_SECONDS, now=system.monotonic
        )

    def claim(self, event_id: str, owner: str) -> ClaimState:
        """Claim `event_id`, unless it is done or another delivery has it."""
        if self._owners.add(event_id, owner):
            return "claimed"
        return "done" if self._owners.get(event_id) == _DONE else "busy"

    def complete(self, event_id: str, owner: str) -> None:
        """Remember `event_id` as handled."""
        self._owners.put(event_id, _DONE)

    def release(self, event_id: str, owner: str) -> None:
        """Forget `event_id`, if it is still this delivery's."""
        if self._owners.get(event_id) == owner:
            self._owners.forget(event_id)


class Claims:
    """A store as the receiver uses it: its colour is decided once, and its failures end here."""

    def __init__(self, store: ClaimStore) -> None:
        self._is_local = getattr(store, "is_local", False)
        self._claim, self._complete, self._release = map(Callee.of, (store.claim, store.complete, store.release))

    def claim(self, event_id: str, owner: str) -> Flow[bool]:
        """Claim an event; False if it was handled before, a `Problem` if that cannot be known now."""
        try:
            state = yield from self._ask(self._claim, event_id, owner)
        except Exception:
            log.exception("the claim store failed to claim event %s", event_id)
            raise Problem("paylera.webhook_store_unavailable", "send it again later", headers=RETRY) from None
        if state == "busy":
            # Not a 4xx: the sender would take it for final, and disables an endpoint after a hundred of them.
            detail = "another delivery of this event is being handled; send it again"
            raise Problem("paylera.webhook_busy", detail, headers=RETRY)
        return bool(state == "claimed")

    def complete(self, event_id: str, owner: str) -> Flow[None]:
        """Complete a claim. If the store fails, the event was handled all the same: asking for it again is worse."""
        try:
            yield from self._ask(self._complete, event_id, owner)
        except Exception:
            log.exception("the claim store failed to complete event %s", event_id)

    def release(self, event_id: str, owner: str) -> Flow[None]:
        """Give a claim up; if the store fails, the claim runs out by itself."""
        try:
            yield from self._ask(self._release, event_id, owner)
        except Exception:
            log.exception("the claim store failed to release event %s", event_id)

    def abandon(self, event_id: str, owner: str) -> None:
        """Give a claim up while the flow is torn down, where nothing can be awaited."""
        if self._is_local:
            self._release.function(event_id, owner)

    def _ask(self, method: Callee, event_id: str, owner: str) -> Flow[Any]:
        if self._is_local:
            return method.function(event_id, owner)
        return (yield from invoke(method, event_id, owner))
