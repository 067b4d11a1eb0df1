"""Reading a relay call: its form, its fields, its origin.

Source: contract sections 2, 4 and 5.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from paylera import strict_json
from paylera.http import Request
from paylera.problems import Problem
from paylera.relay.fields import IDENTITY_FIELDS
from paylera.relay.problems import invalid
from paylera.relay.redirects import origin_of
from paylera.relay.routes import Route

MAX_BODY_BYTES = 64 * 1024
"""How much of a request body a host reads before it sets `Request.truncated`."""


def own_origin(request: Request) -> str:
    """Return the origin that this request was made to."""
    parts = request.parts
    bare = f"{parts.scheme}://{parts.netloc}"
    return origin_of(bare) or bare


def check_media_type(request: Request) -> None:
    """Refuse a body that is not declared as JSON: no HTML form can send that type across sites."""
    values = request.values("content-type")
    if len(values) != 1 or values[0].partition(";")[0].strip().lower() != "application/json":
        raise Problem("paylera.unsupported_media_type", "send the body with Content-Type: application/json")


def check_size(request: Request) -> None:
    """Refuse a body that the host stopped reading."""
    if request.truncated:
        raise Problem("paylera.payload_too_large", f"send at most {MAX_BODY_BYTES} bytes")


def fields_of(route: Route, request: Request) -> dict[str, Any]:
    """Return the checked fields of the call, from the JSON body or for a GET from the query string."""
    query = parse_qsl(request.parts.query, keep_blank_values=True)
    for name, _ in query:
        if name in IDENTITY_FIELDS:
            raise invalid(name, "not_allowed", "comes from the session only", type="paylera.field_not_allowed")
    return route.fields.accept(_body(request) if route.is_unsafe else _known(route, query))


def _body(request: Request) -> dict[str, Any]:
    try:
        sent = strict_json.loads(request.body or b"{}")
    except strict_json.StrictJsonError as error:
        raise Problem("paylera.invalid_json", str(error)) from None
    if not isinstance(sent, dict):
        raise Problem("paylera.invalid_json", "the body must be a JSON object")
    return sent


def _known(route: Route, query: list[tuple[str, str]]) -> dict[str, Any]:
    # Unknown parameters are left alone (cache busters, campaign tags): nothing goes upstream unnamed.
    known = [(name, value) for name, value in query if name in route.fields.allowed]
    if len(known) != len(dict(known)):
        raise Problem("paylera.invalid_request", "a query parameter is given twice")
    return dict(known)
