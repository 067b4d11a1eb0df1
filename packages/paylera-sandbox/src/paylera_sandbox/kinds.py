"""Kinds of values: how one is read, together with the JSON schema of what is accepted. The two stand side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Schema = Mapping[str, Any]


class Invalid(Exception):
    """A value that a rule refuses, with a code for programs and a sentence for people. `at` is the way from the field
    to the fault inside it: `[1].pricing.amount`."""

    def __init__(self, code: str, message: str, *, at: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at

    def under(self, step: str) -> Invalid:
        """Return the same fault, seen from one level up."""
        return Invalid(self.code, self.message, at=step + self.at)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of value. Calling it reads one, or raises `Invalid`. In a query, where all is text, another kind may stand
    for it."""

    parse: Callable[[object], T]
    schema: Schema
    in_query: Kind[T] | None = None

    def __call__(self, value: object) -> T:
        """Read a value."""
        return self.parse(value)


def accepts(schema: Schema, *, in_query: Kind[Any] | None = None) -> Callable[[Callable[[object], T]], Kind[T]]:
    """Make a function that reads a value a kind, by saying what it accepts."""

    def decorate(parse: Callable[[object], T]) -> Kind[T]:
        return Kind(parse, schema, in_query)

    return decorate


def matching(pattern: re.Pattern[str], **more: object) -> Schema:
    """Return the schema of the strings that a pattern matches as a whole."""
    return {"type": "string", "pattern": f"^(?:{pattern.pattern})$", **more}


def list_of(kind: Kind[Any], *, longest: int, shortest: int = 0) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": kind.schema, "minItems": shortest, "maxItems": longest}
