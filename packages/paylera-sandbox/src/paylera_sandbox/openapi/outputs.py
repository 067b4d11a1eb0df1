"""What an operation answers, as OpenAPI says it: its success, and its refusals by status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from paylera_sandbox.kinds import Schema
from paylera_sandbox.openapi import refusals
from paylera_sandbox.operations import Operation
from paylera_sandbox.problems import CODES

Response = dict[str, Any]


def responses(operation: Operation, answer: Schema | None, links: Mapping[str, Any]) -> dict[str, Response]:
    """Return every answer of an operation by its status. `answer` is the schema of success."""
    success: Response = {"description": _phrase(operation.status), "headers": _headers(operation)}
    if isinstance(operation.answer, str):
        success["content"] = {operation.answer: {}}
    elif answer is not None:
        success["content"] = {"application/json": {"schema": answer}}
    if links:
        success["links"] = dict(links)
    refused = {
        str(status): _refusal(operation, status, codes) for status, codes in refusals.by_status(operation).items()
    }
    return {str(operation.status): success, **refused}


def _refusal(operation: Operation, status: int, codes: list[str]) -> Response:
    lines = [f"* `{code}`: {CODES[code][1]}" for code in codes]
    narrowed = {"type": "object", "properties": {"code": {"enum": codes}, "status": {"const": status}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return {
        "description": "\n".join([f"{_phrase(status)}:", "", *lines]),
        "headers": {**_headers(operation), **_ref(*_MORE_HEADERS.get(status, ()))},
        "content": {"application/problem+json": {"schema": schema}},
    }


# Status -> the headers that only it has.
_MORE_HEADERS: Mapping[int, tuple[str, ...]] = {401: ("WWW-Authenticate",), 429: ("Retry-After",)}


def _headers(operation: Operation) -> dict[str, Schema]:
    return _ref("X-Request-Id", "Paylera-Api-Version", *(["Idempotent-Replayed"] if operation.needs_key else []))


def _ref(*names: str) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
