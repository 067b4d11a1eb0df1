"""The OpenAPI documents as a judge: every answer that the sandbox gives in its own tests is held against it.

What fails here is a difference between what the code answers and what the document says. The complaint names the place
to change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.openapi.document import control_document, document
from paylera_sandbox.operations import Row
from paylera_sandbox.routes import OPERATIONS

SOURCE = "packages/paylera-sandbox/src/paylera_sandbox"
TABLE: tuple[Row, ...] = (*OPERATIONS, *COMMANDS)
ANYWHERE = {"route.not_found", "route.not_imitated", "route.method_not_allowed"}  # these belong to no operation


def complaints(method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Say in what an answer differs from the document."""
    operation = operation_at("GET" if method == "HEAD" else method, path)
    media_type = headers.get("content-type", "").partition(";")[0]
    if operation is None or _code(media_type, body) in ANYWHERE:
        return
    where = f"{method} {operation.path} ({operation.name}) answered {status}"
    described = entry(operation)["responses"].get(str(status))
    if described is None:
        yield f"{where}, which the document does not have. {_advice(status, _code(media_type, body))} {body[:300]!r}"
        return
    for name, header in described["headers"].items():
        if (
            whole(control=operation.control)["components"]["headers"][header["$ref"].rsplit("/", 1)[1]].get("required")
            and name.lower() not in headers
        ):
            yield f"{where} without the header {name}, which the document promises"
    content = described.get("content")
    if content is None:
        if body:
            yield f"{where} with a body, but the document has none: give the operation answer= in the table"
    elif media_type not in content:
        yield f"{where} as {media_type!r}, the document has {', '.join(content)}: correct answer= in the table"
    elif media_type.endswith("json") and method != "HEAD":
        yield from _differences(where, operation, status, media_type, body)


def _differences(where: str, operation: Row, status: int, media_type: str, body: bytes) -> Iterator[str]:
    value = json.loads(body)
    for error in validator(operation.name, status, media_type).iter_errors(value):
        code, place = _code(media_type, body), "/".join(map(str, error.instance_path))
        advice = _advice(status, code) if code else f"Correct the model in {SOURCE}/models."
        yield f"{where}, whose body differs at /{place}: {error.message[:600]}. {advice}"
    if operation.answer is not None and media_type == "application/json":
        yield from _event_differences(value)


def _event_differences(value: dict[str, Any]) -> Iterator[str]:
    """Hold the data of events against the model of their type."""
    for event in value.get("data", []) if isinstance(value.get("data"), list) else [value]:
        if "aggregate_type" not in event or "data" not in event:
            continue
        if event["type"] not in whole()["webhooks"]:
            yield f"the event type {event['type']} is not in {SOURCE}/webhooks/catalogue.py: add it"
            continue
        for error in event_validator(event["type"]).iter_errors(event):
            place = "/".join(map(str, error.instance_path))
            advice = f"Correct the model, or DATA in {SOURCE}/openapi/payloads.py."
            yield f"the event {event['type']} differs from its schema at /{place}: {error.message[:600]}. {advice}"


def _advice(status: int, code: str | None) -> str:
    if code is None:
        return "Correct status= of the operation in the table."
    return (
        f"If {code!r} is right, add it to problems= of the operation in the table, or, if a field or a path "
        f"implies it, to FIELDS or COLLECTIONS in {SOURCE}/openapi/refusals.py."
    )


def _code(media_type: str, body: bytes) -> str | None:
    if media_type != "application/problem+json" or not body:
        return None
    found = json.loads(body)
    return found.get("code") or found.get("problem")


@cache
def whole(*, control: bool = False) -> dict[str, Any]:
    """A document, in which objects have no member that is not described. (To readers it leaves that open, because
    new members may come.)"""
    return _closed((control_document if control else document)("http://sandbox"))


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {name: item if name in {"allOf", "examples"} else _closed(item) for name, item in node.items()}
    if "properties" in node and node.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def entry(operation: Row) -> dict[str, Any]:
    return whole(control=operation.control)["paths"][operation.path][operation.method.lower()]


def operation_at(method: str, path: str) -> Row | None:
    """The operation that a path leads to."""
    for template, operations in _templates():
        if template.fullmatch(path):
            return operations.get(method)
    return None


@cache
def _templates() -> list[tuple[re.Pattern[str], dict[str, Row]]]:
    paths: dict[str, dict[str, Row]] = {}
    for operation in TABLE:
        paths.setdefault(operation.path, {})[operation.method] = operation
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), operations) for path, operations in paths.items()]


@cache
def validator(name: str, status: int, media_type: str) -> jsonschema_rs.Draft202012Validator:
    operation = next(operation for operation in TABLE if operation.name == name)
    schema = entry(operation)["responses"][str(status)]["content"][media_type]["schema"]
    return _validator(schema, control=operation.control)


@cache
def event_validator(event_type: str) -> jsonschema_rs.Draft202012Validator:
    body = whole()["webhooks"][event_type]["post"]["requestBody"]
    return _validator(body["content"]["application/json"]["schema"])


def _validator(schema: dict[str, Any], *, control: bool = False) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema with what it refers to: with the whole document, each would take milliseconds."""
    schemas = whole(control=control)["components"]["schemas"]
    needed: set[str] = set()
    new = _named(schema)
    while new:
        needed |= new
        new = set().union(*(_names_in(name, control=control) for name in new)) - needed
    rooted = {**schema, "components": {"schemas": {name: schemas[name] for name in sorted(needed)}}}
    return jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)


@cache
def _names_in(name: str, *, control: bool) -> set[str]:
    return _named(whole(control=control)["components"]["schemas"][name])


def _named(node: Any) -> set[str]:
    """The schemas that a schema refers to by name."""
    if isinstance(node, list):
        return set().union(*map(_named, node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].rsplit("/", 1)[1]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(_named, node.values()))
