"""From verified bytes to a typed event.

Paylera signed these bytes, so what is harmless is let through (unknown members, a key twice: the last one counts). What
no parser may be given ends as `malformed_payload`: bytes that are not UTF-8, lone surrogates, NaN, endless nesting or
digits. Source: contract section 7.
"""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from paylera.webhooks.catalogue import EVENT_TYPES
from paylera.webhooks.event import PayleraWebhookEvent
from paylera.webhooks.signatures import refusal

_CONTAINERS = (dict, list)

log = logging.getLogger("paylera.webhooks")


def parse_event(payload: bytes) -> PayleraWebhookEvent:
    """Return the event in a verified body, or raise `SignatureVerificationError` (`malformed_payload`).

    An unknown type gives the base class. So does a known one whose data no longer fits its class: nothing is lost, a
    warning is logged, and a handler that reads typed attributes fails, so that the event comes again after an upgrade.
    """
    event, misfit = read_event(payload)
    if misfit is not None:
        log.warning("the %s event %s %s, handlers get it untyped", event.type, event.id, misfit)
    return event


def read_event(payload: bytes) -> tuple[PayleraWebhookEvent, str | None]:
    """Return the event in a verified body and, if its data does not fit its class, where not; then it is untyped.

    Raises `SignatureVerificationError` (`malformed_payload`).
    """
    envelope = _decoded(payload)
    event_type = envelope.get("type")
    try:
        return _class_of(event_type).model_validate(envelope), None
    except ValidationError as error:
        return _untyped(envelope), _misfit(error)


def read_envelope(payload: bytes) -> PayleraWebhookEvent:
    """Return the event in a verified body untyped, whatever its class: enough to store it, in half the time.

    Raises `SignatureVerificationError` (`malformed_payload`). A number that no `Decimal` can hold is let through: its
    record is quarantined when its turn comes.
    """
    return _untyped(_found(payload))


def _decoded(payload: bytes) -> dict[str, Any]:
    found = _found(payload)
    try:
        # An amount must not become a float on its way to a Decimal. The first parser has ruled out what is hostile.
        return json.loads(payload, parse_float=Decimal) if _holds_float(found) else found
    except (ValueError, ArithmeticError):  # the second is decimal's: an exponent beyond even its range
        raise refusal("malformed_payload") from None


def _found(payload: bytes) -> dict[str, Any]:
    try:
        found = from_json(payload, allow_inf_nan=False)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    raise refusal("malformed_payload")


def _holds_float(value: dict[str, Any] | list[Any]) -> bool:
    for item in value.values() if isinstance(value, dict) else value:
        kind = type(item)
        if kind is float or (kind in _CONTAINERS and _holds_float(item)):
            return True
    return False


def _class_of(event_type: Any) -> type[PayleraWebhookEvent]:
    return EVENT_TYPES.get(event_type, PayleraWebhookEvent) if isinstance(event_type, str) else PayleraWebhookEvent


def _untyped(envelope: dict[str, Any]) -> PayleraWebhookEvent:
    try:
        return PayleraWebhookEvent.model_validate(envelope)
    except ValidationError:
        raise refusal("malformed_payload") from None


def _misfit(error: ValidationError) -> str:
    # The places only: what the values are is the merchant's customers' business.
    places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
    return f"does not fit its class; see {', '.join(places)}"
