"""The documents as a whole: that of the API, and that of the control API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from paylera_sandbox.kinds import Schema
from paylera_sandbox.models.common import ApiProblem, Problem
from paylera_sandbox.models.webhooks import Event
from paylera_sandbox.openapi import inputs, outputs, payloads
from paylera_sandbox.openapi.parts import CONTROL_INFO, CONTROL_TAGS, HEADERS, INFO, PARAMETERS, TAGS
from paylera_sandbox.openapi.samples import sample
from paylera_sandbox.openapi.schemas import components
from paylera_sandbox.operations import Row
from paylera_sandbox.webhooks.catalogue import EVENT_TYPES


def document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of a sandbox at an address."""
    return {**_of_api(), **_served_at(base_url)}


def control_document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of the control API of a sandbox at an address."""
    return {**_of_control(), **_served_at(base_url)}


def _served_at(base_url: str) -> dict[str, Any]:
    return {"servers": [{"url": base_url, "description": "This sandbox"}]}


@cache
def _of_api() -> dict[str, Any]:
    from paylera_sandbox.routes import OPERATIONS

    return _whole(OPERATIONS, INFO, TAGS, event_types=list(EVENT_TYPES))


@cache
def _of_control() -> dict[str, Any]:
    from paylera_sandbox.control.routes import COMMANDS

    return _whole(COMMANDS, CONTROL_INFO, CONTROL_TAGS, event_types=[])


def _whole(
    table: Sequence[Row], info: Mapping[str, Any], tags: Mapping[str, str], *, event_types: Sequence[str]
) -> dict[str, Any]:
    answers, schemas = _schemas(table, event_types)
    return {
        "openapi": "3.1.0",
        "info": info,
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "security": [{"token": []}],
        "paths": _paths(table, answers),
        "webhooks": {event_type: payloads.webhook(event_type) for event_type in event_types},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The API token."}},
            "parameters": {**PARAMETERS, **payloads.header_parameters()},
            "headers": HEADERS,
            "schemas": schemas,
        },
    }


def _schemas(operations: Iterable[Row], event_types: Iterable[str]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return the schema of each operation's success, by its name, and all named schemas."""
    models = {operation.name: operation.answer for operation in operations if _has_model(operation)}
    data = {event_type: payloads.model_of(event_type) for event_type in event_types}
    references, found = components([*models.values(), *data.values(), Problem, ApiProblem, Event])
    answers = dict(zip(models, references, strict=False))
    of_data = dict(zip(data, references[len(models) :], strict=False))
    found |= {payloads.component(name): payloads.payload(name, schema) for name, schema in of_data.items()}
    return answers, {name: {**schema, "examples": [sample(schema, found)]} for name, schema in sorted(found.items())}


def _has_model(operation: Row) -> bool:
    return operation.answer is not None and not isinstance(operation.answer, str)


def _paths(operations: Iterable[Row], answers: Mapping[str, Schema]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in operations:
        entry = _entry(operation, answers.get(operation.name), _links(operation, operations))
        paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return paths


def _entry(operation: Row, answer: Schema | None, links: Mapping[str, Any]) -> dict[str, Any]:
    summary, more = _told(operation.handler.__doc__ or "")
    entry = {
        "operationId": operation.name,
        "summary": summary,
        "description": more,
        "tags": [tag_of(operation)],
        "parameters": inputs.parameters(operation),
        "requestBody": inputs.body(operation),
        "responses": outputs.responses(operation, answer, links),
    }
    return {name: value for name, value in entry.items() if value}


def _told(docstring: str) -> tuple[str, str]:
    """Return the first sentence of a docstring, and the rest."""
    first, stop, rest = re.sub(r"\s+", " ", docstring).strip().partition(". ")
    return (f"{first}.", rest) if stop else (first, "")


def tag_of(operation: Row) -> str:
    """Return the chapter of an operation: the collection that its path begins with."""
    parts = re.sub("^/(v1/admin|v1|sandbox)/", "", operation.path).split("/")
    return TAG_OF.get(parts[0], parts[0])


TAG_OF: Mapping[str, str] = {
    **dict.fromkeys(("attach", "check", "track"), "everyday"),
    **dict.fromkeys(("reset", "snapshot", "restore", "seed"), "data"),
    "trigger": "events",
    "fault-actions": "faults",
}


def _links(operation: Row, operations: Iterable[Row]) -> dict[str, Any]:
    """Say which operations take the id of what this one makes."""
    if operation.method != "POST" or operation.status != 201 or "{" in operation.path:
        return {}
    follow = [other for other in operations if other.path.startswith(f"{operation.path}/{{id}}")]
    return {
        other.name: {"operationId": other.name, "parameters": {"id": "$response.body#/id"}}
        for other in follow
        if other.path.count("{") == 1
    }
