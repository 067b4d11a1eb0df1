"""Placeholders in the data: `{uuid7}`, `{token}`, `{time}`, `{name}` for a saved value, `{uuid7:name}` to save one."""

from __future__ import annotations

import re
from typing import Any

PATTERNS = {
    "uuid7": r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "token": r"[A-Za-z0-9._~-]{40,200}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z",
    "text": r".+",
}
_HOLE = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z][a-z0-9_]*))?\}")


def filled(value: Any, names: dict[str, str]) -> Any:
    """Return `value` with every saved name in place; other braces stay."""
    match value:
        case str():
            return _HOLE.sub(lambda hole: names.get(hole[1], hole[0]) if hole[2] is None else hole[0], value)
        case dict():
            return {key: filled(item, names) for key, item in value.items()}
        case list():
            return [filled(item, names) for item in value]
    return value


def assert_matches(expected: Any, actual: Any, names: dict[str, str], where: str) -> None:
    """Compare exactly, but for placeholders; saves the values that `{kind:name}` asks to save."""
    match expected:
        case str():
            assert isinstance(actual, str), f"{where}: expected text, got {actual!r}"
            _assert_text(filled(expected, names), actual, names, where)
        case dict():
            assert isinstance(actual, dict), f"{where}: expected an object, got {actual!r}"
            assert sorted(actual) == sorted(expected), f"{where}: {actual!r}"
            for key, item in expected.items():
                assert_matches(item, actual[key], names, f"{where}.{key}")
        case list():
            assert isinstance(actual, list), f"{where}: expected a list, got {actual!r}"
            assert len(actual) == len(expected), f"{where}: {actual!r}"
            for index, item in enumerate(expected):
                assert_matches(item, actual[index], names, f"{where}[{index}]")
        case _:
            assert type(actual) is type(expected), f"{where}: {actual!r}"
            assert actual == expected, f"{where}: {actual!r}"


def _assert_text(expected: str, actual: str, names: dict[str, str], where: str) -> None:
    saved: list[str] = []
    pattern, end = "", 0
    for hole in _HOLE.finditer(expected):
        if hole[1] not in PATTERNS:
            continue
        saved.append(hole[2] or "")
        pattern += re.escape(expected[end : hole.start()]) + f"({PATTERNS[hole[1]]})"
        end = hole.end()
    found = re.fullmatch(pattern + re.escape(expected[end:]), actual, re.DOTALL)
    assert found is not None, f"{where}: expected {expected!r}, got {actual!r}"
    names.update({name: value for name, value in zip(saved, found.groups(), strict=True) if name})
