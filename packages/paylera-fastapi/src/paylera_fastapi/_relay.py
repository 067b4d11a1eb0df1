"""The relay as a FastAPI router."""

from __future__ import annotations

from functools import partial
from typing import Unpack

from fastapi import APIRouter

from paylera.relay import MAX_BODY_BYTES, PATHS, RelayCore, RelayOptions
from paylera.relay.options import relay_factory
from paylera_fastapi._host import mount, new_router, performer


@relay_factory
def paylera_relay(**options: Unpack[RelayOptions]) -> APIRouter:
    """Return the relay as a router: `app.include_router(paylera_relay(...), prefix="/api/paylera")`.

    The options are those of `paylera.relay.RelayOptions`; a bad one is a `ValueError` that names it.
    `identify(request)` gets Starlette's request and may be `def` (run in the thread pool) or `async def`. Source:
    contract sections 1 to 5.
    """
    core = RelayCore(options)
    router, perform = new_router(), performer()
    for path, action in PATHS.items():
        # `:path` lets ids with encoded slashes reach the core, whose 404 is the same on every host.
        mounted = "/" + path.replace("<sub_id>", "{sub_id:path}")
        mount(router, mounted, f"paylera-{action}", partial(core.handle, action), perform, max_bytes=MAX_BODY_BYTES)
    return router
