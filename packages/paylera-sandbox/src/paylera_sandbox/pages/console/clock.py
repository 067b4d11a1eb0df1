"""The clock: what time it is for the sandbox, how far an advance has come, what happens next."""

from __future__ import annotations

from typing import NamedTuple

from paylera_sandbox.clock import moment
from paylera_sandbox.control.clock import shown
from paylera_sandbox.pages.acting import command, dated, given
from paylera_sandbox.pages.endpoint import Answer, Errand, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.store import Doc

STEPS = {"1h": "1 hour", "1d": "1 day", "1w": "1 week", "1mo": "1 month", "3mo": "3 months", "1y": "1 year"}
_NEXT = "SELECT kind, subject, due_at FROM jobs ORDER BY due_at LIMIT 20"
# The kinds of subjects that have a page.
_TABLES = {"sub": "subscriptions", "inv": "invoices", "pay": "payments", "cus": "customers", "we": "webhooks"}
_HOME = "/console/clock"


class Job(NamedTuple):
    """Something that happens by itself later."""

    kind: str
    subject: str
    due_at: str

    @property
    def table(self) -> str | None:
        """Return the table of the console that shows the subject, if one does."""
        return _TABLES.get(self.subject.partition("_")[0])


def show(visit: Visit) -> Answer:
    """Show the clock."""
    clock = shown(visit.engine)
    values = {
        "here": "clock",
        "clock": clock,
        "share": _share(clock["advance"]) if clock["advance"] else None,
        "steps": STEPS,
        "jobs": [Job(*row) for row in visit.unit.store.execute(_NEXT)],
    }
    return Page("console/clock.html", values)


async def advance(errand: Errand) -> Answer:
    """Move time on."""
    await command(errand, "POST", "/sandbox/clock/advance", dated(given(errand, "by", "to"), "to"))
    return Redirect(_HOME)


async def put(errand: Errand) -> Answer:
    """Let time stand still, run on, or be the real one."""
    await command(errand, "PUT", "/sandbox/clock", dated(given(errand, "mode", "at"), "at"))
    return Redirect(_HOME)


def _share(advance: Doc) -> float:
    begun, position, target = (moment(advance[name]) for name in ("from", "position", "target"))
    return round((position - begun) / (target - begun) * 100, 1) if target > begun else 100.0
