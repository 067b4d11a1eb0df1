"""JSON as it arrives: read strictly, so that nothing ambiguous is stored and nothing hostile is a surprise later."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from paylera_sandbox.problems import Problem

MAX_DEPTH = 32
_LONGEST_INTEGER = 19  # digits of a 64-bit integer
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(body: bytes) -> dict[str, Any]:
    """Read an object from the body; an empty body is an empty object."""
    if not body.strip():
        return {}
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _refusal(_reason(error)) from None
    if not isinstance(value, dict):
        raise _refusal("the body must be a JSON object")
    _inspect(value, 1)
    return value


def dump(value: object) -> bytes:
    """Write compact JSON."""
    return _ENCODER.encode(value).encode()


def canonical(value: object) -> bytes:
    """Write JSON in the one form that equal values share."""
    return _CANONICAL.encode(value).encode()


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return f"nested deeper than {MAX_DEPTH} levels"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return str(error)


def _refusal(reason: str) -> Problem:
    return Problem("request.invalid_json", f"Send a JSON object in UTF-8: {reason}.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice in one object")
    return members


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _LONGEST_INTEGER:
        raise ValueError("an integer is beyond 64 bits; send large numbers as strings")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large; send large numbers as strings")
    return number


def _inspect(value: object, depth: int) -> None:
    """Refuse what parses but cannot be stored: depth without end and half a character."""
    if depth > MAX_DEPTH:
        raise _refusal(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise _refusal("a string holds half of a surrogate pair")
    elif isinstance(value, dict):
        for key, member in value.items():
            _inspect(key, depth)
            _inspect(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _inspect(member, depth + 1)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_number
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
