"""The API's reference: the OpenAPI document for programs, and the same as pages for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.responses import Response

from paylera_sandbox import jsonbody
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.home import missing
from paylera_sandbox.pages.rendering import HEADERS, Page

JSON = dict[str, Any]


class Entry(NamedTuple):
    """One operation or webhook of the document."""

    method: str
    path: str
    told: JSON

    @property
    def name(self) -> str:
        """Return its operationId."""
        return str(self.told["operationId"])


def document(visit: Visit) -> Answer:
    """Return the OpenAPI document. It takes no token: it tells nothing but what the API is."""
    return Response(jsonbody.dump(_document(visit)), media_type="application/json", headers=HEADERS)


def control(visit: Visit) -> Answer:
    """Return the OpenAPI document of the control API."""
    from paylera_sandbox.openapi.document import control_document

    return Response(jsonbody.dump(control_document(_origin(visit))), media_type="application/json", headers=HEADERS)


def index(visit: Visit) -> Answer:
    """List all operations by chapter, all webhooks, and all objects."""
    found = _document(visit)
    chapters: dict[str, list[Entry]] = {tag["name"]: [] for tag in found["tags"]}
    for entry in _operations(found):
        chapters.setdefault(entry.told["tags"][0], []).append(entry)
    texts = {tag["name"]: tag["description"] for tag in found["tags"]}
    values = {
        "here": "docs",
        "info": found["info"],
        "chapters": {name: entries for name, entries in chapters.items() if entries},
        "texts": texts,
        "webhooks": list(_webhooks(found)),
        "models": found["components"]["schemas"],
    }
    return Page("reference/index.html", values)


def operation(visit: Visit) -> Answer:
    """Show one operation: what it takes, what it answers, and a form to try it."""
    found = _document(visit)
    entry = next((entry for entry in _operations(found) if entry.name == visit.ids["name"]), None)
    if entry is None:
        return _webhook(visit, found)
    from paylera_sandbox.openapi.prose import members

    body = _schema(entry.told.get("requestBody"))
    parameters = [_resolved(parameter, found) for parameter in entry.told["parameters"]]
    values = {
        "here": "docs",
        "entry": entry,
        "parameters": parameters,
        "body": list(members(body, _schemas(found))) if body else [],
        "answers": [_answer(status, answer, found) for status, answer in entry.told["responses"].items()],
        "sample": _example(entry.told.get("requestBody")),
        "token": visit.engine.token,
        "origin": _origin(visit),
    }
    return Page("reference/operation.html", values)


def _webhook(visit: Visit, found: JSON) -> Answer:
    entry = next((entry for entry in _webhooks(found) if entry.name == visit.ids["name"]), None)
    return _model(entry.name, entry.told["summary"], found, entry) if entry else missing(visit)


def model(visit: Visit) -> Answer:
    """Show one kind of object."""
    found, name = _document(visit), visit.ids["name"]
    if name not in _schemas(found):
        return missing(visit)
    return _model(name, _schemas(found)[name].get("description", ""), found, None)


def _model(name: str, text: str, found: JSON, entry: Entry | None) -> Answer:
    from paylera_sandbox.openapi.prose import members

    schema = _schemas(found)[name]
    values = {
        "here": "docs",
        "name": name,
        "text": text,
        "entry": entry,
        "members": list(members(schema, _schemas(found))),
        "sample": _written(schema["examples"][0]),
    }
    return Page("reference/model.html", values)


def _answer(status: str, answer: JSON, found: JSON) -> JSON:
    """Return what a page says of an answer: its schema by name, an example, and the codes of a refusal."""
    from paylera_sandbox.openapi.prose import told
    from paylera_sandbox.openapi.samples import sample

    [(media_type, content)] = answer.get("content", {"": {}}).items()
    title, *lines = answer["description"].split("\n* ")
    described = media_type == "application/json"
    return {
        "status": status,
        "title": title.strip(" :\n"),
        "codes": [_code(line) for line in lines],
        "media_type": media_type,
        "model": told(content["schema"]) if described else None,
        "sample": _written(sample(content["schema"], _schemas(found))) if described else None,
    }


def _code(line: str) -> tuple[str, str]:
    """Return a code and what it means."""
    _, code, text = line.split("`", 2)
    return code, text.lstrip(":, ")


def _document(visit: Visit) -> JSON:
    from paylera_sandbox.openapi.document import document as openapi

    return openapi(_origin(visit))


def _origin(visit: Visit) -> str:
    """Return where the API is: the same for all namespaces, whose pages stand further down."""
    parts = urlsplit(visit.engine.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _operations(found: JSON) -> Iterator[Entry]:
    for path, methods in found["paths"].items():
        yield from (Entry(method.upper(), path, told) for method, told in methods.items())


def _webhooks(found: JSON) -> Iterator[Entry]:
    for event_type, methods in found["webhooks"].items():
        yield Entry("POST", event_type, methods["post"])


def _schemas(found: JSON) -> Mapping[str, JSON]:
    schemas: Mapping[str, JSON] = found["components"]["schemas"]
    return schemas


def _example(body: JSON | None) -> str | None:
    """Return a body to begin with."""
    return _written(body["content"]["application/json"]["examples"]["smallest"]["value"]) if body else None


def _schema(body: JSON | None) -> JSON | None:
    return body["content"]["application/json"]["schema"] if body else None


def _resolved(parameter: JSON, found: JSON) -> JSON:
    from paylera_sandbox.openapi.prose import told

    if "$ref" in parameter:
        parameter = found["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
    schema = parameter["schema"]
    return {
        **parameter,
        "told": told(schema),
        "default": schema.get("default"),
        "text": parameter.get("description", ""),
    }


def _written(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
