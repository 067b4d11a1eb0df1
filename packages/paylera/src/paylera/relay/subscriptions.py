"""Whose subscription it is: the API token can reach every customer, so the relay compares before it acts.

Source: contract section 2, "Ownership".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paylera.cache import ExpiringCache
from paylera.endpoint import ID
from paylera.flow import Flow
from paylera.relay.problems import no_such_subscription
from paylera.relay.upstream import Context, Upstream, document, refuse_if_rate_limited
from paylera.system import System

CURRENT_STATES = ("active", "trialing", "past_due")
REMEMBERED_OWNERS = 10_000
REMEMBERED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Reads subscriptions for the relay; remembers owners, which never change."""

    upstream: Upstream
    owners: ExpiringCache[str]

    @classmethod
    def build(cls, upstream: Upstream, system: System) -> Subscriptions:
        """Return a reader with an empty memory."""
        memory = ExpiringCache[str](max_entries=REMEMBERED_OWNERS, ttl_seconds=REMEMBERED_SECONDS, now=system.monotonic)
        return cls(upstream, memory)

    def owned(
        self, context: Context, subscription_id: str, customer_id: str, *, fresh: bool = False
    ) -> Flow[dict[str, Any]]:
        """Return the subscription if it is this customer's (empty when remembered and not `fresh`), else the same 404
        as for no such id.
        """
        if not fresh and self.owners.get(subscription_id) == customer_id:
            return {}
        response = yield from self.upstream.call(
            context, ("GET", "/v1/subscriptions/{subscription_id}"), ids={"subscription_id": subscription_id}
        )
        refuse_if_rate_limited(response)
        # Every other 4xx (unknown, deleted, malformed for Paylera) is one answer to the browser.
        subscription = document(response) if response.status < 400 else {}
        if subscription.get("customer_id") != customer_id or subscription.get("id") != subscription_id:
            raise no_such_subscription()
        self.owners.put(subscription_id, customer_id)
        return subscription

    def current(self, context: Context, customer_id: str) -> Flow[str | None]:
        """Return the id of the customer's newest subscription that gives rights, or None."""
        query = {"customer_id": customer_id, "status": ",".join(CURRENT_STATES)}
        response = yield from self.upstream.call(context, ("GET", "/v1/subscriptions"), query=query)
        refuse_if_rate_limited(response)
        found = document(response).get("data") if response.status < 400 else None
        mine = [s for s in found if _is_current(s, customer_id)] if isinstance(found, list) else []
        newest = max(mine, key=lambda s: (str(s.get("created_at") or ""), s["id"]), default=None)
        if newest is None:
            return None
        self.owners.put(newest["id"], customer_id)
        return str(newest["id"])


def _is_current(subscription: Any, customer_id: str) -> bool:
    # The filters are applied again here: were they ever ignored upstream, the list would hold other customers'.
    return (
        isinstance(subscription, dict)
        and isinstance(subscription.get("id"), str)
        and bool(ID.fullmatch(subscription["id"]))
        and subscription.get("customer_id") == customer_id
        and subscription.get("status") in CURRENT_STATES
    )
