"""Claims in Django's database: for a receiver with handlers and several processes, without an inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, models, transaction

from paylera.system import REAL, System
from paylera.webhooks.stores import HOLD_SECONDS, ClaimState
from paylera_django.inbox.models import Claim


class OrmClaims:
    """`paylera_webhook_urls(claims=OrmClaims(), ...)`; needs `paylera_django.inbox` in `INSTALLED_APPS` for its table.

    A claim whose process was killed can be claimed again after `lease_seconds`. Old rows are deleted now and then.
    """

    def __init__(self, *, using: str = DEFAULT_DB_ALIAS, lease_seconds: float = 300, system: System = REAL) -> None:
        self._using = using
        self._lease = timedelta(seconds=lease_seconds)
        self._system = system

    def claim(self, event_id: str, owner: str) -> ClaimState:
        """Claim an event; within somebody's transaction a `RuntimeError`, for others would not see it."""
        now = self._now()
        mine = Claim(event_id=event_id, owner=owner, expires_at=now + self._lease)
        if owner.startswith("00"):  # one in 256
            self._rows.filter(expires_at__lte=now).delete()
        with transaction.atomic(using=self._using, durable=True):
            self._rows.bulk_create([mine], ignore_conflicts=True)
        # Whose lease is over loses it to one of those who see that: the database looks again before it writes.
        free = self._rows.filter(event_id=event_id, expires_at__lte=now)
        free.update(owner=owner, is_done=False, expires_at=mine.expires_at)
        row = self._rows.filter(event_id=event_id).first()
        if row is not None and row.is_done:
            return "done"
        return "claimed" if row is not None and row.owner == owner else "busy"

    def complete(self, event_id: str, owner: str) -> None:
        """Remember an event as handled."""
        end = self._now() + timedelta(seconds=HOLD_SECONDS)
        # One statement that writes: SQLite refuses to write after a read while others do.
        self._rows.bulk_create(
            [Claim(event_id=event_id, owner=owner, is_done=True, expires_at=end)],
            update_conflicts=True,
            unique_fields=["event_id"],
            update_fields=["owner", "is_done", "expires_at"],
        )

    def release(self, event_id: str, owner: str) -> None:
        """Give an event up, if it is still this delivery's."""
        self._rows.filter(event_id=event_id, owner=owner, is_done=False).delete()

    @property
    def _rows(self) -> models.QuerySet[Claim]:
        return Claim.objects.using(self._using)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._system.now(), UTC)
