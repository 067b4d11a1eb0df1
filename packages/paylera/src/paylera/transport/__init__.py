"""The only modules that open sockets: blocking and awaiting transports behind the two protocols of `paylera.flow`.

Names load on first use: `import paylera.transport` loads no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["AsyncHttpTransport", "AsyncHttpxTransport", "HttpTransport", "HttpxTransport"]

if TYPE_CHECKING:
    from paylera.transport.awaiting import AsyncHttpTransport
    from paylera.transport.blocking import HttpTransport
    from paylera.transport.injected import AsyncHttpxTransport, HttpxTransport
else:
    _HOMES = {
        "AsyncHttpTransport": "paylera.transport.awaiting",
        "AsyncHttpxTransport": "paylera.transport.injected",
        "HttpTransport": "paylera.transport.blocking",
        "HttpxTransport": "paylera.transport.injected",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
