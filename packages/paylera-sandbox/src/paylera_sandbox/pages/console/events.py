"""Events, and their deliveries with every attempt."""

from __future__ import annotations

from paylera_sandbox.pages.acting import command, given, perform
from paylera_sandbox.pages.console.listing import listing
from paylera_sandbox.pages.console.telling import told
from paylera_sandbox.pages.endpoint import Answer, Errand, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.webhooks.catalogue import EVENT_TYPES
from paylera_sandbox.webhooks.subscribers import wants

_STATUSES = ("pending", "succeeded", "failed", "dropped")
_SHOWN = 50


def show(visit: Visit) -> Answer:
    """List events: all, those of a type or a family (`invoice.*`), those about one object."""
    wanted = visit.query.get("type", "").strip()
    found = listing(visit, "events", types=_types(wanted), filters=("aggregate_id",))
    rows = [told(event) for event in found.rows]
    about = found.filters.get("aggregate_id", "")
    values = {
        "here": "events",
        "listing": found,
        "rows": rows,
        "type": wanted,
        "about": about,
        "types": sorted(EVENT_TYPES),
    }
    return Page("console/events.html", values)


def _types(wanted: str) -> list[str] | None:
    """Return the types that `invoice.paid` or `invoice.*` names, None for all."""
    if wanted in {"", "*"}:
        return None
    return [name for name in EVENT_TYPES if wants([wanted], name)]


def detail(visit: Visit) -> Answer:
    """Show one event, as it is delivered, and its deliveries."""
    store = visit.unit.store
    event = visit.unit.need("events", visit.ids["id"], "event.not_found")
    deliveries = store.newest("deliveries", {"event_id": event["id"]}, limit=_SHOWN)
    endpoints = {each["id"]: each for each in store.newest("webhook_endpoints")}
    values = {
        "here": "events",
        "told": told(event),
        "event": event,
        "deliveries": [(delivery, endpoints.get(delivery["endpoint_id"])) for delivery in deliveries],
        "endpoints": [each for each in endpoints.values() if each["status"] == "enabled"],
    }
    return Page("console/event.html", values)


def send(visit: Visit) -> Answer:
    """Queue a new delivery of an event to an endpoint."""
    path = "/v1/admin/webhook-endpoints/{id}/replay"
    perform(visit, "POST", path, {"event_ids": [visit.ids["id"]]}, id=visit.form.get("endpoint_id", ""))
    return Redirect(f"/console/events/{visit.ids['id']}")


async def trigger(errand: Errand) -> Answer:
    """Make up an event of a type, about an object that there is or one made up."""
    answer = await command(errand, "POST", "/sandbox/trigger", given(errand, "type", "object_id"))
    return Redirect(f"/console/events/{answer['event']['id']}")


def deliveries(visit: Visit) -> Answer:
    """List deliveries."""
    found = listing(visit, "deliveries", filters=("status", "endpoint_id", "event_id"))
    endpoints = {each["id"]: each for each in visit.unit.store.newest("webhook_endpoints")}
    rows = [(delivery, endpoints.get(delivery["endpoint_id"])) for delivery in found.rows]
    values = {"here": "deliveries", "listing": found, "rows": rows, "statuses": _STATUSES}
    return Page("console/deliveries.html", values)


def delivery(visit: Visit) -> Answer:
    """Show one delivery: what was sent, and every attempt with its answer."""
    unit = visit.unit
    found = unit.need("deliveries", visit.ids["id"], "webhook_delivery.not_found")
    values = {
        "here": "deliveries",
        "delivery": found,
        "endpoint": unit.store.find("webhook_endpoints", found["endpoint_id"]),
        "event": unit.need("events", found["event_id"], "event.not_found"),
    }
    return Page("console/delivery.html", values)


def resend(visit: Visit) -> Answer:
    """Send a delivery again."""
    found = visit.unit.need("deliveries", visit.ids["id"], "webhook_delivery.not_found")
    path = "/v1/admin/webhook-endpoints/{id}/deliveries/{delivery_id}/retry"
    perform(visit, "POST", path, id=found["endpoint_id"], delivery_id=found["id"])
    return Redirect(f"/console/deliveries/{found['id']}")
