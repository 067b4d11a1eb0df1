"""Attempts: what is sent for a delivery, and what follows from its outcome: done, again later, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from paylera_sandbox.clock import stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import endpoints, outbox, signing
from paylera_sandbox.webhooks.events import body
from paylera_sandbox.webhooks.sender import Outcome

_MINUTE, _HOUR = 60, 3600
# Seconds from a failure to the next attempt; with the first attempt that makes nine.
DELAYS = (15, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)


class Parcel(NamedTuple):
    """What one attempt sends."""

    url: str
    headers: dict[str, str]
    payload: bytes


def parcel(unit: Unit, delivery: Doc) -> Parcel:
    """Pack a delivery, signed now."""
    endpoint = unit.need("webhook_endpoints", delivery["endpoint_id"], "webhook_endpoint.not_found")
    payload = body(unit.need("events", delivery["event_id"], "event.not_found"))
    signature = signing.signature(payload, endpoint["_secrets"], unit.now)
    return Parcel(endpoint["url"], headers(delivery, signature), payload)


def headers(delivery: Doc, signature: str) -> dict[str, str]:
    """Return the request headers of a delivery."""
    return {
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
    if delivery["status"] != "pending":  # dropped while it was under way
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
    }


def _fate(succeeded: bool, following: datetime | None) -> dict[str, Any]:
    if following is not None:
        return {"status": "pending", "next_attempt_at": stamp(following)}
    return {"status": "succeeded" if succeeded else "failed", "next_attempt_at": None}


def _next_attempt(delivery: Doc, now: datetime, time_scale: float) -> datetime | None:
    if delivery["_round"] >= len(DELAYS):
        return None
    return now + timedelta(seconds=DELAYS[delivery["_round"]] / time_scale)
