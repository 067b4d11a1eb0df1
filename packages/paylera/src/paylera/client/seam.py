"""Which transport a client uses: its own, one over an injected HTTP client, or an injected one.

The HTTP libraries load here, when a client is built.
"""

from __future__ import annotations

from typing import Any

from paylera.flow import AsyncTransport, SyncTransport


def blocking_transport(http_client: Any, transport: SyncTransport | None) -> SyncTransport:
    """Return the transport of a `PayleraClient`."""
    _check(http_client, transport, closes_with="close", twin="AsyncPayleraClient")
    if transport is not None:
        return transport
    if http_client is None:
        from paylera.transport.blocking import HttpTransport

        return HttpTransport()
    from paylera.transport.injected import HttpxTransport

    return HttpxTransport(http_client)


def awaiting_transport(http_client: Any, transport: AsyncTransport | None) -> AsyncTransport:
    """Return the transport of an `AsyncPayleraClient`."""
    _check(http_client, transport, closes_with="aclose", twin="PayleraClient")
    if transport is not None:
        return transport
    if http_client is None:
        from paylera.transport.awaiting import AsyncHttpTransport

        return AsyncHttpTransport()
    from paylera.transport.injected import AsyncHttpxTransport

    return AsyncHttpxTransport(http_client)


def _check(http_client: Any, transport: Any, *, closes_with: str, twin: str) -> None:
    if http_client is not None and transport is not None:
        raise ValueError("http_client and transport exclude each other; pass one of them")
    for parameter, value in (("http_client", http_client), ("transport", transport)):
        if value is not None and not (callable(getattr(value, "send", None)) and hasattr(value, closes_with)):
            msg = f"{parameter} has no send() and {closes_with}(); one of the other colour belongs to {twin}"
            raise ValueError(msg)
