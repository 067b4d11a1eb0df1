"""What callers hand over, made fit for the wire: bodies, query strings, decimals, timestamps and raw paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from urllib.parse import urlencode

Quantity = str | int | Decimal
"""A decimal number without rounding; floats are refused because they are not exact."""

_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_KEY = re.compile(r"[!-~]{1,255}")
_RAW_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~:@-]+)+")


class Unset(Enum):
    """The type of `UNSET`: a member that is left as it is, where None would clear it."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


def given(**members: Any) -> dict[str, Any]:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def changed(**members: Any) -> dict[str, Any]:
    """Return the members that are not `UNSET`; None among them clears."""
    return {name: value for name, value in members.items() if value is not UNSET}


def alternatives(value: str | Iterable[str] | None) -> str | list[str] | None:
    """Return a filter of one value or of several, of which any may match."""
    return value if value is None or isinstance(value, str) else list(value)


def decimal(parameter: str, value: object) -> str | None:
    """Return a quantity or amount as the decimal string that Paylera takes; None stays None."""
    if value is None:
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool | float) or not _DECIMAL.fullmatch(text):
        msg = f"{parameter} must be a decimal number as str, int or Decimal (no float, no exponent)"
        raise ValueError(msg)
    return text


def timestamp(parameter: str, value: datetime | str | None) -> str | None:
    """Return a time as ISO 8601 UTC with milliseconds; a string is passed on, None stays None."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        msg = f"{parameter} must be an aware datetime, for example datetime.now(UTC)"
        raise ValueError(msg)
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def checked_key(key: object) -> str:
    """Return an idempotency key, or raise `ValueError` for one that Paylera would not take."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("idempotency_key must be 1 to 255 visible ASCII characters")
    return key


def checked_path(path: object) -> str:
    """Return a raw path, or raise `ValueError`: clients and proxies rewrite anything but plain segments."""
    if not isinstance(path, str) or not _RAW_PATH.fullmatch(path):
        raise ValueError("path must be plain segments such as '/v1/plans'; a query belongs into params=")
    return path


def query(params: Mapping[str, Any]) -> str:
    """Return `?name=value&...`, or nothing: None is left out, several values are joined by commas."""
    text = urlencode([(name, _query_value(value)) for name, value in params.items() if value is not None])
    return f"?{text}" if text else ""


def _query_value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple() | set() | frozenset():
            return ",".join(_query_value(item) for item in value)
        case datetime():
            return timestamp("a filter", value) or ""
        case _:
            return str(value)


def encoded(body: Any) -> bytes:
    """Return the JSON text of a body; `ValueError` or `TypeError` for what JSON cannot hold, NaN included."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False, default=_plain).encode()


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return decimal("a Decimal", value)
        case datetime():
            return timestamp("a datetime", value)
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
    msg = f"{type(value).__name__} is nothing that JSON can hold"
    raise TypeError(msg)
