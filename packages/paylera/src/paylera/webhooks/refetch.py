"""Live objects: the aggregate of an event as the API has it now, beside what it was when the event occurred."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from paylera.errors import NotFoundError
from paylera.flow import Callee, Flow, invoke
from paylera.webhooks.handlers import EventHandler, Handlers

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

PATHS = {
    "customer": "/v1/customers/{}",
    "invoice": "/v1/invoices/{}",
    "payment": "/v1/payments/{}",
    "payment_method": "/v1/payment-methods/{}",
    "payout_batch": "/v1/payouts/batches/{}",
    "subscription": "/v1/subscriptions/{}",
    "wallet": "/v1/wallets/{}",
    "webhook_endpoint": "/v1/admin/webhook-endpoints/{}",
}
"""Where the API has each type of aggregate; one that is not here has no live object."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


class Api(Protocol):
    """What is asked: `PayleraClient` or `AsyncPayleraClient`."""

    def request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> Any:
        """Call a route and return its JSON."""
        ...


class Refetch:
    """Reads live objects for the handlers that want them; without a client for one that does, a `ValueError`."""

    def __init__(self, api: Api | None, *, is_default: bool, handlers: Handlers) -> None:
        is_wanted = any(is_default if one.refetch is None else one.refetch for one in handlers)
        if is_wanted and api is None:
            raise ValueError("refetch needs api=PayleraClient(...), or the async one")
        self._request = Callee.of(api.request) if api is not None else None
        self._is_default = is_default

    def live(self, event: PayleraWebhookEvent, options: EventHandler) -> Flow[Any]:
        """Return the aggregate, or None if it is gone, has no route, or is not wanted."""
        is_wanted = self._is_default if options.refetch is None else options.refetch
        path = PATHS.get(event.aggregate_type)
        if not is_wanted or self._request is None or path is None or not _ID.fullmatch(event.aggregate_id):
            return None
        try:
            return (yield from invoke(self._request, "GET", path.format(event.aggregate_id)))
        except NotFoundError:
            return None
