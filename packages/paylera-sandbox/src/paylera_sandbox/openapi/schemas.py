"""JSON schemas of the models. pydantic makes them; it is loaded when the document is first asked for."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable
from typing import Any, Literal

from paylera_sandbox.kinds import Schema

_REFERENCE = "#/components/schemas/{model}"
_PAGE = re.compile(r"Page_(\w+)_")


def components(models: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return a reference to each model's schema, and the schemas that these lead to, by name."""
    from pydantic import ConfigDict, TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    class Untitled(GenerateJsonSchema):
        """Without a title for every member, which would only repeat its name."""

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    # A TypedDict takes its settings from what it stands in, so each is asked for inside a list.
    settings = ConfigDict(use_attribute_docstrings=True)
    hints: list[Any] = [types.GenericAlias(list, model) for model in models]
    listed: list[TypeAdapter[Any]] = [TypeAdapter(hint, config=settings) for hint in hints]
    asked: list[tuple[str, Literal["validation"], TypeAdapter[Any]]]
    asked = [(str(place), "validation", adapter) for place, adapter in enumerate(listed)]
    found, definitions = TypeAdapter.json_schemas(asked, ref_template=_REFERENCE, schema_generator=Untitled)
    references = [_renamed(found[(key, mode)]["items"]) for key, mode, _ in asked]
    return references, _renamed(definitions.get("$defs", {}))


def _renamed(value: Any) -> Any:
    """Call `Page_Customer_` what a reader would: `CustomerPage`."""
    if isinstance(value, dict):
        return {_name(key): _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return _name(value) if isinstance(value, str) else value


def _name(text: str) -> str:
    return _PAGE.sub(r"\1Page", text)
