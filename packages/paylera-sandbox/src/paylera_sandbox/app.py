"""The ASGI application: the API's table and the pages, around the namespaces of one server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from itertools import groupby
from weakref import WeakKeyDictionary

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from paylera_sandbox.control.commands import Command
from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.gateway import Gateway
from paylera_sandbox.idempotency import InFlight
from paylera_sandbox.namespaces import DEFAULT, Namespace, Namespaces
from paylera_sandbox.operations import Operation
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.routes.untold import UNTOLD, refusal


def create_app(namespaces: Namespaces) -> Starlette:
    """Build the application. Webhooks are delivered while its lifespan runs (a server sees to that)."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        namespaces.start()
        try:
            yield
        finally:
            await namespaces.stop()

    pages = _Pages(namespaces)
    places = [Mount("/n/{namespace}", app=pages), Mount("", app=pages)]
    app = Starlette(routes=[*_api_routes(namespaces), *places], lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


class _Pages:
    """The pages of all namespaces, by the name in the path. They are loaded when somebody first looks at one: most
    sandboxes never show any, and a start is to be quick."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._sites: WeakKeyDictionary[Namespace, Router] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the pages of its namespace."""
        name = scope["path_params"].get("namespace")
        namespace = self._namespaces.default if name is None else self._namespaces.by_name(name)
        site = self._nowhere() if namespace is None or name == DEFAULT else self._site(namespace)
        await site(scope, receive, send)

    def _site(self, namespace: Namespace) -> Router:
        if namespace not in self._sites:
            self._sites[namespace] = Router(self._routes(namespace), redirect_slashes=False)
        return self._sites[namespace]

    def _nowhere(self) -> Router:
        return Router(self._routes(self._namespaces.default)[-1:])

    def _routes(self, namespace: Namespace) -> list[BaseRoute]:
        from paylera_sandbox.pages.routes import page_routes

        return page_routes(self._namespaces, namespace)


def _api_routes(namespaces: Namespaces) -> list[BaseRoute]:
    in_flight = InFlight()
    routes: list[BaseRoute] = []
    table: tuple[Operation | Command, ...] = (*OPERATIONS, *COMMANDS)
    for path, operations in groupby(table, key=lambda operation: operation.path):
        methods = {operation.method: operation for operation in operations}
        routes.append(Route(path, Gateway(namespaces, in_flight, methods)))
    untold = Gateway(namespaces, in_flight, {}, absent=refusal)
    nowhere = Gateway(namespaces, in_flight, {})
    routes += [Route(path, untold) for path in UNTOLD]
    return [*routes, *(Route(path, nowhere) for path in ("/v1", "/v1/{rest:path}", "/sandbox", "/sandbox/{rest:path}"))]
