"""Signed deliveries for tests: what Paylera would post to a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from paylera.system import REAL, uuid7
from paylera.testing.events import event_payload
from paylera.webhooks.signatures import sign


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """A delivery: post `body` unchanged, with `headers`."""

    body: bytes
    headers: dict[str, str]


def signed_event(
    event_type: str,
    *,
    secret: str,
    data: Mapping[str, Any] | None = None,
    timestamp: int | None = None,
    **envelope: Any,
) -> SignedEvent:
    """Return a signed delivery of one event; `data` and `envelope` as in `event_payload`.

    `timestamp` (unix seconds) is when it was signed, now unless given. `Decimal` and `datetime` values are written as
    Paylera writes them, as strings.
    """
    payload = event_payload(event_type, data=data, **envelope)
    body = to_json(payload)
    headers = {
        "Content-Type": "application/json",
        "Paylera-Signature": sign(body, secret, timestamp=int(REAL.now()) if timestamp is None else timestamp),
        "Paylera-Event-Id": str(payload["id"]),
        "Paylera-Delivery-Id": f"del_{uuid7().replace('-', '')}",
        "Paylera-Event-Type": event_type,
    }
    return SignedEvent(body, headers)
