"""The two tables of the inbox; the columns of an event are the fields of `InboxRecord`."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from django.db import models

from paylera.webhooks.lanes import State


class InboxEvent(models.Model):
    """One stored event; see `paylera.webhooks.InboxRecord`."""

    event_id: models.CharField[str, str] = models.CharField(max_length=255, primary_key=True)
    event_type: models.CharField[str, str] = models.CharField(max_length=255)
    lane: models.CharField[str, str] = models.CharField(max_length=255)
    occurred_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    payload: models.TextField[str, str] = models.TextField()
    received_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    due_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    secret_position: models.PositiveSmallIntegerField[int | None, int | None] = models.PositiveSmallIntegerField(
        null=True, blank=True
    )
    state: models.CharField[str, str] = models.CharField(
        max_length=16, choices=[(state, state) for state in get_args(State)]
    )
    attempts: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    owner: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    is_stale: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    force: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    error: models.TextField[str, str] = models.TextField(blank=True, default="")
    started_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    finished_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    history: models.TextField[str, str] = models.TextField(blank=True, default="")

    class Meta:
        app_label = "paylera_inbox"
        db_table = "paylera_inbox_event"
        verbose_name = "event"
        default_permissions = ("view",)
        permissions = (("replay_inboxevent", "Can replay events"),)
        indexes = (
            models.Index(fields=["state", "due_at"], name="paylera_inbox_due"),
            models.Index(fields=["lane", "state", "occurred_at", "event_id"], name="paylera_inbox_lane_head"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class InboxLane(models.Model):
    """One aggregate: what is locked while its events are handled, and the newest one done.

    No foreign key leads here: its check would wait for the lock.
    """

    lane: models.CharField[str, str] = models.CharField(max_length=255, primary_key=True)
    mark_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    mark_id: models.CharField[str, str] = models.CharField(max_length=255, default="")

    class Meta:
        app_label = "paylera_inbox"
        db_table = "paylera_inbox_lane"
        default_permissions = ()

    def __str__(self) -> str:
        return self.lane


class Claim(models.Model):
    """An event that is being handled (`expires_at` ends the lease) or was handled; see `OrmClaims`."""

    event_id: models.CharField[str, str] = models.CharField(max_length=255, primary_key=True)
    owner: models.CharField[str, str] = models.CharField(max_length=64)
    is_done: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "paylera_inbox"
        db_table = "paylera_inbox_claim"
        default_permissions = ()

    def __str__(self) -> str:
        return self.event_id
