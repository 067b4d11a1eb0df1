"""Input fields: a route declares its fields as a table of rules, and everything else is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from paylera_sandbox.clock import stamp
from paylera_sandbox.problems import Fault, invalid

Parser = Callable[[object], Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,8})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
MAX_METADATA_KEYS = 50
MAX_METADATA_BYTES = 500


class Invalid(Exception):
    """A value that a rule refuses, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is read."""

    parse: Parser
    required: bool = False
    default: Any = None


Rules = Mapping[str, Rule]


def read(given: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Read every declared field or refuse with all faults at once. A field that was not sent and has no default is
    absent from the result; an explicit null is None."""
    faults = [Fault(name, "field.unknown", _unknown(name, rules)) for name in given if name not in rules]
    values: dict[str, Any] = {}
    for name, rule in rules.items():
        try:
            _read_one(given, name, rule, values)
        except Invalid as error:
            faults.append(Fault(name, error.code, error.message))
    if faults:
        raise invalid(*faults)
    return values


def _unknown(name: str, rules: Rules) -> str:
    return f"is not a field of this route; it takes {', '.join(rules) or 'none'}"


def _read_one(given: Mapping[str, Any], name: str, rule: Rule, values: dict[str, Any]) -> None:
    value = given.get(name)
    if value is not None:
        values[name] = rule.parse(value)
    elif rule.required:
        raise Invalid("field.required", "is required")
    elif rule.default is not None:
        values[name] = rule.default
    elif name in given:
        values[name] = None


def text(*, longest: int = 255) -> Parser:
    """Take a string of printable characters that is not blank."""

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Invalid("type.string", "must be a string")
        if not value.strip() or len(value) > longest:
            raise Invalid("string.length", f"must have 1 to {longest} characters")
        if _CONTROL.search(value):
            raise Invalid("string.control_character", "must not hold control characters")
        return value

    return parse


def optional_text(value: object) -> str | None:
    """Take a text, or a blank one for none: frameworks have users without a name."""
    return None if isinstance(value, str) and not value.strip() else text()(value)


def identifier(value: object) -> str:
    """Take an id or a code."""
    if not isinstance(value, str):
        raise Invalid("type.string", "must be a string")
    if not _IDENTIFIER.fullmatch(value):
        raise Invalid("identifier.invalid", "must be 1 to 128 letters, digits, '_', '-', '.' or ':'")
    return value


def email(value: object) -> str:
    """Take an e-mail address; only its rough form is checked."""
    address: str = text(longest=254)(value)
    if not _EMAIL.fullmatch(address):
        raise Invalid("email.invalid", "must be an e-mail address")
    return address


def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Invalid("type.boolean", "must be true or false")
    return value


def integer(lowest: int, highest: int) -> Parser:
    """Take a whole number, or its digits (a query has nothing but text)."""

    def parse(value: object) -> int:
        digits = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"-?[0-9]{1,18}", digits):
            raise Invalid("type.integer", "must be an integer")
        if not lowest <= int(digits) <= highest:
            raise Invalid("integer.range", f"must be {lowest} to {highest}")
        return int(digits)

    return parse


def quantity(value: object) -> Decimal:
    """Take a decimal string above zero: at most 15 digits before and 8 after the point, no exponent."""
    number = decimal(value)
    if number <= 0:
        raise Invalid("quantity.not_positive", "must be above zero")
    return number


def decimal(value: object) -> Decimal:
    """Take a decimal string."""
    if not isinstance(value, str):
        raise Invalid("type.decimal_string", 'must be a decimal string, for example "1"')
    if not _DECIMAL.fullmatch(value):
        raise Invalid("decimal.invalid", "must be plain decimal digits, at most 15 before and 8 after the point")
    return Decimal(value)


def quantities(value: object) -> dict[str, str]:
    """Take `{meter: quantity}`, each a decimal string or a whole number."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object of quantities by meter")
    if len(value) > MAX_METADATA_KEYS:
        raise Invalid("object.size", f"must have at most {MAX_METADATA_KEYS} members")
    return {identifier(meter): _count(number) for meter, number in value.items()}


def _count(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    number = decimal(str(value) if whole else value)
    if number < 0:
        raise Invalid("quantity.negative", "must not be below zero")
    return f"{number:f}"


def codes(value: object) -> list[str]:
    """Take a short list of codes."""
    if not isinstance(value, list) or len(value) > 20:
        raise Invalid("type.list", "must be a list of at most 20 codes")
    return [identifier(item) for item in value]


def choice(*names: str) -> Parser:
    """Take one of some names."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise Invalid("choice.invalid", f"must be one of {', '.join(names)}")
        return value

    return parse


def any_of(*names: str) -> Parser:
    """Take a comma-separated list of names."""

    def parse(value: object) -> tuple[str, ...]:
        return tuple(choice(*names)(item.strip()) for item in str(value).split(","))

    return parse


def url(value: object) -> str:
    """Take an absolute http(s) URL without credentials."""
    address: str = text(longest=2048)(value)
    if not _is_web_url(address):
        raise Invalid("url.invalid", "must be an absolute http or https URL without a user name in it")
    return address


def _is_web_url(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    spaceless = not re.search(r"[\s\\]", address)
    return parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(host)) and spaceless


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


def address(value: object) -> dict[str, Any]:
    """Take a billing address."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object")
    known = ("line1", "line2", "city", "region", "country", "postal_code")
    for key, item in value.items():
        if key not in known:
            raise Invalid("field.unknown", f"has no member '{key}'; it takes {', '.join(known)}")
        if item is not None:
            text()(item)
    return value


def date(value: object) -> str:
    """Take a date, `2026-05-01`: this form and no other that means the same."""
    try:
        day = datetime.strptime(value, "%Y-%m-%d").date().isoformat() if isinstance(value, str) else ""  # noqa: DTZ007 a date has no zone
    except ValueError:
        day = ""
    if not day or day != value:
        raise Invalid("date.invalid", "must be a date, for example 2026-05-01")
    return day


def timestamp(value: object) -> str:
    """Take an ISO 8601 moment with its offset, and write it as the API does."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        stamped = stamp(moment) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        stamped = None
    if stamped is None:
        raise Invalid("timestamp.invalid", 'must be ISO 8601 in UTC, for example "2026-11-24T09:30:00.000Z"')
    return stamped
