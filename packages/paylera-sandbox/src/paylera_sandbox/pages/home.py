"""The index page, the invoices as files, and the files that pages need."""

from __future__ import annotations

from starlette.responses import Response

from paylera_sandbox.billing.cards import CARDS
from paylera_sandbox.billing.subscriptions import CURRENT
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import HEADERS, HERE, Page, notice
from paylera_sandbox.receipt import receipt

_FILES = {"sandbox.css": "text/css", "icon.svg": "image/svg+xml"}


def show(visit: Visit) -> Answer:
    """Say what this is, how to use it and what happened last."""
    store = visit.unit.store
    counts = {
        "customers": store.count("customers"),
        "subscriptions": store.count("subscriptions"),
        "current": store.count("subscriptions", status=CURRENT),
        "events": store.count("events"),
        "pending": store.count("outbox"),
    }
    values = {
        "counts": counts,
        "base_url": visit.engine.base_url,
        "token": visit.engine.token,
        "plans": store.newest("plans", {"status": "active"}),
        "deliveries": store.newest("deliveries", limit=20),
        "cards": CARDS,
    }
    return Page("home.html", values)


def invoice(visit: Visit) -> Answer:
    """Return an invoice as a PDF to whoever has the link, as a browser has no API token."""
    found = visit.unit.need("invoices", visit.ids["id"], "invoice.not_found")
    content = receipt(found, visit.unit.customer(found["customer_id"]))
    disposition = {"Content-Disposition": f'inline; filename="{found["number"]}.pdf"'}
    return Response(content, media_type="application/pdf", headers={**HEADERS, **disposition})


def file(visit: Visit) -> Answer:
    """Return a style sheet or an icon."""
    name = visit.ids["name"]
    if name not in _FILES:
        return missing(visit)
    headers = {**HEADERS, "Cache-Control": "max-age=300"}
    return Response((HERE / "static" / name).read_bytes(), media_type=_FILES[name], headers=headers)


def missing(_visit: Visit) -> Answer:
    """Say that there is no such page."""
    return notice(
        404, "There is no such page", "The address is not one of the sandbox.", link="/", link_text="Start page"
    )
