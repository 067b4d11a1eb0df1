"""Input fields: a route declares its fields as a table of rules, and everything else is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from paylera_sandbox.kinds import Invalid, Kind, Schema
from paylera_sandbox.problems import Fault, invalid

Parser = Callable[[object], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is read."""

    parse: Parser
    required: bool = False
    default: Any = None

    @property
    def schema(self) -> Schema:
        """Return the JSON schema of what the field takes in a body."""
        return self.parse.schema if isinstance(self.parse, Kind) else {}

    @property
    def in_query(self) -> Rule:
        """Return how the field is read in a query, where all is text."""
        found = self.parse.in_query if isinstance(self.parse, Kind) else None
        return self if found is None else replace(self, parse=found)


Rules = Mapping[str, Rule]
MOST_UNKNOWN = 20  # are named in a refusal: it shall not be a multiple of what was sent
_LONGEST_NAME = 128


def read_query(given: Mapping[str, str], rules: Rules) -> dict[str, Any]:
    """Read the fields of a query, see `read`."""
    return read(given, {name: rule.in_query for name, rule in rules.items()})


def read(given: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Read every declared field or refuse with all faults at once (but for the names of a great many fields that there
    are not). A field that was not sent and has no default is absent from the result; an explicit null is None."""
    strange = islice((name for name in given if name not in rules), MOST_UNKNOWN)
    faults = [Fault(name[:_LONGEST_NAME], "field.unknown", unknown(rules)) for name in strange]
    values: dict[str, Any] = {}
    for name, rule in rules.items():
        try:
            read_one(given, name, rule, values)
        except Invalid as error:
            faults.append(Fault(name + error.at, error.code, error.message))
    if faults:
        raise invalid(*faults)
    return values


def unknown(rules: Rules) -> str:
    """Say which fields there are instead."""
    return f"is not a field of this route; it takes {', '.join(rules) or 'none'}"


def read_one(given: Mapping[str, Any], name: str, rule: Rule, values: dict[str, Any]) -> None:
    """Read one field into `values`."""
    value = given.get(name)
    if value is not None:
        values[name] = rule.parse(value)
    elif rule.required:
        raise Invalid("field.required", "is required")
    elif rule.default is not None:
        values[name] = rule.default
    elif name in given:
        values[name] = None
