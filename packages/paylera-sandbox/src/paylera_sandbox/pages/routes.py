"""The pages as a table."""

from __future__ import annotations

from starlette.routing import BaseRoute

from paylera_sandbox.engine import Engine


def page_routes(engine: Engine) -> list[BaseRoute]:
    """Return the routes of the pages."""
    return []
