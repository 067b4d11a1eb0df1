"""The ASGI application: the API's table and the pages, around the namespaces of one server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from itertools import groupby
from weakref import WeakKeyDictionary

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from paylera_sandbox.control.commands import Command
from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.gateway import Gateway
from paylera_sandbox.idempotency import InFlight
from paylera_sandbox.namespaces import DEFAULT, Namespace, Namespaces
from paylera_sandbox.operations import Operation
from paylera_sandbox.pages.routes import page_routes
from paylera_sandbox.routes import OPERATIONS


def create_app(namespaces: Namespaces) -> Starlette:
    """Build the application. Webhooks are delivered while its lifespan runs (a server sees to that)."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        namespaces.start()
        try:
            yield
        finally:
            await namespaces.stop()

    pages = page_routes(namespaces, namespaces.default)
    others = Mount("/n/{namespace}", app=_Pages(namespaces, nowhere=Router(pages[-1:])))
    app = Starlette(routes=[*_api_routes(namespaces), others, *pages], lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


class _Pages:
    """The pages of the namespaces that are not the default one, by the name in the path."""

    def __init__(self, namespaces: Namespaces, *, nowhere: ASGIApp) -> None:
        self._namespaces = namespaces
        self._nowhere = nowhere
        self._sites: WeakKeyDictionary[Namespace, Router] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the pages of its namespace."""
        name = scope["path_params"]["namespace"]
        namespace = self._namespaces.by_name(name)
        await (self._nowhere if namespace is None or name == DEFAULT else self._site(namespace))(scope, receive, send)

    def _site(self, namespace: Namespace) -> Router:
        if namespace not in self._sites:
            self._sites[namespace] = Router(page_routes(self._namespaces, namespace), redirect_slashes=False)
        return self._sites[namespace]


def _api_routes(namespaces: Namespaces) -> list[BaseRoute]:
    in_flight = InFlight()
    routes: list[BaseRoute] = []
    table: tuple[Operation | Command, ...] = (*OPERATIONS, *COMMANDS)
    for path, operations in groupby(table, key=lambda operation: operation.path):
        methods = {operation.method: operation for operation in operations}
        routes.append(Route(path, Gateway(namespaces, in_flight, methods)))
    nowhere = Gateway(namespaces, in_flight, {})
    return [*routes, *(Route(path, nowhere) for path in ("/v1", "/v1/{rest:path}", "/sandbox", "/sandbox/{rest:path}"))]
