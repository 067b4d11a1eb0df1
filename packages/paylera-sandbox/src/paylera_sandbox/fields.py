"""What fields may hold: texts, ids, numbers, moments, addresses. Rules are made of these, see `rules`."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from paylera_sandbox import patterns
from paylera_sandbox.clock import stamp
from paylera_sandbox.kinds import Invalid, Kind, accepts, list_of, matching
from paylera_sandbox.rules import Rule, Rules, read, read_query

__all__ = [
    "MAX_METADATA_BYTES",
    "MAX_METADATA_KEYS",
    "Invalid",
    "Rule",
    "Rules",
    "address",
    "boolean",
    "choice",
    "codes",
    "count",
    "date",
    "decimal",
    "email",
    "identifier",
    "integer",
    "metadata",
    "optional_text",
    "quantities",
    "quantity",
    "read",
    "read_query",
    "text",
    "timestamp",
    "url",
]

_LARGEST = 10**15 - 1  # fifteen digits
MAX_METADATA_KEYS = 50
MAX_METADATA_BYTES = 500


def text(*, longest: int = 255) -> Kind[str]:
    """Take a string of printable characters that is not blank."""

    @accepts(matching(patterns.PRINTABLE, minLength=1, maxLength=longest))
    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Invalid("type.string", "must be a string")
        if not value.strip() or len(value) > longest:
            raise Invalid("string.length", f"must have 1 to {longest} characters")
        if patterns.CONTROL.search(value):
            raise Invalid("string.control_character", "must not hold control characters")
        return value

    return parse


@accepts({"type": "string", "maxLength": 255, "pattern": f"^{patterns.PRINTABLE.pattern}$|^[\\s\\x1c-\\x1f\\x85]*$"})
def optional_text(value: object) -> str | None:
    """Take a text, or a blank one for none: frameworks have users without a name."""
    return None if isinstance(value, str) and not value.strip() and len(value) <= 255 else text()(value)


@accepts(matching(patterns.IDENTIFIER))
def identifier(value: object) -> str:
    """Take an id or a code."""
    if not isinstance(value, str):
        raise Invalid("type.string", "must be a string")
    if not patterns.IDENTIFIER.fullmatch(value):
        raise Invalid("identifier.invalid", "must be 1 to 128 letters, digits, '_', '-', '.' or ':'")
    return value


@accepts(matching(patterns.EMAIL, format="email", maxLength=254, examples=["ada@example.com"]))
def email(value: object) -> str:
    """Take an e-mail address; only its rough form is checked."""
    address = text(longest=254)(value)
    if not patterns.EMAIL.fullmatch(address):
        raise Invalid("email.invalid", "must be an e-mail address")
    return address


@accepts({"type": "boolean"})
def _boolean_in_query(value: object) -> bool:
    if value not in {"true", "false"}:
        raise Invalid("type.boolean", "must be true or false")
    return value == "true"


@accepts({"type": "boolean"}, in_query=_boolean_in_query)
def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Invalid("type.boolean", "must be true or false")
    return value


def integer(lowest: int, highest: int) -> Kind[int]:
    """Take a whole number."""
    schema = {"type": "integer", "minimum": lowest, "maximum": highest}

    @accepts(schema)
    def digits(value: object) -> int:
        return within(int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value) else None)

    @accepts(schema, in_query=digits)
    def parse(value: object) -> int:
        return within(_whole(value))

    def within(number: int | None) -> int:
        if number is None:
            raise Invalid("type.integer", "must be an integer")
        if not lowest <= number <= highest:
            raise Invalid("integer.range", f"must be {lowest} to {highest}")
        return number

    return parse


def _whole(value: object) -> int | None:
    """Return a whole number; JSON does not tell 1.0 from 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@accepts(matching(patterns.POSITIVE, examples=["5"]))
def quantity(value: object) -> Decimal:
    """Take a decimal string above zero: at most 15 digits before and 8 after the point, no exponent."""
    number = decimal(value)
    if number <= 0:
        raise Invalid("quantity.not_positive", "must be above zero")
    return number


@accepts(matching(patterns.DECIMAL, examples=["10.00"]))
def decimal(value: object) -> Decimal:
    """Take a decimal string."""
    if not isinstance(value, str):
        raise Invalid("type.decimal_string", 'must be a decimal string, for example "1"')
    if not patterns.DECIMAL.fullmatch(value):
        raise Invalid("decimal.invalid", "must be plain decimal digits, at most 15 before and 8 after the point")
    return Decimal(value)


