"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Its tables are `paylera_inbox_event` and `paylera_inbox_lane`."""

    name = "paylera_django.inbox"
    label = "paylera_inbox"
    verbose_name = "Paylera inbox"
