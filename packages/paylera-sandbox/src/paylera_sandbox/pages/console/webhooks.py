"""Webhook endpoints: where events go, and with which secret."""

from __future__ import annotations

from paylera_sandbox.pages.acting import given, perform
from paylera_sandbox.pages.console.listing import listing
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import public
from paylera_sandbox.webhooks.signing import in_force

_PATH = "/v1/admin/webhook-endpoints"
_SHOWN = 25


def show(visit: Visit) -> Answer:
    """List endpoints."""
    return Page("console/webhooks.html", {"here": "webhooks", "listing": listing(visit, "webhook_endpoints")})


def create(visit: Visit) -> Answer:
    """Register an endpoint."""
    wanted = visit.form.get("events", "").replace(",", " ").split()
    body: Doc = {**given(visit, "url", "description", "secret"), **({"events": wanted} if wanted else {})}
    return Redirect(f"/console/webhooks/{perform(visit, 'POST', _PATH, body)['id']}")


def detail(visit: Visit) -> Answer:
    """Show one endpoint, its secrets and its last deliveries."""
    unit = visit.unit
    endpoint = unit.need("webhook_endpoints", visit.ids["id"], "webhook_endpoint.not_found")
    values = {
        "here": "webhooks",
        "endpoint": endpoint,
        "secrets": in_force(endpoint["_secrets"], unit.now),
        "deliveries": unit.store.newest("deliveries", {"endpoint_id": endpoint["id"]}, limit=_SHOWN),
        "data": public(endpoint),
    }
    return Page("console/webhook.html", values)


def rotate(visit: Visit) -> Answer:
    """Give the endpoint a new secret."""
    perform(visit, "POST", f"{_PATH}/{{id}}/rotate-secret", id=visit.ids["id"])
    return Redirect(f"/console/webhooks/{visit.ids['id']}")


def ping(visit: Visit) -> Answer:
    """Send an event that only says that the endpoint is reached."""
    perform(visit, "POST", f"{_PATH}/{{id}}/ping", id=visit.ids["id"])
    return Redirect(f"/console/webhooks/{visit.ids['id']}")


def switch(visit: Visit) -> Answer:
    """Enable or disable the endpoint."""
    perform(visit, "PATCH", f"{_PATH}/{{id}}", given(visit, "status"), id=visit.ids["id"])
    return Redirect(f"/console/webhooks/{visit.ids['id']}")


def delete(visit: Visit) -> Answer:
    """Remove the endpoint."""
    perform(visit, "DELETE", f"{_PATH}/{{id}}", id=visit.ids["id"])
    return Redirect("/console/webhooks")
