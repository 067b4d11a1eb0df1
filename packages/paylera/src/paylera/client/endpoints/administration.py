"""Webhook endpoints and tenant settings; these need a token with the admin audience."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from paylera.client.bodies import UNSET, Unset, changed, given, timestamp
from paylera.client.calls import Call, ListCall, fetch, listing, remove, write
from paylera.client.documents import WebhookDelivery, WebhookEndpoint

_ALL = "/v1/admin/webhook-endpoints"
_ONE = f"{_ALL}/{{endpoint_id}}"


def create_webhook_endpoint(
    *,
    url: str,
    events: Iterable[str],
    description: str | None = None,
    api_version: str | None = None,
    idempotency_key: str | None = None,
) -> Call[WebhookEndpoint]:
    """Register a receiver of events; the answer holds its `secret`, this once."""
    body = given(url=url, events=list(events), description=description, api_version=api_version)
    return write("CreateWebhookEndpoint", f"POST {_ALL}", body, idempotency_key)


def list_webhook_endpoints(*, limit: int | None = None, cursor: str | None = None) -> ListCall[WebhookEndpoint]:
    """List the receivers."""
    return listing("ListWebhookEndpoints", _ALL, limit=limit, cursor=cursor)


def get_webhook_endpoint(endpoint_id: str) -> Call[WebhookEndpoint]:
    """Read a receiver."""
    return fetch("GetWebhookEndpoint", _ONE, endpoint_id=endpoint_id)


def update_webhook_endpoint(
    endpoint_id: str,
    *,
    url: str | Unset = UNSET,
    events: Iterable[str] | Unset = UNSET,
    description: str | Unset | None = UNSET,
    status: str | Unset = UNSET,
    idempotency_key: str | None = None,
) -> Call[WebhookEndpoint]:
    """Change what is given; `status` is enabled or disabled."""
    chosen = events if isinstance(events, Unset) else list(events)
    body = changed(url=url, events=chosen, description=description, status=status)
    return write("UpdateWebhookEndpoint", f"PATCH {_ONE}", body, idempotency_key, endpoint_id=endpoint_id)


def delete_webhook_endpoint(endpoint_id: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Remove a receiver."""
    return remove("DeleteWebhookEndpoint", _ONE, idempotency_key, endpoint_id=endpoint_id)


def rotate_webhook_secret(endpoint_id: str, *, idempotency_key: str | None = None) -> Call[WebhookEndpoint]:
    """Get a new `secret`; both sign for 24 hours, so put the old one into `accepted_secrets` first."""
    target = f"POST {_ONE}/rotate-secret"
    return write("RotateWebhookSecret", target, None, idempotency_key, endpoint_id=endpoint_id)


def list_webhook_deliveries(
    endpoint_id: str,
    *,
    status: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[WebhookDelivery]:
    """List the deliveries to a receiver, newest first."""
    template, params = f"{_ONE}/deliveries", {"status": status}
    return listing("ListWebhookDeliveries", template, params, limit=limit, cursor=cursor, endpoint_id=endpoint_id)


def get_webhook_delivery(endpoint_id: str, delivery_id: str) -> Call[WebhookDelivery]:
    """Read one delivery with the request that was sent and every attempt."""
    ids = {"delivery_id": delivery_id}
    return fetch("GetWebhookDelivery", f"{_ONE}/deliveries/{{delivery_id}}", endpoint_id=endpoint_id, **ids)


def ping_webhook_endpoint(endpoint_id: str, *, idempotency_key: str | None = None) -> Call[WebhookDelivery]:
    """Send a `webhook_endpoint.ping` to one receiver, and return its delivery, which may still be under way."""
    return write("PingWebhookEndpoint", f"POST {_ONE}/ping", None, idempotency_key, endpoint_id=endpoint_id)


def retry_webhook_delivery(
    endpoint_id: str, delivery_id: str, *, idempotency_key: str | None = None
) -> Call[WebhookDelivery]:
    """Send one delivery again."""
    target, ids = f"POST {_ONE}/deliveries/{{delivery_id}}/retry", {"delivery_id": delivery_id}
    return write("RetryWebhookDelivery", target, None, idempotency_key, endpoint_id=endpoint_id, **ids)


def replay_webhook_events(
    endpoint_id: str,
    *,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    event_types: Iterable[str] | None = None,
    idempotency_key: str | None = None,
) -> Call[dict[str, Any]]:
    """Send past events to a receiver again."""
    types = None if event_types is None else list(event_types)
    body = given(since=timestamp("since", since), until=timestamp("until", until), event_types=types)
    target = f"POST {_ONE}/replay"
    return write("ReplayWebhookEvents", target, body, idempotency_key, endpoint_id=endpoint_id)


def get_dunning_policy() -> Call[dict[str, Any]]:
    """Read what happens after a failed payment."""
    return fetch("GetDunningPolicy", "/v1/admin/dunning/policy")


def update_dunning_policy(policy: Mapping[str, Any], *, idempotency_key: str | None = None) -> Call[dict[str, Any]]:
    """Replace what happens after a failed payment."""
    return write("UpdateDunningPolicy", "PUT /v1/admin/dunning/policy", policy, idempotency_key)


def get_tax_config() -> Call[dict[str, Any]]:
    """Read the tax settings."""
    return fetch("GetTaxConfig", "/v1/admin/tax/config")


def update_tax_config(config: Mapping[str, Any], *, idempotency_key: str | None = None) -> Call[dict[str, Any]]:
    """Replace the tax settings."""
    return write("UpdateTaxConfig", "PUT /v1/admin/tax/config", config, idempotency_key)


def verify_payment_provider(provider_id: str, *, idempotency_key: str | None = None) -> Call[dict[str, Any]]:
    """Check that a payment provider's credentials work."""
    target = "POST /v1/admin/payment-providers/{provider_id}/verify"
    return write("VerifyPaymentProvider", target, None, idempotency_key, provider_id=provider_id)
