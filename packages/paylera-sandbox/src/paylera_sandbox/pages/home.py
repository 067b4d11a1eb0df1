"""The start page, the invoices as files, and the files that pages need."""

from __future__ import annotations

from starlette.responses import Response

from paylera_sandbox.billing.cards import CARDS
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import HEADERS, HERE, Page, notice
from paylera_sandbox.receipt import receipt

_FILES = {
    "sandbox.css": "text/css",
    "sandbox.js": "text/javascript",
    "reference.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_LATEST = 8


def show(visit: Visit) -> Answer:
    """Say what this is, how to use it and what happened last."""
    store = visit.unit.store
    values = {
        "here": "start",
        "base_url": visit.engine.base_url,
        "token": visit.engine.token,
        "plans": store.newest("plans", {"status": "active"}),
        "endpoints": store.newest("webhook_endpoints", limit=_LATEST),
        "deliveries": store.newest("deliveries", limit=_LATEST),
        "cards": CARDS,
    }
    return Page("console/start.html", values)


def invoice(visit: Visit) -> Answer:
    """Return an invoice as a PDF to whoever has the link, as a browser has no API token."""
    found = visit.unit.need("invoices", visit.ids["id"], "invoice.not_found")
    owner = visit.unit.customer(found["customer_id"])
    content = receipt(found, owner, visit.unit.store.newest("tax_ids", {"customer_id": owner["id"]}))
    disposition = {"Content-Disposition": f'inline; filename="{found["number"] or found["id"]}.pdf"'}
    return Response(content, media_type="application/pdf", headers={**HEADERS, **disposition})


def file(visit: Visit) -> Answer:
    """Return a style sheet, the script or the icon."""
    name = visit.ids["name"]
    if name not in _FILES:
        return missing(visit)
    headers = {**HEADERS, "Cache-Control": "max-age=300"}
    return Response((HERE / "static" / name).read_bytes(), media_type=_FILES[name], headers=headers)


def missing(visit: Visit) -> Answer:
    """Say that there is no such page."""
    text = "The address is not one of the sandbox."
    return notice(404, "There is no such page", text, link=f"{visit.engine.base_url}/", link_text="Start page")
