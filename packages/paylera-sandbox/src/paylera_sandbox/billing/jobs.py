"""Jobs: what happens by itself later. They are planned here; nothing runs them yet."""

from __future__ import annotations

from paylera_sandbox.unit import Unit


def schedule(unit: Unit, kind: str, subject: str, due: str) -> None:
    """Plan a job."""
    unit.store.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", (kind, subject, due))
