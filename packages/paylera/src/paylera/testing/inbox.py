"""An inbox without a database, for tests of handlers: nothing survives the process, and nothing is rolled back."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from paylera.flow import Blocking, Flow, SyncTransport, run
from paylera.webhooks.lanes import HELD, WAITING, Decide, InboxRecord, Lane, Mark, State
from paylera.webhooks.stores import InboxQuery


@dataclass
class MemoryInboxStore:
    """Keeps records in a dict: `Inbox(MemoryInboxStore(), handlers=on)`.

    `records` may be looked at. A handler that fails has its record marked as failed, but what it changed elsewhere
    stays. Safe over threads; an async handler is run to its end in a thread's own event loop.
    """

    records: dict[str, InboxRecord] = field(default_factory=dict)
    watermarks: dict[str, Mark | None] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _lanes: dict[str, threading.Lock] = field(default_factory=dict, repr=False)

    def add(self, record: InboxRecord) -> InboxRecord:
        """Insert a record unless it is there."""
        with self._guard:
            return self.records.setdefault(record.event_id, record)

    def get(self, event_id: str) -> InboxRecord | None:
        """Return a record."""
        return self.records.get(event_id)

    def change(self, lane: str, decide: Decide, *, asked: str | None = None, wait: bool = True) -> InboxRecord | None:
        """Change a lane under its lock."""
        with self._locked(lane, wait=wait) as is_mine:
            return self._save(lane, decide, asked) if is_mine else None

    def settle(self, record: InboxRecord, work: Flow[None], decide: Decide) -> InboxRecord:
        """Run the handler under the lane's lock, then finish its record."""
        with self._locked(record.lane, wait=True):
            run(work, Blocking(_NO_TRANSPORT, wait_for=_in_a_loop))
            return cast("InboxRecord", self._save(record.lane, decide, None))

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes whose next record is due."""
        with self._guard:
            found = [lane.running or lane.head for lane in map(self._lane, {one.lane for one in self._all()})]
        due = sorted((one.due_at, one.lane) for one in found if one is not None and one.due_at and one.due_at <= now)
        return [lane for _, lane in due[:limit]]

    def find(self, query: InboxQuery) -> Sequence[InboxRecord]:
        """Return the records that match."""
        found = sorted(self._all(), key=lambda record: (record.received_at, record.event_id))
        return [record for record in found if _matches(record, query)][: query.limit]

    def prune(self, before: datetime) -> int:
        """Delete old records that are done."""
        with self._guard:
            old = [record for record in self._all() if record.state == "done" and record.received_at < before]
            for record in old:
                del self.records[record.event_id]
            lanes = {record.lane for record in self._all()}
            self.watermarks = {lane: mark for lane, mark in self.watermarks.items() if lane in lanes}
            return len(old)

    def counts(self) -> Mapping[State, int]:
        """Count the records by state."""
        return Counter(record.state for record in self._all())

    def positions(self) -> Mapping[int, datetime]:
        """Return when each secret last signed."""
        found = sorted(self._all(), key=lambda record: record.received_at)
        return {one.secret_position: one.received_at for one in found if one.secret_position is not None}

    @contextmanager
    def _locked(self, lane: str, *, wait: bool) -> Iterator[bool]:
        with self._guard:
            lock = self._lanes.setdefault(lane, threading.Lock())
        is_mine = lock.acquire(blocking=wait)
        try:
            yield is_mine
        finally:
            if is_mine:
                lock.release()

    def _save(self, lane: str, decide: Decide, asked: str | None) -> InboxRecord | None:
        with self._guard:
            before = self._lane(lane, asked)
            record = decide(before)
            if record is not None:
                self.records[record.event_id] = record
                self.watermarks[lane] = before.mark_after(record)
            return record

    def _lane(self, lane: str, asked: str | None = None) -> Lane:
        records = [record for record in self._all() if record.lane == lane]
        waiting = [record for record in records if record.state in WAITING]
        return Lane(
            watermark=self.watermarks.get(lane),
            running=_first(record for record in records if record.state in HELD and record.due_at),
            head=_first(waiting),
            asked=self.records.get(asked) if asked is not None else None,
        )

    def _all(self) -> list[InboxRecord]:
        return list(self.records.values())


_NO_TRANSPORT = cast("SyncTransport", None)  # a handler sends nothing through the flow


def _first(records: Iterable[InboxRecord]) -> InboxRecord | None:
    return min(records, key=lambda record: record.mark, default=None)


def _matches(record: InboxRecord, query: InboxQuery) -> bool:
    pairs = ((record.state, query.states), (record.event_type, query.types), (record.event_id, query.event_ids))
    is_recent = query.since is None or record.received_at >= query.since
    return is_recent and all(not wanted or value in wanted for value, wanted in pairs)


def _in_a_loop(start: Callable[[], Awaitable[Any]]) -> Any:
    async def to_its_end() -> Any:
        return await start()

    return asyncio.run(to_its_end())
