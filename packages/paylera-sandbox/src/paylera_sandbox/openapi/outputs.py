"""What an operation answers, as OpenAPI says it: its success, and its refusals by status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from paylera_sandbox.kinds import Schema
from paylera_sandbox.openapi import refusals
from paylera_sandbox.operations import Row
from paylera_sandbox.problems import CODES

Response = dict[str, Any]


def responses(operation: Row, answer: Schema | None, links: Mapping[str, Any]) -> dict[str, Response]:
    """Return every answer of an operation by its status. `answer` is the schema of success."""
    success: Response = {"description": _phrase(operation.status), "headers": _headers(operation)}
    if isinstance(operation.answer, str):
        success["content"] = {operation.answer: {}}
    elif answer is not None:
        success["content"] = {"application/json": {"schema": answer}}
    if links:
        success["links"] = dict(links)
    of_sdk, of_api = refusals.by_status(operation), refusals.by_status(operation, of_api=True)
    statuses = sorted({*of_sdk, *of_api})
    refused = {
        str(status): _refusal(operation, status, of_sdk.get(status, []), of_api.get(status, [])) for status in statuses
    }
    return {str(operation.status): success, **refused}


def _refusal(operation: Row, status: int, codes: list[str], names: list[str]) -> Response:
    """Return a refusal, which has one form for SDKs and one for callers of the API generation."""
    lines = [f"* `{code}`: {CODES[code][1]}" for code in codes]
    only = [f"* `{name}`, to callers that send `Paylera-Version`" for name in names if name not in codes]
    forms = [_form(*form, status) for form in (("Problem", "code", codes), ("ApiProblem", "problem", names)) if form[2]]
    return {
        "description": "\n".join([f"{_phrase(status)}:", "", *lines, *only]),
        "headers": {**_headers(operation), **_ref(*_MORE_HEADERS.get(status, ()))},
        "content": {"application/problem+json": {"schema": {"anyOf": forms}}},
    }


def _form(component: str, discriminator: str, codes: list[str], status: int) -> Schema:
    narrowed = {"type": "object", "properties": {discriminator: {"enum": codes}, "status": {"const": status}}}
    return {"allOf": [{"$ref": f"#/components/schemas/{component}"}, narrowed]}


# Status -> the headers that only it has.
_MORE_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After",),
}
_COMMON = ("X-Request-Id", "Paylera-Api-Version", "Paylera-Version", "Deprecation", "Sunset")
_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def _headers(operation: Row) -> dict[str, Schema]:
    limits = () if operation.control else _LIMITS
    return _ref(*_COMMON, *limits, *(["Idempotent-Replayed"] if operation.may_have_key else []))


def _ref(*names: str) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
