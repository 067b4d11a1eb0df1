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
# A member whose name says more than its type. The catalogue that comes with the sandbox has these codes.
_NAMED: Mapping[str, str] = {
    "customer_id": "cus_019ab4f06c0078d5a1b2c3d4e5f60718",
    "subscription_id": "sub_019ab4f06c0078d5a1b2c3d4e5f60718",
    "plan_id": "pro",
    "plan_code": "pro",
    "feature_code": "api_calls",
    "meter": "api_calls",
    "name": "Ada Lovelace",
    "description": "One hour of work",
    "token": "tok_visa_success",
}


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
    for name in ("anyOf", "oneOf"):
        if name in schema and "properties" not in schema:
            return sample(schema[name][0], components)
    if "allOf" in schema:
        return _merged([sample(part, components) for part in schema["allOf"]])
    return _of_type(schema, components)


def smallest(schema: Schema) -> dict[str, Any]:
    """Return an example of a body with what must be in it and no more."""
    either = [choice["required"][0] for choice in schema.get("anyOf", ())]
    whole = sample(schema, {})
    return {name: whole[name] for name in (*schema.get("required", ()), *either[:1])}


def _of_type(schema: Schema, components: Mapping[str, Schema]) -> Any:
    kind = schema.get("type", "object")
    if kind == "array":
        return [sample(schema["items"], components)] if "items" in schema else []
    if kind == "object":
        members = schema.get("properties", {})
        return {name: _member(name, member, components) for name, member in members.items()}
    return _PLAIN[kind if isinstance(kind, str) else kind[0]]


def _member(name: str, schema: Schema, components: Mapping[str, Schema]) -> Any:
    value = sample(schema, components)
    return _NAMED.get(name, value) if value == _PLAIN["string"] else value


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}
