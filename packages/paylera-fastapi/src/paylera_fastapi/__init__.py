"""Paylera for FastAPI: the billing relay and the webhook receiver as routers.

Identities, options and everything of `paylera.webhooks` (typed events, `verify_signature`, ...) can be imported from
here too. Only the two router factories load FastAPI, so Django projects may use the rest.
"""

from typing import TYPE_CHECKING

from paylera import webhooks
from paylera._lazy import resolver

if TYPE_CHECKING:
    from paylera.relay import PayleraCsrfOptions, PayleraCustomerIdentity
    from paylera.webhooks import *  # noqa: F403 - the names are those of `webhooks.__all__`, added below
    from paylera_fastapi._relay import paylera_relay
    from paylera_fastapi._webhooks import paylera_webhooks

_SOURCES = {
    "PayleraCsrfOptions": "paylera.relay",
    "PayleraCustomerIdentity": "paylera.relay",
    "paylera_relay": "paylera_fastapi._relay",
    "paylera_webhooks": "paylera_fastapi._webhooks",
}

__all__ = ["PayleraCsrfOptions", "PayleraCustomerIdentity", "paylera_relay", "paylera_webhooks"]
__all__ += webhooks.__all__

if not TYPE_CHECKING:
    __getattr__ = resolver(__name__, dict.fromkeys(webhooks.__all__, "paylera.webhooks") | _SOURCES)
