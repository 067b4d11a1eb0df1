"""Webhook endpoints, and what became of the deliveries to them."""

from __future__ import annotations

from paylera_sandbox.api import webhooks
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.webhooks import (
    NewWebhookEndpoint,
    WebhookDelivery,
    WebhookDeliveryWithRequest,
    WebhookEndpoint,
    WebhookReplay,
)
from paylera_sandbox.operations import Operation

_ENDPOINTS = "/v1/admin/webhook-endpoints"

TABLE = (
    Operation(
        "GET",
        _ENDPOINTS,
        webhooks.listing,
        query=webhooks.ENDPOINT_FILTERS,
        name="ListWebhookEndpoints",
        answer=Page[WebhookEndpoint],
    ),
    Operation(
        "POST",
        _ENDPOINTS,
        webhooks.create,
        body=webhooks.CREATE,
        status=201,
        name="CreateWebhookEndpoint",
        answer=NewWebhookEndpoint,
    ),
    Operation("GET", f"{_ENDPOINTS}/{{id}}", webhooks.get, name="GetWebhookEndpoint", answer=WebhookEndpoint),
    Operation(
        "PATCH",
        f"{_ENDPOINTS}/{{id}}",
        webhooks.update,
        body=webhooks.UPDATE,
        name="UpdateWebhookEndpoint",
        answer=WebhookEndpoint,
    ),
    Operation("DELETE", f"{_ENDPOINTS}/{{id}}", webhooks.delete, status=204, name="DeleteWebhookEndpoint"),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/rotate-secret",
        webhooks.rotate,
        body=webhooks.ROTATE,
        name="RotateWebhookSecret",
        answer=NewWebhookEndpoint,
    ),
    Operation(
        "GET",
        f"{_ENDPOINTS}/{{id}}/deliveries",
        webhooks.deliveries,
        query=webhooks.DELIVERY_FILTERS,
        name="ListWebhookDeliveries",
        answer=Page[WebhookDelivery],
    ),
    Operation(
        "GET",
        f"{_ENDPOINTS}/{{id}}/deliveries/{{delivery_id}}",
        webhooks.delivery,
        name="GetWebhookDelivery",
        answer=WebhookDeliveryWithRequest,
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/deliveries/{{delivery_id}}/retry",
        webhooks.retry,
        status=202,
        name="RetryWebhookDelivery",
        answer=WebhookDelivery,
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/replay",
        webhooks.replay,
        body=webhooks.REPLAY,
        status=202,
        name="ReplayWebhookEvents",
        answer=WebhookReplay,
        problems=("event.not_found", "webhook_replay.too_many"),
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/ping",
        webhooks.ping,
        status=202,
        name="PingWebhookEndpoint",
        answer=WebhookDelivery,
    ),
)
