"""The typed client: one function an endpoint, and two classes that are tables over them.

Names load on first use. Read `calls.py` first, then one of the endpoint modules, then `execution.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["AsyncPage", "AsyncPages", "AsyncPayleraClient", "Page", "PayleraClient"]

if TYPE_CHECKING:
    from paylera.client.awaiting import AsyncPayleraClient
    from paylera.client.blocking import PayleraClient
    from paylera.client.pages import AsyncPage, AsyncPages, Page
else:
    from paylera._lazy import resolver

    _HOMES = {
        "AsyncPage": "paylera.client.pages",
        "AsyncPages": "paylera.client.pages",
        "AsyncPayleraClient": "paylera.client.awaiting",
        "Page": "paylera.client.pages",
        "PayleraClient": "paylera.client.blocking",
    }

    __getattr__ = resolver(__name__, _HOMES)
