"""The parts of the document that no table holds: its introduction, the common headers, the chapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera_sandbox.webhooks.endpoints import API_VERSION

INFO: Mapping[str, Any] = {
    "title": "Paylera API",
    "version": API_VERSION,
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
    "subscriptions": "Who has which plan, from when to when.",
    "dunning": "What happens when a payment fails.",
    "invoices": "What is to be paid.",
    "payments": "What was paid, or was not.",
    "payment-methods": "What customers pay with.",
    "webhook-endpoints": "Where events are delivered, and what became of the deliveries.",
    "events": "Everything that happened.",
}
_KEY: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"}
_KEY_TEXT = "One key for each logical call: for 24 hours the same key gets the same answer, byte for byte."


def _header(name: str, text: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


PARAMETERS: Mapping[str, Any] = {
    "ApiVersion": _header(
        "Paylera-Api-Version",
        "The API date that the caller was written for.",
        {"type": "string", "enum": [API_VERSION]},
    ),
    "RequestId": _header(
        "X-Request-Id",
        "The caller's name for the request; an ill-formed one is replaced.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    ),
    "IdempotencyKey": _header("Idempotency-Key", _KEY_TEXT, _KEY, required=True),
    "IdempotencyKeyOrAlias": _header("Idempotency-Key", f"{_KEY_TEXT} `dedup_key` in the body may stand for it.", _KEY),
}
_TEXT: Mapping[str, Any] = {"schema": {"type": "string"}}
HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {"description": "The name of the request, in logs and problems too.", "required": True, **_TEXT},
    "Paylera-Api-Version": {"description": "The API date that the answer has.", "required": True, **_TEXT},
    "Idempotent-Replayed": {
        "description": "The answer is the one that the first call with this key had.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"description": "The scheme that is wanted.", "required": True, **_TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}
