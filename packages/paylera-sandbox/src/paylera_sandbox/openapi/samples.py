"""Examples, made from the schemas: every value is one that the schema accepts and that means something to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera_sandbox.kinds import Schema

_PLAIN: Mapping[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "null": None,
}
_PREFIX = "#/components/schemas/"


def sample(schema: Schema, components: Mapping[str, Schema]) -> Any:
    """Return an example of what a schema accepts."""
    if "$ref" in schema:
        return sample(components[schema["$ref"].removeprefix(_PREFIX)], components)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "anyOf" in schema and "properties" not in schema:
        return sample(schema["anyOf"][0], components)
    if "allOf" in schema:
        return _merged([sample(part, components) for part in schema["allOf"]])
    return _of_type(schema, components)


def _of_type(schema: Schema, components: Mapping[str, Schema]) -> Any:
    kind = schema.get("type", "object")
    if kind == "array":
        return [sample(schema["items"], components)] if "items" in schema else []
    if kind == "object":
        members = schema.get("properties", {})
        return {name: sample(member, components) for name, member in members.items()}
    return _PLAIN[kind if isinstance(kind, str) else kind[0]]


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}
