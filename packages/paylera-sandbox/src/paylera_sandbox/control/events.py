"""Events on demand: `/sandbox/trigger` and `/sandbox/events/{id}/resend`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.control.commands import Order
from paylera_sandbox.kinds import Invalid, accepts
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, public
from paylera_sandbox.webhooks import replay
from paylera_sandbox.webhooks.events import queue
from paylera_sandbox.webhooks.subscribers import wants

_MOST_SETTINGS = 50


@accepts({"type": "object", "maxProperties": _MOST_SETTINGS})
def settings(value: object) -> Doc:
    """Take `{path: value}`: which members of the data to set, as `a.b` or, in a list, `a.0.b`."""
    if not isinstance(value, dict) or len(value) > _MOST_SETTINGS:
        raise Invalid("type.object", f"must be an object of at most {_MOST_SETTINGS} paths and values")
    for path in value:
        if not all(path.split(".")) or path.startswith("_") or "._" in path:
            raise Invalid("path.invalid", f"has the path '{path[:100]}', which is not of the form a.b")
    return value


TRIGGER = {
    "type": Rule(fields.text(longest=100), required=True),
    "object_id": Rule(fields.identifier),
    "set": Rule(settings, default={}),
}
RESEND = {"endpoint_id": Rule(fields.identifier)}


async def trigger(order: Order) -> Doc:
    """Make an event of a type and send it to the endpoints that want it. It tells of an object, and changes none."""
    from paylera_sandbox.webhooks import triggers  # its samples are made by the whole of the billing

    given = order.body
    with order.engine.unit() as unit:
        event = triggers.trigger(unit, given["type"], object_id=given.get("object_id"), settings=given.get("set") or {})
        return _shown(event, unit.store.newest("deliveries", {"event_id": event["id"]})[::-1])


async def resend(order: Order) -> Doc:
    """Queue new deliveries of an event: to one endpoint, or to all that want its type."""
    with order.engine.unit() as unit:
        event = unit.need("events", order.ids["id"], "event.not_found")
        return _shown(event, [queue(unit, event, endpoint) for endpoint in _receivers(unit, event, order.body)])


def _receivers(unit: Unit, event: Doc, given: Doc) -> list[Doc]:
    identifier = given.get("endpoint_id")
    if identifier is not None:
        endpoint = unit.need("webhook_endpoints", identifier, "webhook_endpoint.not_found")
        replay.expect_enabled(endpoint)
        return [endpoint]
    enabled = unit.store.newest("webhook_endpoints", {"status": "enabled"})
    return [endpoint for endpoint in reversed(enabled) if wants(endpoint["events"], event["type"])]


def _shown(event: Doc, deliveries: list[Doc]) -> Doc:
    return {"object": "sending", "event": event, "deliveries": [public(delivery) for delivery in deliveries]}
