"""The parts of the document that no table holds: its introduction, the common headers, the chapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera_sandbox.dialects import CURRENT, VERSIONS

INFO: Mapping[str, Any] = {
    "title": "Paylera API",
    "version": CURRENT,
    "description": (
        "Hosted billing, as the local sandbox speaks it. Amounts and quantities are decimal strings, moments are ISO "
        "8601 in UTC with milliseconds, lists are pages of at most 100 objects, every refusal is a problem document."
    ),
    "license": {"name": "MIT", "identifier": "MIT"},
}
TAGS: Mapping[str, str] = {
    "everyday": "What an application calls: attach a plan, check a feature, track usage.",
    "customers": "The merchant's paying users and organisations.",
    "products": "What plans belong to.",
    "plans": "What is sold.",
    "coupons": "What is taken off.",
    "usage": "What was used.",
    "subscriptions": "Who has which plan, from when to when.",
    "dunning": "What happens when a payment fails.",
    "invoices": "What is to be paid.",
    "credit-notes": "Corrections of invoices that were opened.",
    "payments": "What was paid, or was not.",
    "payment-methods": "What customers pay with.",
    "setup-intents": "Permission to store a payment method.",
    "wallets": "Money that customers have paid ahead.",
    "checkout": "Hosted pages on which customers pay.",
    "portal": "Hosted pages on which customers look after their subscription.",
    "webhook-endpoints": "Where events are delivered, and what became of the deliveries.",
    "events": "Everything that happened.",
}
CONTROL_INFO: Mapping[str, Any] = {
    "title": "Paylera sandbox control API",
    "version": CURRENT,
    "description": (
        "What one does to a sandbox and not to Paylera: move its clock, make things go wrong, keep and restore its "
        "data. The token chooses the namespace, as it does for the API. No call needs an idempotency key."
    ),
    "license": INFO["license"],
}
CONTROL_TAGS: Mapping[str, str] = {
    "health": "That the sandbox works.",
    "clock": "The time by which a namespace goes.",
    "namespaces": "Isolated Payleras of one server, each with a token of its own.",
    "data": "Empty a namespace, fill it, keep it and bring it back.",
    "rate-limits": "What is refused when calls come too fast.",
    "listeners": "Endpoints that last as long as somebody asks what came of their deliveries.",
    "events": "Events on demand.",
    "tax-ids": "Tax ids that turn out to be invalid.",
    "requests": "The latest requests to the API.",
    "faults": "What goes wrong on demand.",
}
_KEY: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"}
_KEY_TEXT = "One key for each logical call: for 24 hours the same key gets the same answer, byte for byte."


def _header(name: str, text: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


_DATE: Mapping[str, Any] = {"type": "string", "enum": list(VERSIONS)}
PARAMETERS: Mapping[str, Any] = {
    "ApiVersion": _header(
        "Paylera-Api-Version", f"The API date that the caller was written for; {CURRENT} without it.", _DATE
    ),
    "OlderApiVersion": _header(
        "Paylera-Version",
        "The same from callers of the API generation. Without `Paylera-Api-Version`, refusals have their form.",
        _DATE,
    ),
    "RequestId": _header(
        "X-Request-Id",
        "The caller's name for the request: 8 to 64 letters, digits, '.', '_' and '-'; any other is replaced.",
        {"type": "string", "examples": ["order-2026-000123"]},
    ),
    "IdempotencyKey": _header("Idempotency-Key", _KEY_TEXT, _KEY, required=True),
    "OptionalIdempotencyKey": _header(
        "Idempotency-Key", f"{_KEY_TEXT} Where the body takes `dedup_key`, one of the two is needed.", _KEY
    ),
}
_TEXT: Mapping[str, Any] = {"schema": {"type": "string"}}
_NUMBER: Mapping[str, Any] = {"schema": {"type": "integer", "minimum": 0}}
HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {"description": "The name of the request, in logs and problems too.", "required": True, **_TEXT},
    "Paylera-Api-Version": {"description": "The API date that the answer has.", "required": True, **_TEXT},
    "Paylera-Version": {"description": "The same, to who sent this header.", **_TEXT},
    "Deprecation": {"description": "Since when the API date is deprecated (RFC 9745), if it is.", **_TEXT},
    "Sunset": {"description": "Until when a deprecated API date is answered (RFC 8594).", **_TEXT},
    "X-RateLimit-Limit": {"description": "How many calls of this class a second may have.", **_NUMBER},
    "X-RateLimit-Remaining": {"description": "How many of them are left now.", **_NUMBER},
    "X-RateLimit-Reset": {"description": "When all of them are there again, in unix seconds.", **_NUMBER},
    "Idempotent-Replayed": {
        "description": "The answer is the one that the first call with this key had.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"description": "The scheme that is wanted, if the token is at fault.", **_TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}
