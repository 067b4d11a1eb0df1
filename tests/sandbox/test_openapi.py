"""The OpenAPI document: well-formed, complete, and to be had without a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from paylera_sandbox.openapi.document import document
from paylera_sandbox.problems import CODES
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.webhooks.catalogue import EVENT_TYPES
from sandbox.support import Api

DOCUMENT = document("http://127.0.0.1:8787")
SCHEMAS = DOCUMENT["components"]["schemas"]
ENTRIES = [DOCUMENT["paths"][operation.path][operation.method.lower()] for operation in OPERATIONS]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_it_is_served_without_a_token(shared: Api) -> None:
    answer = shared.browser.get("/openapi/v1.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document(shared.sandbox.url)


def test_every_reference_leads_somewhere() -> None:
    references = {node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    for reference in references:
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found, reference


def test_every_schema_has_a_plain_name() -> None:
    assert [name for name in SCHEMAS if not re.fullmatch("[A-Z][A-Za-z]+", name)] == [], "two models have one name"


def test_every_schema_is_a_json_schema_with_an_example_that_fits() -> None:
    for name, schema in SCHEMAS.items():
        validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": DOCUMENT["components"]}, validate_formats=True
        )
        [example] = schema["examples"]
        assert [error.message for error in validator.iter_errors(example)] == [], name


def test_every_example_of_a_body_fits_its_schema() -> None:
    for entry in ENTRIES:
        if "requestBody" in entry:
            [content] = entry["requestBody"]["content"].values()
            validator = jsonschema_rs.Draft202012Validator(content["schema"], validate_formats=True)
            example = content["examples"]["smallest"]["value"]
            assert [error.message for error in validator.iter_errors(example)] == [], entry["operationId"]


def test_names_are_unique_and_told_with_a_summary() -> None:
    names = [entry["operationId"] for entry in ENTRIES]
    assert len(set(names)) == len(names) == len(OPERATIONS)
    assert all(re.fullmatch("[A-Z][A-Za-z]+", name) for name in names)
    assert [entry["operationId"] for entry in ENTRIES if not entry["summary"].endswith(".")] == []


def test_every_chapter_is_introduced() -> None:
    used = {tag for entry in ENTRIES for tag in entry["tags"]}
    assert used - {tag["name"] for tag in DOCUMENT["tags"]} == set(), "introduce it in TAGS of openapi/parts.py"


def test_named_problems_exist() -> None:
    unknown = {code for operation in OPERATIONS for code in operation.problems if code not in CODES}
    assert unknown == set()


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_has_a_webhook_with_its_payload(event_type: str) -> None:
    body = DOCUMENT["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = SCHEMAS[body["$ref"].rsplit("/", 1)[1]]
    assert schema["allOf"][1]["properties"]["type"] == {"const": event_type}
