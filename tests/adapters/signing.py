"""Signed deliveries."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

SECRET = "whsec_adapters"


def event(identifier: str, kind: str = "invoice.paid", **more: Any) -> dict[str, Any]:
    """Return an event."""
    family = kind.partition(".")[0]
    data = {"id": "inv_1", "amount_paid": "19.00", "currency": "USD"} if family == "invoice" else {"id": "x_1"}
    envelope = {"id": identifier, "type": kind, "aggregate_type": family, "aggregate_id": data["id"], "data": data}
    return envelope | {"occurred_at": "2026-11-24T09:30:00.000Z", "schema_version": 1, "tenant_id": "ten_1"} | more


def signed(document: dict[str, Any], secret: str = SECRET) -> tuple[bytes, str]:
    """Return the bytes of a delivery and its signature header."""
    body, stamp = json.dumps(document).encode(), int(time.time())
    digest = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return body, f"t={stamp},v1={digest}"
