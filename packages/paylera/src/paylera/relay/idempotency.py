"""Which idempotency key an upstream call carries.

Source: contract section 2, "Idempotency".
"""

from __future__ import annotations

import hashlib

from paylera.http import Request
from paylera.relay.fields import KEY
from paylera.relay.problems import invalid
from paylera.relay.routes import KeyPolicy, Route

LONGEST_UPSTREAM_KEY = 255


def browser_key(route: Route, request: Request, dedup_key: str | None) -> str | None:
    """Return the checked key of the browser: the header, or `dedup_key`, its alias in the body."""
    if route.key is KeyPolicy.NONE:
        return None
    sent = request.joined("idempotency-key")
    header = KEY("Idempotency-Key", sent) if sent is not None else None
    if header is not None and dedup_key is not None and header != dedup_key:
        raise invalid("dedup_key", "ambiguous", "must equal the Idempotency-Key header, or be left out")
    return header if header is not None else dedup_key


def upstream_key(customer_id: str, key: str) -> str:
    """Return the browser's key in its customer's own space, so that one user can never replay another's answer."""
    full = f"{customer_id}:{key}"
    return full if len(full) <= LONGEST_UPSTREAM_KEY else hashlib.sha256(full.encode()).hexdigest()
