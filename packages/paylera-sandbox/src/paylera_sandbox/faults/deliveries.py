"""Faults of deliveries: what the courier asks before each attempt."""

from __future__ import annotations

from datetime import timedelta

from paylera_sandbox.clock import stamp
from paylera_sandbox.faults.registry import ATTEMPTS, any_for, fire
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import outbox

LATER = {"webhook_delay": outbox.postpone, "webhook_reorder": outbox.overtaken}

_SQL = """
SELECT deliveries.seq, json_extract(events.doc, '$.data.customer_id') FROM deliveries
JOIN events ON events.id = deliveries.event_id WHERE deliveries.id = ?
"""


def meet(unit: Unit, delivery: Doc) -> Doc | None:
    """Return the fault that happens to an attempt, if any."""
    if not any_for(unit.store):
        return None
    [(place, customer)] = unit.store.execute(_SQL, (delivery["id"],))
    subject = {
        "event_type": delivery["event_type"],
        "endpoint_id": delivery["endpoint_id"],
        "customer_id": customer or delivery["aggregate_id"],
    }
    spared = delivery.get("_late", ())
    ordinal = place * ATTEMPTS + len(delivery["attempts"]) + len(spared)
    name = f"{delivery['id']} {delivery['event_type']}"
    fired = fire(unit, "delivery", subject, name=name, ordinal=ordinal, spared=spared)
    return fired[0] if fired else None


def late(unit: Unit, delivery: Doc, fault: Doc) -> None:
    """Send a delivery later. A fault makes it late once: it would never arrive otherwise."""
    due = unit.now + timedelta(milliseconds=fault["milliseconds"])
    spared = [*delivery.get("_late", ()), fault["id"]]
    unit.store.save("deliveries", {**delivery, "next_attempt_at": stamp(due), "_late": spared})
    LATER[fault["action"]](unit, delivery["id"], due)
