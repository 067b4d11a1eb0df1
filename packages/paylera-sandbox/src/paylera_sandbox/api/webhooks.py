"""Webhook endpoints, their deliveries, and the events: `/v1/admin/...`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.fields import Rule
from paylera_sandbox.kinds import Invalid, accepts, list_of
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks import endpoints
from paylera_sandbox.webhooks import replay as replaying
from paylera_sandbox.webhooks.attempts import headers
from paylera_sandbox.webhooks.events import body, queue, record
from paylera_sandbox.webhooks.outbox import enqueue
from paylera_sandbox.webhooks.replay import Selection, expect_enabled
from paylera_sandbox.webhooks.subscribers import patterns

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
DELIVERY_FILTERS = filters(
    status=fields.choice("pending", "succeeded", "failed", "dropped"),
    event_id=fields.identifier,
    event_type=fields.identifier,
)
ENDPOINT_FILTERS = filters(status=fields.choice("enabled", "disabled", "auto_disabled"), url=fields.url)
EVENT_FILTERS = filters(
    type=fields.identifier,
    aggregate_id=fields.identifier,
    aggregate_type=fields.identifier,
    occurred_at=fields.timestamp,
)
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
    "failed_only": Rule(fields.boolean, default=False),
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
    return endpoints.change(
        call.unit, get(call), **{name: value for name, value in call.body.items() if _settable(name, value)}
    )


def delete(call: Call) -> None:
    """Remove an endpoint; what waits for it is dropped."""
    endpoints.remove(call.unit, get(call))


def rotate(call: Call) -> Doc:
    """Give an endpoint a new secret; the old one signs too for 24 hours."""
    return endpoints.shown(endpoints.rotate(call.unit, get(call), secret=call.body.get("secret")), with_secret=True)


def deliveries(call: Call) -> Doc:
    """List the deliveries to an endpoint."""
    return page(call, "deliveries", endpoint_id=get(call)["id"])


def delivery(call: Call) -> Doc:
    """Return a delivery with the request as it was last sent (its body as it is sent, to the byte)."""
    found = _delivery(call, get(call))
    last = found["attempts"][-1] if found["attempts"] else {}
    event_sent = call.unit.need("events", found["event_id"], "event.not_found")
    request = {
        "url": last.get("url"),
        "headers": headers(found, last["signature"], last["fault"]) if last else {},
        "body": body(event_sent).decode(),
    }
    return {**found, "request": request}


def retry(call: Call) -> Doc:
    """Send a delivery again, with all its attempts before it. One that waits goes now and keeps its place."""
    unit, endpoint = call.unit, get(call)
    found = _delivery(call, endpoint)
    expect_enabled(endpoint)
    again = {**found, "status": "pending", "next_attempt_at": unit.stamp, "_round": 0}
    unit.store.save("deliveries", again)
    enqueue(unit, again)
    return again


def replay(call: Call) -> Doc:
    """Queue new deliveries of old events: those named, or those of some time and some types."""
    endpoint, given = get(call), call.body
    expect_enabled(endpoint)
    selection = Selection(
        event_ids=given.get("event_ids"),
        event_types=given.get("event_types") or ["*"],
        since=given.get("since"),
        until=given.get("until"),
        failed_only=given["failed_only"],
    )
    queued = replaying.replay(call.unit, endpoint, selection)
    return {"object": "webhook_replay", "endpoint_id": endpoint["id"], "queued": queued}


def ping(call: Call) -> Doc:
    """Send a `webhook_endpoint.ping` to one endpoint, whatever events it asked for."""
    unit, endpoint = call.unit, get(call)
    expect_enabled(endpoint)
    return queue(unit, record(unit, "webhook_endpoint.ping", endpoint), endpoint)


def events(call: Call) -> Doc:
    """List events."""
    return page(call, "events")


def event(call: Call) -> Doc:
    """Return an event."""
    return call.unit.need("events", call.ids["id"], "event.not_found")


def _settable(name: str, value: object) -> bool:
    return value is not None or name == "description"


def _delivery(call: Call, endpoint: Doc) -> Doc:
    found = call.unit.need("deliveries", call.ids["delivery_id"], "webhook_delivery.not_found")
    if found["endpoint_id"] != endpoint["id"]:
        raise fault("delivery_id", "webhook_delivery.not_of_endpoint", "is a delivery to another endpoint")
    return found
