"""The OpenAPI documents: well-formed, complete, and to be had without a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.openapi.document import control_document, document
from paylera_sandbox.operations import Row
from paylera_sandbox.problems import CODES
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.webhooks.catalogue import EVENT_TYPES
from sandbox.support import Api

DOCUMENT = document("http://127.0.0.1:8787")
CONTROL = control_document("http://127.0.0.1:8787")
SCHEMAS = DOCUMENT["components"]["schemas"]
BOTH = pytest.mark.parametrize(
    ("found", "table"), [(DOCUMENT, OPERATIONS), (CONTROL, COMMANDS)], ids=["api", "control API"]
)


def entries(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for methods in found["paths"].values() for entry in methods.values()]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_they_are_served_without_a_token(shared: Api) -> None:
    for path, made in (("/openapi/v1.json", document), ("/openapi/sandbox.json", control_document)):
        answer = shared.browser.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == made(shared.sandbox.url)
        assert f'href="{path}"' in shared.browser.get("/docs").text


@BOTH
def test_every_reference_leads_somewhere(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    references = {node["$ref"] for node in nodes(found) if isinstance(node.get("$ref"), str)}
    for reference in references:
        place: Any = found
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place, reference


@BOTH
def test_every_schema_is_a_json_schema_with_an_example_that_fits(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    for name, schema in found["components"]["schemas"].items():
        assert re.fullmatch("[A-Z][A-Za-z]+", name), "two models have one name"
        validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": found["components"]}, validate_formats=True
        )
        [example] = schema["examples"]
        assert [error.message for error in validator.iter_errors(example)] == [], name


@BOTH
def test_every_example_of_a_body_fits_its_schema(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    for entry in entries(found):
        content = entry.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            validator = jsonschema_rs.Draft202012Validator(content["schema"], validate_formats=True)
            example = content["examples"]["smallest"]["value"]
            assert [error.message for error in validator.iter_errors(example)] == [], entry["operationId"]


@BOTH
def test_names_are_unique_and_told_with_a_summary(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    names = [entry["operationId"] for entry in entries(found)]
    assert len(set(names)) == len(names) == len(table)
    assert all(re.fullmatch("[A-Z][A-Za-z]+", name) for name in names)
    assert [entry["operationId"] for entry in entries(found) if not entry["summary"].endswith(".")] == []


@BOTH
def test_every_chapter_is_introduced(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    used = {tag for entry in entries(found) for tag in entry["tags"]}
    assert used == {tag["name"] for tag in found["tags"]}, "introduce it in openapi/parts.py"


@BOTH
def test_named_problems_exist(found: dict[str, Any], table: tuple[Row, ...]) -> None:
    assert {code for row in table for code in row.problems if code not in CODES} == set()


def test_a_command_promises_nothing_that_only_the_api_has() -> None:
    told = str(CONTROL["paths"])
    assert [
        word for word in ("X-RateLimit", "Idempotency", "rate_limit.exceeded", "wrong_environment") if word in told
    ] == []


def test_the_names_of_both_are_told_apart() -> None:
    """The judge of the tests' answers finds a row by its name."""
    assert not {row.name for row in OPERATIONS} & {row.name for row in COMMANDS}


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_has_a_webhook_with_its_payload(event_type: str) -> None:
    body = DOCUMENT["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = SCHEMAS[body["$ref"].rsplit("/", 1)[1]]
    assert schema["allOf"][1]["properties"]["type"] == {"const": event_type}
