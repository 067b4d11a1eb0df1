"""Attempts: what is sent for a delivery, and what follows from its outcome: done, again later, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from paylera_sandbox.clock import stamp
from paylera_sandbox.faults import deliveries
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import endpoints, outbox, signing
from paylera_sandbox.webhooks.events import body
from paylera_sandbox.webhooks.sender import Outcome

_MINUTE, _HOUR = 60, 3600
# Seconds from a failure to the next attempt; with the first attempt that makes nine.
DELAYS = (15, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)


class Parcel(NamedTuple):
    """What one attempt sends, and the fault that happens to it, if any."""

    url: str
    headers: dict[str, str]
    payload: bytes
    fault: str | None = None


def prepare(unit: Unit, delivery_id: str) -> Parcel | None:
    """Pack a delivery, or return None if it is not to be sent now."""
    delivery = unit.store.find("deliveries", delivery_id)
    if delivery is None or not _waits(unit, delivery):
        return None
    fault = deliveries.meet(unit, delivery)
    if fault is None:
        return _parcel(unit, delivery, {"action": None})
    if fault["action"] in deliveries.LATER:
        deliveries.late(unit, delivery, fault)
        return None
    sent = _parcel(unit, delivery, fault)
    if sent.fault == "webhook_drop":
        _drop(unit, delivery, sent)
        return None
    return sent


def _waits(unit: Unit, delivery: Doc) -> bool:
    """Tell whether a delivery is to be made. Not all that wait for an endpoint are dropped at the moment when it is
    disabled, but from then on none is made."""
    endpoint = unit.store.find("webhook_endpoints", delivery["endpoint_id"])
    return delivery["status"] == "pending" and endpoint is not None and endpoint["status"] == "enabled"


def _parcel(unit: Unit, delivery: Doc, fault: Doc) -> Parcel:
    """Sign a delivery now, or as badly as a fault says."""
    endpoint = unit.need("webhook_endpoints", delivery["endpoint_id"], "webhook_endpoint.not_found")
    payload = body(unit.need("events", delivery["event_id"], "event.not_found"))
    action = fault["action"]
    secrets = signing.nobodys() if action == "webhook_bad_signature" else endpoint["_secrets"]
    age = fault["seconds"] if action == "webhook_stale" else 0
    signature = signing.signature(payload, secrets, unit.now, age_seconds=age)
    return Parcel(endpoint["url"], headers(delivery, signature, action), payload, action)


def _drop(unit: Unit, delivery: Doc, sent: Parcel) -> None:
    attempt = _record(unit, sent, Outcome(None, "", {}, "dropped on demand, never sent", 0))
    attempts = [*delivery["attempts"], attempt]
    dropped = {**delivery, "status": "dropped", "next_attempt_at": None, "attempts": attempts}
    unit.store.save("deliveries", dropped)
    outbox.finish(unit, delivery["id"])


def headers(delivery: Doc, signature: str, fault: str | None) -> dict[str, str]:
    """Return the request headers of a delivery."""
    return {
        **({"X-Paylera-Sandbox-Fault": fault} if fault else {}),
        "Content-Type": "application/json",
        "User-Agent": "Paylera-Sandbox",
        "Paylera-Signature": signature,
        "Paylera-Event-Id": delivery["event_id"],
        "Paylera-Delivery-Id": delivery["id"],
        "Paylera-Event-Type": delivery["event_type"],
    }


def conclude(unit: Unit, delivery_id: str, sent: Parcel, outcome: Outcome, time_scale: float) -> None:
    """Write an attempt down and say what follows."""
    delivery = unit.store.find("deliveries", delivery_id)
    if delivery is None:
        return
    delivery["attempts"] = [*delivery["attempts"], _record(unit, sent, outcome)]
    if not _waits(unit, delivery):  # dropped while it was under way
        unit.store.save("deliveries", delivery)
        return
    following = None if outcome.succeeded else _next_attempt(delivery, unit.now, time_scale)
    delivery.update(_fate(outcome.succeeded, following), _round=delivery["_round"] + 1)
    unit.store.save("deliveries", delivery)
    if following is None:
        outbox.finish(unit, delivery_id)
    else:
        outbox.postpone(unit, delivery_id, following)
    endpoints.note_answer(unit, delivery["endpoint_id"], refused=outcome.refused)
    if delivery["status"] == "failed":
        endpoints.tell_of_failure(unit, delivery)


def _record(unit: Unit, sent: Parcel, outcome: Outcome) -> Doc:
    return {
        "at": unit.stamp,
        "status": outcome.status,
        "error": outcome.error,
        "answer": outcome.answer,
        "answer_headers": outcome.headers,
        "duration_ms": outcome.duration_ms,
        "url": sent.url,
        "signature": sent.headers["Paylera-Signature"],
        "fault": sent.fault,
    }


def _fate(succeeded: bool, following: datetime | None) -> dict[str, Any]:
    if following is not None:
        return {"status": "pending", "next_attempt_at": stamp(following)}
    return {"status": "succeeded" if succeeded else "failed", "next_attempt_at": None}


def _next_attempt(delivery: Doc, now: datetime, time_scale: float) -> datetime | None:
    if delivery["_round"] >= len(DELAYS):
        return None
    return now + timedelta(seconds=DELAYS[delivery["_round"]] / time_scale)
