"""What an operation takes, as OpenAPI says it: parameters of the path, the query and the head, and a body."""

from __future__ import annotations

import re
from typing import Any

from paylera_sandbox.kinds import Schema
from paylera_sandbox.openapi.samples import smallest
from paylera_sandbox.operations import Row
from paylera_sandbox.rules import Rule
from paylera_sandbox.shapes import schema_of, with_default

Parameter = dict[str, Any]
IDENTIFIER: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,128}$"}


def parameters(operation: Row) -> list[Parameter]:
    """Return the parameters of an operation."""
    path = [_parameter("path", name, IDENTIFIER, required=True) for name in re.findall(r"{(\w+)}", operation.path)]
    query = [_query(name, rule) for name, rule in operation.query.items()]
    return [*path, *query, *_head(operation)]


def body(operation: Row) -> dict[str, Any] | None:
    """Return the request body of an operation, or None for a GET."""
    if operation.method in {"GET", "DELETE"}:
        return None
    if operation.file:
        return {"required": True, "content": {"application/octet-stream": {}}}
    schema = schema_of(operation.body)
    if operation.either:
        schema = {**schema, "anyOf": [_given(name) for name in operation.either]}
    needed = bool(schema["required"] or operation.either)
    example = {"smallest": {"summary": "What must be in it", "value": smallest(schema)}}
    return {"required": needed, "content": {"application/json": {"schema": schema, "examples": example}}}


def _given(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _query(name: str, rule: Rule) -> Parameter:
    schema = with_default(rule.in_query.schema, rule)
    parameter = _parameter("query", name, schema, required=rule.required)
    return {**parameter, "style": "form", "explode": False} if schema.get("type") == "array" else parameter


def _parameter(place: str, name: str, schema: Schema, *, required: bool = False) -> Parameter:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _head(operation: Row) -> list[Parameter]:
    names = ["ApiVersion", "OlderApiVersion", "RequestId"]
    if operation.needs_key and "dedup_key" not in operation.body:
        names.append("IdempotencyKey")
    elif operation.may_have_key:
        names.append("OptionalIdempotencyKey")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]
