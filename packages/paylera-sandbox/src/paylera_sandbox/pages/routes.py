"""The pages as a table."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import BaseRoute, Route

from paylera_sandbox.namespaces import Namespace, Namespaces
from paylera_sandbox.pages import checkout, home, payments, portal, reference
from paylera_sandbox.pages.console.routes import CONSOLE
from paylera_sandbox.pages.endpoint import PageEndpoint, View

CONSOLE_FRAME = "console/layout.html"
PAGES: Mapping[str, Mapping[str, View]] = {
    "/checkout/{id}": {"GET": checkout.show, "POST": checkout.pay},
    "/checkout/{id}/confirm": {"GET": checkout.ask, "POST": checkout.answer},
    "/checkout/{id}/promotion": {"POST": checkout.promote},
    "/payments/{id}/confirm": {"GET": payments.ask, "POST": payments.answer},
    "/portal/{id}": {"GET": portal.show},
    "/portal/{id}/cancel": {"POST": portal.cancel},
    "/portal/{id}/resume": {"POST": portal.resume},
    "/portal/{id}/card": {"POST": portal.change_card},
    "/portal/{id}/pay": {"POST": portal.pay},
    "/portal/{id}/change-plan": {"GET": portal.preview, "POST": portal.change_plan},
    "/invoices/{id}/pdf": {"GET": home.invoice},
    "/openapi/v1.json": {"GET": reference.document},
    "/openapi/sandbox.json": {"GET": reference.control},
    "/static/{name}": {"GET": home.file},
}
START: Mapping[str, Mapping[str, View]] = {"/": {"GET": home.show}}
REFERENCE: Mapping[str, Mapping[str, View]] = {
    "/docs": {"GET": reference.index},
    "/docs/{name}": {"GET": reference.operation},
    "/docs/objects/{name}": {"GET": reference.model},
}
ELSE: Mapping[str, Mapping[str, View]] = {"/{rest:path}": {"GET": home.missing, "POST": home.missing}}


def page_routes(namespaces: Namespaces, namespace: Namespace) -> list[BaseRoute]:
    """Return the routes of a namespace's pages; the last one takes what no other does."""

    def routes(table: Mapping[str, Mapping[str, View]], frame: str) -> list[BaseRoute]:
        endpoints = ((path, PageEndpoint(namespaces, namespace, views, frame=frame)) for path, views in table.items())
        return [Route(path, endpoint) for path, endpoint in endpoints]

    return [*routes({**START, **REFERENCE, **CONSOLE}, CONSOLE_FRAME), *routes({**PAGES, **ELSE}, "layout.html")]
