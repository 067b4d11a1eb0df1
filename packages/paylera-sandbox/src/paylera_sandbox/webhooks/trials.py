"""Trial deliveries: an event signed rightly, or wrongly on purpose, to see what a receiver makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from paylera_sandbox.ids import stable_id
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks import signing
from paylera_sandbox.webhooks.events import body

Signed = Literal["right", "wrong", "stale", "missing"]
_STALE_SECONDS = 3600


def trial(event: Doc, secret: str, *, signed: Signed = "right") -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a delivery: `wrong` has another secret, `stale` was signed an hour ago,
    `missing` has no signature."""
    payload = body(event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Paylera-Sandbox",
        "Paylera-Event-Id": event["id"],
        "Paylera-Delivery-Id": stable_id("del", f"{event['id']}:{signed}"),
        "Paylera-Event-Type": event["type"],
    }
    if signed != "missing":
        key = secret if signed != "wrong" else f"{secret}-wrong"
        headers["Paylera-Signature"] = sign(payload, key, age_seconds=_STALE_SECONDS if signed == "stale" else 0)
    return payload, headers


def sign(payload: bytes, secret: str, *, age_seconds: int = 0) -> str:
    """Return the signature of any bytes, made so long ago."""
    entries = [{"secret": secret, "expires_at": None}]
    return signing.signature(payload, entries, datetime.now(UTC), age_seconds=age_seconds)
