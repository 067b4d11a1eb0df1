"""What both routers of this package share: one endpoint that drives a flow, mounted for every method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from paylera.flow import Answer, Awaiting, arun_call
from paylera.transport import AsyncHttpTransport
from paylera_fastapi._translate import to_request, to_response


def new_router(lifespan: Lifespan[Any] | None = None) -> APIRouter:
    """Return a router whose routes take every method: the core itself answers 405."""
    return APIRouter(generate_unique_id_function=_unique_id, lifespan=lifespan)


def performer() -> Awaiting:
    """Return what performs a flow's effects here; plain functions run in the thread pool, as FastAPI runs `def`."""
    return Awaiting(AsyncHttpTransport(), in_thread=run_in_threadpool)


def mount(router: APIRouter, path: str, name: str, answer: Answer, perform: Awaiting, *, max_bytes: int) -> None:
    """Mount one path of ours."""
    # An empty set of methods matches every method; None would mean GET.
    endpoint = _endpoint(answer, perform, max_bytes)
    router.add_api_route(path, endpoint, name=name, methods=[], include_in_schema=False, response_model=None)


def _endpoint(answer: Answer, perform: Awaiting, max_bytes: int) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        translated = await to_request(request, max_bytes=max_bytes)
        flow = answer(translated, native=request, sub_id=request.path_params.get("sub_id"))
        return to_response(await arun_call(flow, perform, method=request.method))

    return endpoint


def _unique_id(route: APIRoute) -> str:
    return route.name