@accepts({"anyOf": [matching(patterns.COUNT, examples=["3"]), {"type": "integer", "minimum": 0, "maximum": _LARGEST}]})
def count(value: object) -> str:
    """Take a quantity of zero or more: a decimal string or a whole number."""
    whole = _whole(value)
    number = decimal(value if whole is None else str(whole))
    if number.is_signed():
        raise Invalid("quantity.negative", "must not be below zero")
    return f"{number:f}"


@accepts(
    {
        "type": "object",
        "maxProperties": MAX_METADATA_KEYS,
        "propertyNames": identifier.schema,
        "additionalProperties": count.schema,
    }
)
def quantities(value: object) -> dict[str, str]:
    """Take `{meter: quantity}`, each a decimal string or a whole number."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object of quantities by meter")
    if len(value) > MAX_METADATA_KEYS:
        raise Invalid("object.size", f"must have at most {MAX_METADATA_KEYS} members")
    return {identifier(meter): count(number) for meter, number in value.items()}


@accepts(list_of(identifier, longest=20))
def codes(value: object) -> list[str]:
    """Take a short list of codes."""
    if not isinstance(value, list) or len(value) > 20:
        raise Invalid("type.list", "must be a list of at most 20 codes")
    return [identifier(item) for item in value]


def choice(*names: str) -> Kind[str]:
    """Take one of some names."""

    @accepts({"type": "string", "enum": list(names)})
    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise Invalid("choice.invalid", f"must be one of {', '.join(names)}")
        return value

    return parse


@accepts(matching(patterns.URL, maxLength=2048, examples=["https://shop.example/done"]))
def url(value: object) -> str:
    """Take an absolute http(s) URL without credentials."""
    address = text(longest=2048)(value)
    if not patterns.URL.fullmatch(address) or not _is_splittable(address):
        raise Invalid("url.invalid", "must be an absolute http or https URL without a user name in it")
    return address


def _is_splittable(address: str) -> bool:
    """Tell whether the parts have sense too: a port that exists, an IPv6 address that is one."""
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


@accepts(
    {
        "type": "object",
        "maxProperties": MAX_METADATA_KEYS,
        "propertyNames": text(longest=100).schema,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": MAX_METADATA_BYTES},
    }
)
def metadata(value: object) -> dict[str, Any]:
    """Take flat metadata: at most 50 keys, each value at most 500 bytes. Null removes a key in a PATCH."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object")
    if len(value) > MAX_METADATA_KEYS:
        raise Invalid("metadata.too_many_keys", f"must have at most {MAX_METADATA_KEYS} keys")
    for key, item in value.items():
        _check_metadata(key, item)
    return value


def _check_metadata(key: str, item: object) -> None:
    text(longest=100)(key)
    if not isinstance(item, (str, int, float, bool, type(None))):
        raise Invalid("metadata.not_flat", f"'{key}' must be a string, a number, true, false or null")
    if len(str(item).encode()) > MAX_METADATA_BYTES or "\0" in str(item):
        raise Invalid("metadata.value_too_long", f"'{key}' must have at most {MAX_METADATA_BYTES} bytes and no NUL")


_ADDRESS = ("line1", "line2", "city", "region", "country", "postal_code")


@accepts(
    {
        "type": "object",
        "properties": {name: {**text().schema, "type": ["string", "null"]} for name in _ADDRESS},
        "additionalProperties": False,
    }
)
def address(value: object) -> dict[str, Any]:
    """Take a billing address."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object")
    for key, item in value.items():
        if key not in _ADDRESS:
            raise Invalid("field.unknown", f"has no member '{key}'; it takes {', '.join(_ADDRESS)}")
        if item is not None:
            text()(item)
    return value


@accepts(matching(patterns.DATE, format="date", examples=["2026-05-01"]))
def date(value: object) -> str:
    """Take a date, `2026-05-01`: this form and no other that means the same."""
    try:
        day = datetime.strptime(value, "%Y-%m-%d").date().isoformat() if isinstance(value, str) else ""  # noqa: DTZ007 a date has no zone
    except ValueError:
        day = ""
    if not day or day != value:
        raise Invalid("date.invalid", "must be a date, for example 2026-05-01")
    return day


@accepts(matching(patterns.MOMENT, format="date-time", examples=["2027-01-31T09:30:00Z"]))
def timestamp(value: object) -> str:
    """Take an ISO 8601 moment with its offset, and write it as the API does."""
    try:
        stamped = (
            stamp(datetime.fromisoformat(value))
            if isinstance(value, str) and patterns.MOMENT.fullmatch(value)
            else None
        )
    except (ValueError, OverflowError):
        stamped = None
    if stamped is None:
        raise Invalid("timestamp.invalid", 'must be ISO 8601 in UTC, for example "2026-11-24T09:30:00.000Z"')
    return stamped
