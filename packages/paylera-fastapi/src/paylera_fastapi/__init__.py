"""Paylera for FastAPI: the billing relay and the webhook receiver as routers.

Identities, options and typed events load no web framework, so Django projects may import them from here.
"""

from typing import TYPE_CHECKING

from paylera._lazy import resolver

if TYPE_CHECKING:
    from paylera.relay.csrf import PayleraCsrfOptions
    from paylera.relay.identity import PayleraCustomerIdentity
    from paylera_fastapi._relay import paylera_relay
    from paylera_fastapi._webhooks import paylera_webhooks

_SOURCES = {
    "PayleraCsrfOptions": "paylera.relay.csrf",
    "PayleraCustomerIdentity": "paylera.relay.identity",
    "paylera_relay": "paylera_fastapi._relay",
    "paylera_webhooks": "paylera_fastapi._webhooks",
}

__all__ = ["PayleraCsrfOptions", "PayleraCustomerIdentity", "paylera_relay", "paylera_webhooks"]

if not TYPE_CHECKING:
    __getattr__ = resolver(__name__, _SOURCES)
