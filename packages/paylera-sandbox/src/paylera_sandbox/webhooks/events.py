"""Events: written in the transaction of the change they tell of, together with the deliveries they cause."""

from __future__ import annotations

from collections.abc import Mapping

from paylera_sandbox import jsonbody
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, changes, public
from paylera_sandbox.webhooks.outbox import enqueue
from paylera_sandbox.webhooks.subscribers import wants

TENANT = "ten_sandbox"

# Family of the event type -> (aggregate type, member of the object that names the aggregate).
AGGREGATES: Mapping[str, tuple[str, str]] = {
    "customer": ("customer", "id"),
    "subscription": ("subscription", "id"),
    "dunning": ("subscription", "id"),
    "usage": ("subscription", "subscription_id"),
    "invoice": ("invoice", "id"),
    "payment": ("payment", "id"),
    "payment_method": ("customer", "customer_id"),
    "wallet": ("wallet", "id"),
    "coupon": ("coupon", "id"),
    "webhook_endpoint": ("webhook_endpoint", "id"),
    "payout_batch": ("payout_batch", "id"),
    "commission": ("affiliate", "affiliate_id"),
}


def emit(unit: Unit, event_type: str, doc: Doc, *, before: Doc | None = None) -> None:
    """Record an event and queue its deliveries. With `before`, nothing is emitted unless something changed. An endpoint
    is not told of itself: what is wrong with it could not reach it."""
    previous = changes(before, doc) if before is not None else None
    if previous == {}:
        return
    event = record(unit, event_type, doc, previous=previous)
    for endpoint in unit.store.kept("webhook_endpoints", status="enabled"):
        if endpoint["id"] != doc.get("id") and wants(endpoint["events"], event_type):
            queue(unit, event, endpoint)


def is_wanted(unit: Unit, event_type: str) -> bool:
    """Tell whether any endpoint listens to a type; those that come with every call are not made for nobody."""
    return any(wants(found["events"], event_type) for found in unit.store.kept("webhook_endpoints", status="enabled"))


def record(unit: Unit, event_type: str, doc: Doc, *, previous: Doc | None = None) -> Doc:
    """Write an event down without telling anybody."""
    aggregate_type, member = AGGREGATES[event_type.partition(".")[0]]
    event = {
        "id": unit.new_id("evt"),
        "type": event_type,
        "occurred_at": unit.stamp,
        "schema_version": 1,
        "tenant_id": TENANT,
        "aggregate_type": aggregate_type,
        "aggregate_id": doc[member],
        "data": public(doc),
    }
    if previous is not None:
        event["previous_attributes"] = previous
    unit.store.insert("events", event)
    unit.emitted += 1
    return event


def queue(unit: Unit, event: Doc, endpoint: Doc) -> Doc:
    """Create a delivery of an event to an endpoint and put it in the outbox, due now."""
    delivery = {
        "id": unit.new_id("del"),
        "object": "webhook_delivery",
        "endpoint_id": endpoint["id"],
        "event_id": event["id"],
        "event_type": event["type"],
        "aggregate_type": event["aggregate_type"],
        "aggregate_id": event["aggregate_id"],
        "status": "pending",
        "attempts": [],
        "next_attempt_at": unit.stamp,
        "created_at": unit.stamp,
        "_round": 0,
    }
    unit.store.insert("deliveries", delivery)
    enqueue(unit, delivery)
    return delivery


def body(event: Doc) -> bytes:
    """Write an event as it is delivered; the same event gives the same bytes every time."""
    return jsonbody.dump(event)
