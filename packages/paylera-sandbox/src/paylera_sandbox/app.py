"""The ASGI application: the API's table and the pages, around one engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import groupby

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from paylera_sandbox.engine import Engine
from paylera_sandbox.gateway import Gateway
from paylera_sandbox.idempotency import InFlight
from paylera_sandbox.pages.routes import page_routes
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.webhooks.delivery import Courier


def create_app(engine: Engine) -> Starlette:
    """Build the application. Webhooks are delivered while its lifespan runs (a server sees to that)."""
    courier = Courier(engine)
    engine.wake = courier.wake

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        delivery = asyncio.create_task(courier.run())
        try:
            yield
        finally:
            delivery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivery

    app = Starlette(routes=[*_api_routes(engine), *page_routes(engine)], lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.courier = courier
    return app


def _api_routes(engine: Engine) -> list[BaseRoute]:
    in_flight = InFlight()
    routes: list[BaseRoute] = []
    for path, operations in groupby(OPERATIONS, key=lambda operation: operation.path):
        methods = {operation.method: operation for operation in operations}
        routes.append(Route(path, Gateway(engine, in_flight, methods)))
    nowhere = Gateway(engine, in_flight, {})
    return [*routes, Route("/v1", nowhere), Route("/v1/{rest:path}", nowhere)]
