"""Reading answers: JSON as strict as it must be, and nothing taken for what it is not.

Amounts and quantities stay the decimal strings that Paylera sends; unknown members are kept.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from paylera.errors import TransportError
from paylera.http import Response


def parse(body: bytes) -> Any:
    """Parse JSON text; `ValueError` for anything else, NaN and Infinity included."""
    try:
        return _DECODER.decode(body.decode())
    except RecursionError:
        raise ValueError("the text is nested too deep") from None


def _refuse(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _unusable(response: Response, what: str) -> TransportError:
    request_id = response.header("x-request-id")
    msg = f"Paylera answered {response.status} with {what}; check base_url"
    return TransportError(msg, fault="protocol", status=response.status, request_id=request_id)


def as_json(response: Response) -> Any:
    """Return the parsed body, None for an empty one."""
    if not response.body:
        return None
    try:
        return parse(response.body)
    except ValueError:
        pass  # raised below, clear of the parser's frames: they hold the body
    raise _unusable(response, "something that is not JSON")


def as_object(response: Response) -> dict[str, Any]:
    """Return the JSON object of an answer, an empty one for an empty body (202, 204)."""
    value = as_json(response)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unusable(response, "JSON that is no object")
    return value


def as_page(response: Response) -> dict[str, Any]:
    """Return a list's envelope; a bare array counts as one complete page."""
    value = as_json(response)
    page = {"data": value, "has_more": False, "next_cursor": None} if isinstance(value, list) else value
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise _unusable(response, "JSON that is no list")
    return page


def as_nothing(_response: Response) -> None:
    """Return None, whatever the body."""


def as_bytes(response: Response) -> bytes:
    """Return the body as it came."""
    return response.body
