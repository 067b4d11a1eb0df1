"""How values are written on pages: moments, money, statuses, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from paylera_sandbox.billing.cards import spaced
from paylera_sandbox.money import quantity_text

if TYPE_CHECKING:
    from markupsafe import Markup

# A status that is not here is neither good nor bad.
TONES: Mapping[str, str] = {
    **dict.fromkeys(("active", "paid", "succeeded", "enabled", "complete", "issued"), "good"),
    **dict.fromkeys(("trialing", "pending", "processing", "requires_action", "open", "draft"), "note"),
    **dict.fromkeys(("paused", "partially_paid", "partially_refunded", "pending_activation"), "note"),
    **dict.fromkeys(("past_due", "failed", "uncollectible", "charged_back", "auto_disabled", "error"), "bad"),
}
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)')
_MOST_COLOURED = 100_000


def day(stamp: str) -> str:
    """Write `1 November 2026`."""
    moment = datetime.fromisoformat(stamp)
    return f"{moment.day} {moment:%B %Y}"


def moment(stamp: str) -> str:
    """Write `1 Nov 2026, 09:30:05`."""
    at = datetime.fromisoformat(stamp)
    return f"{at.day} {at:%b %Y, %H:%M:%S}"


def minute(stamp: str) -> str:
    """Write `1 Nov 2026, 09:30`."""
    return moment(stamp)[:-3]


def short(identifier: str) -> str:
    """Write an id by its ends: those made in the same minute begin alike."""
    prefix, mark, rest = identifier.rpartition("_")
    return f"{prefix}{mark}…{rest[-8:]}" if len(rest) > 12 else identifier


def plainly(name: str) -> str:
    """Write a name of the API as words."""
    return name.replace("_", " ").capitalize()


def tone(status: str) -> str:
    """Return how a status is to look: `good`, `note`, `bad`, or neither."""
    return TONES.get(status, "")


def status_tone(status: int | None) -> str:
    """Return how an HTTP status is to look."""
    if status is None:
        return "bad"
    return "good" if status < 400 else "note" if status < 500 else "bad"


def grouped(amount: object) -> str:
    """Write a number with its thousands apart: `1,234.50`."""
    return f"{Decimal(str(amount)):,f}"


def is_zero(amount: str) -> bool:
    """Tell whether an amount is zero, however it is written."""
    return Decimal(amount) == 0


def negated(amount: str) -> str:
    """Write an amount with the other sign."""
    return amount[1:] if amount.startswith("-") else f"-{amount}"


def percent(rate: object) -> str:
    """Write a rate such as 0.08 as `8 %`."""
    return f"{quantity_text(Decimal(str(rate)) * 100)} %"


def milliseconds(duration: float) -> str:
    """Write a duration."""
    if duration >= 1000:
        return f"{duration / 1000:.1f} s"
    return f"{duration:.0f} ms" if duration >= 10 else f"{duration:.1f} ms"


def person(customer: Mapping[str, Any]) -> str:
    """Return the name that tells a customer best."""
    return str(customer["name"] or customer["email"] or customer["external_id"] or customer["id"])


def pretty(value: object) -> Markup:
    """Write JSON over several lines, its tokens marked for colours."""
    return coloured(json.dumps(value, indent=2, ensure_ascii=False))


def body(raw: bytes) -> Markup:
    """Write a body: JSON as `pretty`, anything else as it is, with what is not text replaced."""
    try:
        return pretty(json.loads(raw))
    except (ValueError, RecursionError):
        return coloured(raw.decode("utf-8", "replace"))


def coloured(text: str) -> Markup:
    """Mark the tokens of JSON; everything is escaped."""
    from markupsafe import Markup, escape

    if len(text) > _MOST_COLOURED:
        return escape(text)
    parts: list[str] = []
    place = 0
    for found in _TOKEN.finditer(text):
        parts += (str(escape(text[place : found.start()])), _token(found, escape))
        place = found.end()
    return Markup("").join([*map(Markup, parts), escape(text[place:])])


def _token(found: re.Match[str], escape: Callable[[str], object]) -> str:
    text, colon, word, _ = found.groups()
    if text and colon:
        return f'<span class="j-key">{escape(text)}</span>{colon}'
    kind = "text" if text else "word" if word else "number"
    return f'<span class="j-{kind}">{escape(found[0])}</span>'


def query(given: Mapping[str, object]) -> str:
    """Write a query string; what is empty is left out."""
    kept = {name: value for name, value in given.items() if value not in {None, ""}}
    return f"?{urlencode(kept)}" if kept else ""


FILTERS: Mapping[str, Callable[..., Any]] = {
    "body": body,
    "card": spaced,
    "day": day,
    "grouped": grouped,
    "is_zero": is_zero,
    "milliseconds": milliseconds,
    "minute": minute,
    "moment": moment,
    "negated": negated,
    "percent": percent,
    "person": person,
    "pretty": pretty,
    "query": query,
    "short": short,
    "status_tone": status_tone,
    "tone": tone,
    "words": plainly,
}
