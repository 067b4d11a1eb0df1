"""The API's reference: the OpenAPI document, for programs and for the page that shows it."""

from __future__ import annotations

from starlette.responses import Response

from paylera_sandbox import jsonbody
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import HEADERS


def document(visit: Visit) -> Answer:
    """Return the OpenAPI document. It takes no token: it tells nothing but what the API is."""
    from paylera_sandbox.openapi.document import document as openapi

    content = jsonbody.dump(openapi(visit.engine.base_url))
    return Response(content, media_type="application/json", headers=HEADERS)
