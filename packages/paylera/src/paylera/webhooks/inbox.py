"""The inbox: every verified event is stored first, then handled once, in the order of its aggregate.

Nothing here performs I/O: the flows ask a store (`InboxStore`), and what is decided is in `lanes`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from paylera.errors import SignatureVerificationError
from paylera.flow import Callee, Flow, invoke, pause, rest
from paylera.system import REAL, System
from paylera.webhooks import attempts, lanes, tracing
from paylera.webhooks.handlers import Around, Handlers, Route, Stale
from paylera.webhooks.lanes import InboxRecord, LeaseLost
from paylera.webhooks.options import Enqueue, check
from paylera.webhooks.refetch import Api, Refetch
from paylera.webhooks.stores import InboxQuery, InboxStore

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

T = TypeVar("T")
Stopping = Callable[[], bool]

# A store that is away for a moment (a restart, a full pool) costs a lane these seconds, and not a lease.
_PATIENCE = (0.2, 1, 3)
_FAIR = 10  # of one lane, before a worker looks at the next

log = logging.getLogger("paylera.webhooks")


def never() -> bool:
    """Go on for ever."""
    return False


class Inbox:
    """Stores events and handles them. One object for each project: its handlers, its store, its options.

    `handlers` as for a receiver. `enqueue`: see `Enqueue`; a queue's task calls `process(lane)`, so a message that is
    lost, late or doubled does no harm. `stale`: see `Stale`. `refetch` hands every handler the live object, read with
    `api`, a client of ours. After `max_attempts` a record is dead; `on_dead(record)` tells, for quarantined ones too,
    and its lane goes on. If the process is killed before that, a sweep tells; so it may be told twice, and never not.
    `lease_seconds` is how long a handler may take before others take it for killed. `around` is what a host puts around
    every handler. A bad setting is a `ValueError` that names it.
    """

    def __init__(
        self,
        store: InboxStore,
        *,
        handlers: Mapping[str, Callable[..., Any]],
        enqueue: Enqueue = None,
        stale: Stale = "skip",
        refetch: bool = False,
        api: Api | None = None,
        max_attempts: int = 8,
        lease_seconds: float = 300,
        on_dead: Callable[[InboxRecord], Any] | None = None,
        tracer: Any = None,
        around: Around | None = None,
        system: System = REAL,
    ) -> None:
        from paylera.webhooks.parsing import read_event

        self._handlers = Handlers(handlers, around=around)
        check(enqueue, stale, max_attempts, lease_seconds)
        self._read = read_event
        self._store = store
        self._is_store_async = Callee.of(store.add).is_async
        self.api = api
        self.is_inline = enqueue is None
        self._enqueue = Callee.of(enqueue) if callable(enqueue) else None
        self._stale = stale
        self._refetch = Refetch(api, is_default=refetch, handlers=self._handlers)
        self._max_attempts = max_attempts
        self._lease_seconds = lease_seconds
        self._on_dead = Callee.of(on_dead) if on_dead is not None else None
        self._tracer = tracer
        self._system = system

    def receive(
        self, event: PayleraWebhookEvent, *, payload: bytes, secret_position: int | None = None
    ) -> Flow[InboxRecord]:
        """Store an event; then handle it, or tell the queue. Return its record as it is then.

        `secret_position` is that of the secret which signed it, if one did.
        """
        record = lanes.received(event, payload=payload.decode(), secret_position=secret_position, now=self._now())
        stored: InboxRecord = yield from self._ask(self._store.add, record)
        if stored.state == "failed":  # its sender is a clock for the next attempt
            again = yield from self._change(stored, lanes.due_again, asked=True, now=self._now())
            stored = again or stored
        if not stored.is_open:
            return stored
        yield from self._wake(stored.lane, until=stored.event_id)
        if not self.is_inline:
            return stored
        now: InboxRecord | None = yield from self._ask(self._store.get, stored.event_id)
        return now or stored

    def process(
        self, lane: str, *, until: str | None = None, at_most: float = math.inf, is_stopping: Stopping = never
    ) -> Flow[int]:
        """Handle what is due in a lane, in order, until nothing is, the record `until` had its turn, or `at_most` had
        one; return how many. Nothing happens while somebody else is at it: they go on with what they find afterwards.
        """
        turns = 0
        while turns < at_most:
            record = None if is_stopping() else (yield from self._claim(lane))
            if record is None:
                break
            turns += 1
            if record.state == "processing":
                record = yield from self._attempt(record)
            yield from self._tell(record)
            if record.event_id == until:
                break
        return turns

    def sweep(self, *, limit: int = 100) -> Flow[list[str]]:
        """Return lanes with something to do: new, due again, or left behind by whoever was killed."""
        return list((yield from self._ask(self._store.due, self._now(), limit)))

    def work(self, *, once: bool = False, interval: float = 1.0, is_stopping: Stopping = never) -> Flow[int]:
        """Process what is due, until nothing is if `once`, else looking again every `interval` seconds; return how
        many had a turn. `is_stopping` is asked before every record."""
        total = 0
        while not is_stopping():
            turns = yield from self._round(is_stopping)
            total += turns
            if not turns:
                if once:
                    break
                yield from rest(interval, until=is_stopping)
        return total

    def _round(self, is_stopping: Stopping) -> Flow[int]:
        turns = 0
        for lane in (yield from self._tried(self.sweep(), otherwise=[])):
            turns += yield from self._tried(self.process(lane, at_most=_FAIR, is_stopping=is_stopping), otherwise=0)
        return turns

    def _tried(self, flow: Flow[T], *, otherwise: T) -> Flow[T]:
        try:
            return (yield from flow)
        except Exception:
            log.exception("the worker failed; it goes on")  # the store is down, say: it will be back
            return otherwise

    def replay(self, query: InboxQuery, *, force: bool = False) -> Flow[int]:
        """Revive the records that match and wake their lanes; return how many. `force`: run them even if stale."""
        revived = []
        for record in (yield from self.find(query)):
            again = yield from self._change(record, lanes.replayed, asked=True, now=self._now(), force=force)
            revived += [again.lane] if again is not None else []
        for lane in dict.fromkeys(revived):
            yield from self._wake(lane)
        return len(revived)

    def find(self, query: InboxQuery) -> Flow[Sequence[InboxRecord]]:
        """Return the records that match, in the order in which they were received."""
        found: Sequence[InboxRecord] = yield from self._ask(self._store.find, query)
        return found

    def prune(self, *, older_than: timedelta) -> Flow[int]:
        """Delete the done records that were received longer ago; return how many."""
        return int((yield from self._ask(self._store.prune, self._now() - older_than)))

    def counts(self) -> Flow[Mapping[str, int]]:
        """Return how many records are in each state."""
        counts: Mapping[str, int] = yield from self._ask(self._store.counts)
        return counts

    def positions(self) -> Flow[Mapping[int, datetime]]:
        """Return when each secret, by its position, last signed an event that is still here."""
        return dict((yield from self._ask(self._store.positions)))

    def _claim(self, lane: str) -> Flow[InboxRecord | None]:
        decide = partial(
            lanes.claimed,
            owner=self._system.random_bytes(16).hex(),
            now=self._now(),
            lease_seconds=self._lease_seconds,
            max_attempts=self._max_attempts,
        )
        record: InboxRecord | None = yield from self._ask(partial(self._store.change, lane, decide, wait=False))
        return record

    def _attempt(self, record: InboxRecord) -> Flow[InboxRecord]:
        try:
            return (yield from self._handle(record))
        except LeaseLost:
            log.warning("event %s took longer than its lease; what was done for it is rolled back", record.event_id)
            return record
        except Exception as problem:
            log.exception("the handler of event %s (%s) failed", record.event_id, record.event_type)
            error = attempts.told(problem)
        for seconds in _PATIENCE:
            try:
                return (yield from self._failed(record, error))
            except Exception:
                log.warning("the failure of event %s cannot be noted yet", record.event_id, exc_info=True)
            yield from pause(seconds)
        return (yield from self._failed(record, error))

    def _failed(self, record: InboxRecord, error: str) -> Flow[InboxRecord]:
        try:
            noted = yield from self._change(
                record, lanes.failed, record=record, error=error, now=self._now(), max_attempts=self._max_attempts
            )
        except LeaseLost:
            return record
        return noted or record

    def _handle(self, record: InboxRecord) -> Flow[InboxRecord]:
        event, misfit = self._parsed(record)
        route = self._handlers.find(record.event_type)
        if route is not None and (event is None or misfit is not None):
            log.error("event %s (%s) is quarantined: it %s", record.event_id, record.event_type, misfit)
            return (yield from self._close(record, lanes.quarantined, error=f"it {misfit}"))
        if route is None or event is None or self._is_skipped(record, route):
            return (yield from self._close(record, lanes.done))
        live = yield from self._refetch.live(event, route.options)
        event.observe(is_stale=record.is_stale, live=live)
        settled: InboxRecord = yield from self._ask(
            self._store.settle, record, self._work(route, event, record), self._done(record)
        )
        return settled

    def _parsed(self, record: InboxRecord) -> tuple[PayleraWebhookEvent | None, str | None]:
        try:
            return self._read(record.payload.encode())
        except SignatureVerificationError:
            return None, "is no event to this version"

    def _is_skipped(self, record: InboxRecord, route: Route) -> bool:
        is_skipped = record.is_stale and not record.force and (route.options.stale or self._stale) == "skip"
        if is_skipped:
            log.warning("event %s (%s) is stale and skipped", record.event_id, record.event_type)
        return is_skipped

    def _work(self, route: Route, event: PayleraWebhookEvent, record: InboxRecord) -> Flow[None]:
        with tracing.span(self._tracer, event, position=record.secret_position):
            yield from invoke(route.callee, event)

    def _done(self, record: InboxRecord) -> lanes.Decide:
        # The moment is that after the handler.
        return lambda lane: lanes.done(lane, record=record, now=self._now())

    def _close(self, record: InboxRecord, decision: Callable[..., InboxRecord], /, **facts: Any) -> Flow[InboxRecord]:
        closed = yield from self._change(record, decision, record=record, now=self._now(), **facts)
        return closed or record

    def _change(
        self, record: InboxRecord, decision: Callable[..., InboxRecord | None], /, *, asked: bool = False, **facts: Any
    ) -> Flow[InboxRecord | None]:
        change = partial(
            self._store.change, record.lane, partial(decision, **facts), asked=record.event_id if asked else None
        )
        changed: InboxRecord | None = yield from self._ask(change)
        return changed

    def _wake(self, lane: str, *, until: str | None = None) -> Flow[None]:
        if self.is_inline:
            yield from self.process(lane, until=until)
        elif self._enqueue is not None:
            try:
                yield from invoke(self._enqueue, lane)
            except Exception:
                log.exception("the queue did not take %s; its record is stored, and a worker will find it", lane)

    def _tell(self, record: InboxRecord) -> Flow[None]:
        if record.state not in lanes.GIVEN_UP:
            return
        log.error("event %s (%s) is %s", record.event_id, record.event_type, record.state)
        if self._on_dead is not None:
            try:
                yield from invoke(self._on_dead, record)
            except Exception:
                log.exception("on_dead failed for event %s", record.event_id)
        with suppress(LeaseLost):  # it was replayed meanwhile, or somebody else tells it too
            yield from self._change(record, lanes.told, record=record)

    def _ask(self, method: Callable[..., Any], *args: Any) -> Flow[Any]:
        return (yield from invoke(Callee(method, self._is_store_async), *args))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._system.now(), UTC)
