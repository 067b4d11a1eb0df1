"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Its tables are `paylera_inbox_event`, `paylera_inbox_lane` and `paylera_inbox_claim`."""

    name = "paylera_django.inbox"
    label = "paylera_inbox"
    verbose_name = "Paylera inbox"

    def ready(self) -> None:
        """Register the checks."""
        from paylera_django.inbox import checks  # noqa: F401 - it registers them
