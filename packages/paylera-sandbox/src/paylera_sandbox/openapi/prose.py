"""Schemas in words, for the pages that show the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from paylera_sandbox.kinds import Schema

_PREFIX = "#/components/schemas/"
_FORMATS: Mapping[str, str] = {"date-time": "moment", "date": "date", "email": "e-mail address"}


class Member(NamedTuple):
    """One member of an object: its path, what it is in words, the schema it refers to, and whether it must be there."""

    name: str
    told: str
    model: str | None
    required: bool
    text: str


def members(schema: Schema, components: Mapping[str, Schema], *, at: str = "") -> Iterator[Member]:
    """Go through the members of an object, those inside of it included. Named schemas are not opened."""
    required = schema.get("required", ())
    for name, member in _properties(schema, components).items():
        place = f"{at}.{name}" if at else name
        yield Member(place, told(member), _model(member), name in required, member.get("description", ""))
        inner, step = _inner(member)
        if inner is not None:
            yield from members(inner, components, at=place + step)


def told(schema: Schema) -> str:
    """Say what a schema takes."""
    for name, phrase in _PHRASES.items():
        if name in schema:
            return phrase(schema)
    kind = schema.get("type", "anything")
    return _OF_TYPE.get(kind, _plain)(schema) if isinstance(kind, str) else " or ".join(map(_type, kind))


def _properties(schema: Schema, components: Mapping[str, Schema]) -> dict[str, Schema]:
    if "$ref" in schema:
        return _properties(components[schema["$ref"].removeprefix(_PREFIX)], components)
    merged: dict[str, Schema] = {}
    for part in schema.get("allOf", ()):
        merged.update(_properties(part, components))
    return {**merged, **schema.get("properties", {})}


def _inner(schema: Schema) -> tuple[Schema | None, str]:
    """Return the object that a member holds, if it is described in place, and how its path goes on."""
    for choice in schema.get("anyOf", (schema,)):
        if choice.get("properties"):
            return choice, ""
        if choice.get("items", {}).get("properties"):
            return choice["items"], "[]"
    return None, ""


def _model(schema: Schema) -> str | None:
    """Return the name of the schema that a member refers to."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_PREFIX)
    inside = [*schema.get("anyOf", ()), *(schema[name] for name in ("items", "additionalProperties") if name in schema)]
    return next((model for part in inside if isinstance(part, Mapping) and (model := _model(part))), None)


def _any(schema: Schema) -> str:
    return " or ".join(dict.fromkeys(told(part) for part in schema["anyOf"]))


def _one(schema: Schema) -> str:
    return f"one of {', '.join(map(str, schema['enum']))}" if len(schema["enum"]) > 1 else str(schema["enum"][0])


def _text(schema: Schema) -> str:
    if "format" in schema:
        return _FORMATS.get(schema["format"], schema["format"])
    longest = schema.get("maxLength")
    return f"text of at most {longest} characters" if longest else "text"


def _number(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    return "whole number" if low is None or high is None else f"whole number, {low} to {high}"


def _list(schema: Schema) -> str:
    return f"list of: {told(schema.get('items', {}))}"


def _object(schema: Schema) -> str:
    more = schema.get("additionalProperties")
    return f"object, each member: {told(more)}" if isinstance(more, Mapping) else "object"


def _plain(schema: Schema) -> str:
    return _type(schema.get("type", "anything"))


def _type(name: str) -> str:
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(name, name)


_PHRASES: Mapping[str, Callable[[Any], str]] = {
    "$ref": lambda schema: str(schema["$ref"]).removeprefix(_PREFIX),
    "anyOf": _any,
    "allOf": lambda schema: told(schema["allOf"][0]),
    "enum": _one,
    "const": lambda schema: f"always {schema['const']}",
}
_OF_TYPE: Mapping[str, Callable[[Any], str]] = {
    "string": _text,
    "integer": _number,
    "array": _list,
    "object": _object,
}
