"""The inbox's records in Django's database: it locks, loads and saves; `paylera.webhooks.lanes` decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.db.models.functions import Collate

from paylera.flow import Blocking, Flow, SyncTransport, run
from paylera.webhooks import InboxQuery, InboxRecord
from paylera.webhooks.lanes import HELD, WAITING, Decide, Lane, State
from paylera_django._host import wait_for
from paylera_django.inbox.models import InboxEvent, InboxLane

_COLUMNS = tuple(field.name for field in fields(InboxRecord))
_RUNNING: Mapping[str, Any] = {"state__in": HELD, "due_at__isnull": False}
_HANDLERS = Blocking(cast("SyncTransport", None), wait_for=wait_for)  # a handler sends nothing through the flow


class DjangoInboxStore:
    """An `InboxStore` on one of Django's databases, PostgreSQL or SQLite.

    Everything runs on the thread that asks: under ASGI that is the request's own, so an async handler's queries are in
    the transaction too.
    """

    def __init__(self, *, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using

    def add(self, record: InboxRecord) -> InboxRecord:
        """Insert a record; within somebody's transaction a `RuntimeError`, for it would not be committed on return.

        Usually that is one question to the database: a statement on its own commits itself.
        """
        is_within = connections[self._using].in_atomic_block  # a mistake, or a test case's own
        try:
            with transaction.atomic(using=self._using, durable=True) if is_within else nullcontext():
                InboxEvent(**asdict(record)).save(using=self._using, force_insert=True)
        except IntegrityError:  # it is there
            return cast("InboxRecord", self.get(record.event_id))
        return record

    def get(self, event_id: str) -> InboxRecord | None:
        """Return a record."""
        return _record(self._events.filter(event_id=event_id))

    def change(self, lane: str, decide: Decide, *, asked: str | None = None, wait: bool = True) -> InboxRecord | None:
        """Change a lane under its lock."""
        with transaction.atomic(using=self._using):
            row = self._locked(lane, wait=wait)
            return self._save(row, decide, asked) if row is not None else None

    def settle(self, record: InboxRecord, work: Flow[None], decide: Decide) -> InboxRecord:
        """Run the handler and finish its record, both or neither."""
        with transaction.atomic(using=self._using):
            if connections[self._using].features.has_select_for_update:
                self._locked(record.lane, wait=True)
            run(work, _HANDLERS)
            row = cast("InboxLane", self._locked(record.lane, wait=True))
            return cast("InboxRecord", self._save(row, decide, None))

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the lanes whose next record is due."""
        mine = {"lane": OuterRef("lane")}
        earlier = Q(occurred_at__lt=OuterRef("occurred_at")) | Q(
            occurred_at=OuterRef("occurred_at"), key__lt=self._binary(OuterRef("event_id"))
        )
        running = Exists(self._events.filter(**_RUNNING, **mine))
        before = Exists(self._events.annotate(key=self._binary("event_id")).filter(earlier, state__in=WAITING, **mine))
        is_next = Q(state__in=HELD) | (Q(state__in=WAITING) & ~running & ~before)
        rows = self._events.filter(is_next, due_at__lte=now).order_by("due_at", "lane")
        return list(rows.values_list("lane", flat=True)[:limit])

    def find(self, query: InboxQuery) -> Sequence[InboxRecord]:
        """Return the records that match."""
        wanted = {"state__in": query.states, "event_type__in": query.types, "event_id__in": query.event_ids}
        rows = self._events.filter(**{name: values for name, values in wanted.items() if values})
        if query.since is not None:
            rows = rows.filter(received_at__gte=query.since)
        return [InboxRecord(**row) for row in rows.order_by("received_at", "event_id").values(*_COLUMNS)[: query.limit]]

    def prune(self, before: datetime) -> int:
        """Delete old records that are done, and lanes without records."""
        count, _ = self._events.filter(state="done", received_at__lt=before).delete()
        # A watermark that moves meanwhile is looked at again: the lane of an event that has just been done stays.
        old = Q(mark_at__isnull=True) | Q(mark_at__lt=before)
        self._lanes.filter(old, ~Exists(self._events.filter(lane=OuterRef("lane")))).delete()
        return count

    def counts(self) -> Mapping[State, int]:
        """Count the records by state."""
        rows = self._events.values_list("state").annotate(count=Count("event_id"))
        return cast("Mapping[State, int]", dict(rows))

    def positions(self) -> Mapping[int, datetime]:
        """Return when each secret last signed."""
        signed = self._events.filter(secret_position__isnull=False).order_by()
        rows = signed.values_list("secret_position").annotate(at=Max("received_at"))
        return cast("Mapping[int, datetime]", dict(rows))

    @property
    def _events(self) -> models.QuerySet[InboxEvent]:
        return InboxEvent.objects.using(self._using)

    @property
    def _lanes(self) -> models.QuerySet[InboxLane]:
        return InboxLane.objects.using(self._using)

    def _locked(self, lane: str, *, wait: bool) -> InboxLane | None:
        # The insert comes first: on SQLite, which has no row locks, it takes the lock of the whole database.
        self._lanes.bulk_create([InboxLane(lane=lane)], ignore_conflicts=True)
        return self._lanes.select_for_update(skip_locked=not wait).filter(lane=lane).first()

    def _save(self, row: InboxLane, decide: Decide, asked: str | None) -> InboxRecord | None:
        before = self._lane(row, asked)
        record = decide(before)
        if record is None:
            return None
        self._events.filter(event_id=record.event_id).update(**asdict(record))
        mark = before.mark_after(record)
        if mark is not None and mark != before.watermark:
            self._lanes.filter(lane=row.lane).update(mark_at=mark[0], mark_id=mark[1])
        return record

    def _lane(self, row: InboxLane, asked: str | None) -> Lane:
        events = self._events.filter(lane=row.lane)
        return Lane(
            watermark=(row.mark_at, row.mark_id) if row.mark_at is not None else None,
            running=_record(events.filter(**_RUNNING)),
            head=_record(events.filter(state__in=WAITING).order_by("occurred_at", self._binary("event_id"))),
            asked=self.get(asked) if asked is not None else None,
        )

    def _binary(self, name: Any) -> Any:
        # As Python compares, whatever the database's language.
        is_postgres = connections[self._using].vendor == "postgresql"
        return Collate(name, "C") if is_postgres else F(name) if isinstance(name, str) else name


def _record(rows: models.QuerySet[InboxEvent]) -> InboxRecord | None:
    found = rows.values(*_COLUMNS)[:1]
    return next((InboxRecord(**row) for row in found), None)
