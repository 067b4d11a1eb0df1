"""Specifications: what a fault is told when it is added, read by rules like every other input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.billing.cards import DECLINES
from paylera_sandbox.faults.actions import ACTIONS, MATCHERS
from paylera_sandbox.fields import Rule
from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.store import Doc

_PATH = re.compile(r"/[\x21-\x7e]{0,300}")
_EVENT_TYPE = re.compile(r"\*|[a-z][a-z_]*\.(\*|[a-z][a-z_]*)")
_CARD = re.compile(r"[0-9]{4}|[0-9 -]{12,23}|tok_[a-z0-9_]{1,60}")


@accepts(matching(_PATH))
def path(value: object) -> str:
    """Take a path in which `*` stands for anything and `{name}` for one segment."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise Invalid("path.invalid", "must be a path that begins with '/', for example /v1/customers/*")
    return value


@accepts(matching(_EVENT_TYPE))
def event_type(value: object) -> str:
    """Take an event type or a pattern of some."""
    if not isinstance(value, str) or not _EVENT_TYPE.fullmatch(value):
        raise Invalid("event_type.invalid", "must be an event type, 'prefix.*' or '*'")
    return value


@accepts(matching(_CARD))
def card(value: object) -> str:
    """Take a test card: its number, its token or its last four digits."""
    if not isinstance(value, str) or not _CARD.fullmatch(value):
        raise Invalid("card.invalid", "must be a card number, a token such as tok_visa_success, or four last digits")
    return value


@accepts({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
def probability(value: object) -> float:
    """Take a probability, or its digits."""
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if not 0 < number <= 1:
        raise Invalid("probability.invalid", "must be a number above 0 and at most 1")
    return number


_SCHEDULE = {
    "skip": Rule(fields.integer(0, 1_000_000)),
    "times": Rule(fields.integer(1, 1_000_000)),
    "probability": Rule(probability),
    "seed": Rule(fields.integer(0, 2**53)),
}
_FIELDS: Mapping[str, Rule] = {
    "method": Rule(fields.choice("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")),
    "path": Rule(path),
    "customer_id": Rule(fields.identifier),
    "idempotency_key": Rule(fields.text()),
    "event_type": Rule(event_type),
    "endpoint_id": Rule(fields.identifier),
    "card": Rule(card),
    "payment_method_id": Rule(fields.identifier),
    "milliseconds": Rule(fields.integer(1, 600_000)),
    "seconds": Rule(fields.integer(1, 1_000_000_000)),
    "retry_after": Rule(fields.integer(0, 86_400)),
    "status": Rule(fields.integer(500, 599)),
    "decline_code": Rule(fields.choice(*DECLINES)),
}
_ACTION = Rule(fields.choice(*ACTIONS))
BODY: Mapping[str, Rule] = {"action": _ACTION, **_FIELDS, **_SCHEDULE}  # of all actions together


def read(given: Mapping[str, Any]) -> Doc:
    """Read a specification: the fields depend on the action. What was not given and has no default is absent."""
    sent = {"action": "", **{name: value for name, value in given.items() if value is not None}}
    known = isinstance(sent["action"], str) and sent["action"] in ACTIONS
    return fields.read(sent, rules_of(sent["action"])) if known else fields.read(sent, BODY)  # which lists the actions


def rules_of(name: str) -> Mapping[str, Rule]:
    """Return the fields that one action takes."""
    action = ACTIONS[name]
    limits = {matcher: _FIELDS[matcher] for matcher in MATCHERS[action.place]}
    told = {key: Rule(_FIELDS[key].parse, default=value) for key, value in action.parameters.items()}
    return {"action": _ACTION, **limits, **told, **_SCHEDULE}
