"""A JSON parser that refuses what two parsers could read differently, or what exhausts one.

Refused: duplicate keys, NaN and Infinity, numbers beyond a float, integers beyond 64 bits, more than 32 levels, lone
surrogates, invalid UTF-8. Source: contract section 5.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
# Possessive, and content with a string that never ends: nothing is read twice, or 60 kB would hold a server for 10 s.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_LONGEST_INTEGER = len(str(-(2**63)))


class StrictJsonError(ValueError):
    """The text is not JSON that we accept; the message says why and never quotes the text."""


def loads(text: bytes) -> Any:
    """Parse `text`, or raise `StrictJsonError`."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        _refuse("the body is not UTF-8")
    _check_depth(decoded)
    try:
        value = _DECODER.decode(decoded)
    except StrictJsonError:
        raise
    except ValueError:
        _refuse("the body is not JSON")
    _check_text(value)
    return value


def _refuse(reason: str) -> NoReturn:
    raise StrictJsonError(reason) from None


def _check_depth(text: str) -> None:
    # Counted before parsing, because the parser itself recurses. Strings are taken out first: they may hold brackets.
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for character in _STRING.sub("", text):
        depth += (character in "[{") - (character in "]}")
        if depth > MAX_DEPTH:
            _refuse(f"the body is nested deeper than {MAX_DEPTH} levels")


def _check_text(value: Any) -> None:
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                _refuse("the body holds a lone surrogate")
        case dict():
            for key, item in value.items():
                _check_text(key)
                _check_text(item)
        case list():
            for item in value:
                _check_text(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("the body holds a key twice")
    return found


def _integer(digits: str) -> int:
    # Length first: converting thousands of digits is slow, and refused by Python itself.
    if len(digits) > _LONGEST_INTEGER or not -(2**63) <= int(digits) < 2**63:
        _refuse("the body holds an integer beyond 64 bits; send it as a string")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        _refuse("the body holds a number beyond the range of a float")
    return value


def _constant(_name: str) -> NoReturn:
    _refuse("the body holds NaN or Infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
