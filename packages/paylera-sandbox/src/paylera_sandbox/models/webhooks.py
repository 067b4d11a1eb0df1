"""Webhook endpoints, the events, and their deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from typing_extensions import TypedDict

from paylera_sandbox.models.values import Date, DeliveryId, EventId, Says, Stamp, Url, WebhookEndpointId

EventType = Annotated[str, Says(pattern=r"^[a-z_]+\.[a-z_]+$", examples=["invoice.paid"])]
DeliveryStatus = Literal["pending", "succeeded", "failed", "dropped"]


class WebhookEndpoint(TypedDict):
    """Where events are sent."""

    id: WebhookEndpointId
    object: Literal["webhook_endpoint"]
    url: Url
    events: list[str]
    """Event types, `prefix.*` or `*`."""
    description: str | None
    status: Literal["enabled", "disabled", "auto_disabled"]
    api_version: Date
    secret_last4: str
    created_at: Stamp
    updated_at: Stamp


class NewWebhookEndpoint(WebhookEndpoint):
    """An endpoint with its signing secret, which is shown only when it is created or rotated."""

    secret: Annotated[str, Says(pattern="^whsec_", examples=["whsec_5f2c7d"])]


class Event(TypedDict):
    """What happened, as endpoints receive it."""

    id: EventId
    type: EventType
    occurred_at: Stamp
    schema_version: Literal[1]
    tenant_id: str
    aggregate_type: str
    aggregate_id: str
    data: dict[str, Any]
    """The object whose event it is, as it was then."""
    previous_attributes: NotRequired[dict[str, Any]]
    """The values before the change, of the members that changed."""


class Attempt(TypedDict):
    """One attempt to deliver."""

    at: Stamp
    status: int | None
    error: str | None
    answer: str
    """The beginning of what the receiver answered."""
    answer_headers: dict[str, str]
    duration_ms: int
    """Real time, whatever the sandbox's clock says."""
    url: Url
    signature: str
    """`Paylera-Signature` as it was sent."""
    fault: str | None
    """The fault that was made on demand."""


class WebhookDelivery(TypedDict):
    """An event on its way to an endpoint."""

    id: DeliveryId
    object: Literal["webhook_delivery"]
    endpoint_id: WebhookEndpointId
    event_id: EventId
    event_type: EventType
    aggregate_type: str
    aggregate_id: str
    status: DeliveryStatus
    attempts: list[Attempt]
    next_attempt_at: Stamp | None
    created_at: Stamp


class DeliveryRequest(TypedDict):
    """The request as it was last sent."""

    url: Url | None
    headers: dict[str, str]
    body: str


class WebhookDeliveryWithRequest(WebhookDelivery):
    """A delivery with the request as it was last sent."""

    request: DeliveryRequest


class WebhookReplay(TypedDict):
    """How many deliveries a replay queued."""

    object: Literal["webhook_replay"]
    endpoint_id: WebhookEndpointId
    queued: int
