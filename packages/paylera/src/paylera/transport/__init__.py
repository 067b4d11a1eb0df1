"""The only modules that open sockets: blocking and awaiting transports behind the two protocols of `paylera.flow`.

Names load on first use: `import paylera.transport` loads no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["AsyncHttpTransport", "AsyncHttpxTransport", "HttpTransport", "HttpxTransport"]

if TYPE_CHECKING:
    from paylera.transport.awaiting import AsyncHttpTransport
    from paylera.transport.blocking import HttpTransport
    from paylera.transport.injected import AsyncHttpxTransport, HttpxTransport
else:
    from paylera._lazy import resolver

    _HOMES = {
        "AsyncHttpTransport": "paylera.transport.awaiting",
        "AsyncHttpxTransport": "paylera.transport.injected",
        "HttpTransport": "paylera.transport.blocking",
        "HttpxTransport": "paylera.transport.injected",
    }

    __getattr__ = resolver(__name__, _HOMES)
