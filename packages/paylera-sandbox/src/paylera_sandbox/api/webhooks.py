"""Webhook endpoints, their deliveries, and the events: `/v1/admin/...`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import PAGING, page
from paylera_sandbox.fields import Rule
from paylera_sandbox.kinds import Invalid, accepts, list_of
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks import endpoints
from paylera_sandbox.webhooks.events import enqueue, queue
from paylera_sandbox.webhooks.subscribers import patterns, wants

_STATUS = Rule(fields.choice("enabled", "disabled"))
CREATE = {
    "url": Rule(fields.url, required=True),
    "events": Rule(patterns, default=["*"]),
    "description": Rule(fields.text(longest=500)),
    "secret": Rule(endpoints.secret),
    "api_version": Rule(fields.date),
}
UPDATE = {
    "url": Rule(fields.url),
    "events": Rule(patterns),
    "description": Rule(fields.text(longest=500)),
    "status": _STATUS,
}
ROTATE = {"secret": Rule(endpoints.secret)}
DELIVERY_FILTERS = {
    "status": Rule(fields.any_of("pending", "succeeded", "failed", "dropped")),
    "event_id": Rule(fields.identifier),
    **PAGING,
}
EVENT_FILTERS = {"type": Rule(fields.identifier), "aggregate_id": Rule(fields.identifier), **PAGING}
_LONGEST_REPLAY = 1000


@accepts(list_of(fields.identifier, shortest=1, longest=_LONGEST_REPLAY))
def _event_ids(value: object) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= _LONGEST_REPLAY:
        raise Invalid("type.list", f"must be a list of 1 to {_LONGEST_REPLAY} event ids")
    return [fields.identifier(item) for item in value]


REPLAY = {
    "event_ids": Rule(_event_ids),
    "event_types": Rule(patterns),
    "since": Rule(fields.timestamp),
    "until": Rule(fields.timestamp),
}


def create(call: Call) -> Doc:
    """Register an endpoint. The secret is shown here and after a rotation, never again."""
    given = call.body
    return endpoints.shown(
        endpoints.register(
            call.unit,
            url=given["url"],
            events=given["events"],
            description=given.get("description"),
            secret=given.get("secret"),
            api_version=given.get("api_version"),
        ),
        with_secret=True,
    )


def listing(call: Call) -> Doc:
    """List endpoints."""
    return page(call, "webhook_endpoints")


def get(call: Call) -> Doc:
    """Return an endpoint."""
    return call.unit.need("webhook_endpoints", call.ids["id"], "webhook_endpoint.not_found")


def update(call: Call) -> Doc:
    """Change an endpoint. Disabling it drops what waits for it."""
    unit, endpoint = call.unit, get(call)
    changed = {**endpoint, **{name: value for name, value in call.body.items() if _settable(name, value)}}
    if changed == endpoint:
        return endpoint
    changed["updated_at"] = unit.stamp
    unit.store.save("webhook_endpoints", changed)
    if changed["status"] == "disabled":
        endpoints.drop_pending(unit, endpoint["id"])
    return changed


def delete(call: Call) -> None:
    """Remove an endpoint; what waits for it is dropped."""
    endpoint = get(call)
    endpoints.drop_pending(call.unit, endpoint["id"])
    call.unit.store.delete("webhook_endpoints", endpoint["id"])


def rotate(call: Call) -> Doc:
    """Give an endpoint a new secret; the old one signs too for 24 hours."""
    return endpoints.shown(endpoints.rotate(call.unit, get(call), secret=call.body.get("secret")), with_secret=True)


def deliveries(call: Call) -> Doc:
    """List the deliveries to an endpoint."""
    return page(
        call,
        "deliveries",
        endpoint_id=get(call)["id"],
        status=call.query.get("status"),
        event_id=call.query.get("event_id"),
    )


def retry(call: Call) -> Doc:
    """Send a delivery again, with all its attempts before it."""
    unit, endpoint = call.unit, get(call)
    delivery = unit.need("deliveries", call.ids["delivery_id"], "webhook_delivery.not_found")
    if delivery["endpoint_id"] != endpoint["id"]:
        raise fault("delivery_id", "webhook_delivery.not_of_endpoint", "is a delivery to another endpoint")
    _expect_enabled(endpoint)
    again = {**delivery, "status": "pending", "next_attempt_at": unit.stamp, "_round": 0}
    unit.store.save("deliveries", again)
    unit.store.execute("DELETE FROM outbox WHERE delivery_id = ?", (delivery["id"],))
    enqueue(unit, again)
    return again


def replay(call: Call) -> Doc:
    """Queue new deliveries of old events: those named, or those of some time and some types."""
    unit, endpoint, given = call.unit, get(call), call.body
    _expect_enabled(endpoint)
    found = _named(call) if given.get("event_ids") else _since(call)
    for event in found:
        queue(unit, event, endpoint)
    return {"object": "webhook_replay", "endpoint_id": endpoint["id"], "queued": len(found)}


def events(call: Call) -> Doc:
    """List events."""
    return page(call, "events", type=call.query.get("type"), aggregate_id=call.query.get("aggregate_id"))


def event(call: Call) -> Doc:
    """Return an event."""
    return call.unit.need("events", call.ids["id"], "event.not_found")


def _settable(name: str, value: object) -> bool:
    return value is not None or name == "description"


def _expect_enabled(endpoint: Doc) -> None:
    if endpoint["status"] != "enabled":
        raise fault("status", "webhook_endpoint.disabled", "is disabled; enable the endpoint first")


def _named(call: Call) -> list[Doc]:
    return [call.unit.need("events", name, "event.not_found") for name in call.body["event_ids"]]


def _since(call: Call) -> list[Doc]:
    """Return the oldest first, so that they arrive in the order in which they happened."""
    since, until = call.body.get("since") or "", call.body.get("until") or "~"  # a tilde sorts behind every stamp
    wanted = call.body.get("event_types") or ["*"]
    latest = reversed(call.unit.store.newest("events", limit=_LONGEST_REPLAY))
    return [event for event in latest if since <= event["occurred_at"] <= until and wants(wanted, event["type"])]
