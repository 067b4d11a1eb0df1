"""Shapes: fields inside fields. A fault in one names its whole path: `components[1].pricing.tiers[0].up_to`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from paylera_sandbox import kinds
from paylera_sandbox.kinds import Invalid, Kind, Schema, accepts
from paylera_sandbox.rules import Rule, Rules, read_one, unknown

Doc = dict[str, Any]


def record(rules: Rules) -> Kind[Doc]:
    """Take an object with the fields of a table. A field that was not sent and has no default is None."""

    @accepts(schema_of(rules))
    def parse(value: object) -> Doc:
        if not isinstance(value, dict):
            raise Invalid("type.object", "must be an object")
        for name in value:
            if name not in rules:
                raise Invalid("field.unknown", unknown(rules), at=f".{name[:128]}")
        found: Doc = dict.fromkeys(rules)
        for name, rule in rules.items():
            try:
                read_one(value, name, rule, found)
            except Invalid as error:
                raise error.under(f".{name}") from None
        return found

    return parse


def list_of(kind: Kind[Doc], *, least: int = 0, most: int) -> Kind[list[Doc]]:
    """Take a list of objects that all have one shape."""

    @accepts(kinds.list_of(kind, shortest=least, longest=most))
    def parse(value: object) -> list[Doc]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Invalid("type.list", f"must be a list of {least} to {most} items")
        found = []
        for place, item in enumerate(value):
            try:
                found.append(kind(item))
            except Invalid as error:
                raise error.under(f"[{place}]") from None
        return found

    return parse


def schema_of(rules: Rules) -> Schema:
    """Return the schema of an object with the fields of a table; null means the same as leaving a field out."""
    return {
        "type": "object",
        "properties": {name: _member(rule) for name, rule in rules.items()},
        "required": [name for name, rule in rules.items() if rule.required],
        "additionalProperties": False,
    }


def _member(rule: Rule) -> Schema:
    schema = rule.schema if rule.required else {"anyOf": [rule.schema, {"type": "null"}]}
    return with_default(schema, rule)


def with_default(schema: Schema, rule: Rule) -> Schema:
    """Return a schema that tells what counts when the field is left out."""
    if rule.default is None or "default" in schema:
        return schema
    return {**schema, "default": str(rule.default) if isinstance(rule.default, Decimal) else rule.default}
