"""The typed client: one function an endpoint, and two classes that are tables over them.

Names load on first use. Read `calls.py` first, then one of the endpoint modules, then `execution.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["AsyncPage", "AsyncPayleraClient", "Page", "PayleraClient"]

if TYPE_CHECKING:
    from paylera.client.awaiting import AsyncPayleraClient
    from paylera.client.blocking import PayleraClient
    from paylera.client.pages import AsyncPage, Page
else:
    _HOMES = {
        "AsyncPage": "paylera.client.pages",
        "AsyncPayleraClient": "paylera.client.awaiting",
        "Page": "paylera.client.pages",
        "PayleraClient": "paylera.client.blocking",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
