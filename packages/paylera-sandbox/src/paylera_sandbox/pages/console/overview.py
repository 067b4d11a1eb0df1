"""The overview: how the business does, and what happened last."""

from __future__ import annotations

from paylera_sandbox.pages.acting import command
from paylera_sandbox.pages.console import figures
from paylera_sandbox.pages.console.telling import told
from paylera_sandbox.pages.endpoint import Answer, Errand, Visit
from paylera_sandbox.pages.rendering import Page, Redirect

_LATEST = 8


def show(visit: Visit) -> Answer:
    """Show the overview."""
    store = visit.unit.store
    values = {
        "here": "overview",
        "counts": figures.remembered(visit, "counts", figures.counts),
        "revenue": figures.remembered(visit, "revenue", figures.revenue),
        "usage": figures.remembered(visit, "usage", figures.usage),
        "events": [told(event) for event in store.newest("events", limit=_LATEST)],
        "deliveries": store.newest("deliveries", limit=_LATEST),
        "requests": visit.engine.recorder.requests()[: -_LATEST - 1 : -1],
    }
    return Page("console/overview.html", values)


async def reset(errand: Errand) -> Answer:
    """Empty the sandbox; the request log goes with it."""
    await command(errand, "POST", "/sandbox/reset")
    return Redirect("/console")


async def seed(errand: Errand) -> Answer:
    """Fill the sandbox with customers who came over the last months; the page shows them as they come."""
    await command(errand, "POST", "/sandbox/seed")
    return Redirect("/console")
