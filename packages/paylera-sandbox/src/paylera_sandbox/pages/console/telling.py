"""What an event says, in a few words: for lists and timelines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paylera_sandbox.pages.words import minute, plainly
from paylera_sandbox.store import Doc

_GOOD = {"paid", "succeeded", "activated", "resumed", "recovered", "refunded", "trial_converted"}
_BAD = {"failed", "payment_failed", "past_due", "canceled", "uncollectible", "charged_back", "exhausted", "disabled"}
_BAD_ENDS = ("_failed", "_disabled", "_exceeded")
_MOST_CHANGES = 4
_UNTOLD = ("_id", "_start")  # ids say nothing to people, and a period begins where the one before ended
_STAMP = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """An event, how it is to look, what it is about, and what changed."""

    event: Doc
    tone: str
    text: str
    changes: list[str]


def told(event: Doc) -> Told:
    """Tell of an event. Its data may be anything: events can be made up."""
    family, _, name = event["type"].partition(".")
    tone = "good" if name in _GOOD else "bad" if name in _BAD or name.endswith(_BAD_ENDS) else ""
    data = event.get("data") or {}
    return Told(event, tone, _WORDS.get(family, _nothing)(data), _changes(event, data))


def _changes(event: Doc, data: Doc) -> list[str]:
    before = event.get("previous_attributes") or {}
    flat = [
        name for name, value in before.items() if not isinstance(value, (dict, list)) and not name.endswith(_UNTOLD)
    ]
    return [f"{plainly(name)}: {_value(before[name])} → {_value(data.get(name))}" for name in flat[:_MOST_CHANGES]]


def _value(value: object) -> str:
    text = "none" if value is None else str(value)
    return minute(text) if _STAMP.fullmatch(text) else text


def _joined(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part)


def _amount(data: Doc, name: str) -> str:
    return f"{data[name]} {data.get('currency', '')}" if data.get(name) else ""


def _card(data: Doc) -> str:
    card = data.get("card") or {}
    return f"{card.get('brand', '')} ending in {card.get('last4', '')}" if card else ""


def _error(data: Doc) -> str:
    return str((data.get("last_error") or {}).get("user_message") or "")


def _nothing(_data: Doc) -> str:
    return ""


_WORDS: Mapping[str, Callable[[Doc], str]] = {
    "customer": lambda data: _joined(data.get("name") or data.get("email") or data.get("external_id")),
    "subscription": lambda data: _joined(data.get("plan_code"), data.get("status")),
    "dunning": lambda data: _joined(data.get("plan_code"), data.get("status")),
    "invoice": lambda data: _joined(data.get("number"), _amount(data, "total"), data.get("status")),
    "payment": lambda data: _joined(_amount(data, "amount"), _error(data)),
    "payment_method": _card,
    "wallet": lambda data: _amount(data, "balance"),
    "usage": lambda data: _joined(data.get("feature_code"), data.get("quantity")),
    "webhook_endpoint": lambda data: _joined(data.get("url"), data.get("status")),
    "coupon": lambda data: _joined(data.get("code")),
}
