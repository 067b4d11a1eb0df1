"""The webhooks: what is sent for each event type of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera_sandbox.kinds import Schema
from paylera_sandbox.models.catalog import Coupon
from paylera_sandbox.models.common import Anything
from paylera_sandbox.models.customers import Customer, CustomerWithTaxId
from paylera_sandbox.models.invoices import Invoice
from paylera_sandbox.models.metering import UsageEvent
from paylera_sandbox.models.payments import Payment, PaymentMethod
from paylera_sandbox.models.subscriptions import RefundedSubscription, Subscription
from paylera_sandbox.models.wallets import TopUpFailure, Wallet
from paylera_sandbox.models.webhooks import WebhookEndpoint
from paylera_sandbox.webhooks.catalogue import EVENT_TYPES

# Family of an event type, or one type -> the model of `data`. A family that is not here may send any object.
DATA: Mapping[str, Any] = {
    "customer": Customer,
    "payment_method": PaymentMethod,
    "subscription": Subscription,
    "invoice": Invoice,
    "payment": Payment,
    "coupon": Coupon,
    "wallet": Wallet,
    "usage": UsageEvent,
    "webhook_endpoint": WebhookEndpoint,
    "customer.tax_id_invalidated": CustomerWithTaxId,
    "subscription.refund_processed": RefundedSubscription,
    "subscription.usage_threshold_crossed": Anything,
    "wallet.auto_topup_failed": TopUpFailure,
    "webhook_endpoint.delivery_failed": Anything,
}


def model_of(event_type: str) -> Any:
    """Return the model of an event's data."""
    return DATA.get(event_type, DATA.get(event_type.partition(".")[0], Anything))


def component(event_type: str) -> str:
    """Return the name of an event's schema: `invoice.paid` gives `InvoicePaidEvent`."""
    return "".join(word.capitalize() for word in event_type.replace(".", "_").split("_")) + "Event"


def payload(event_type: str, data: Schema) -> Schema:
    """Return the schema of an event."""
    narrowed = {"type": "object", "properties": {"type": {"const": event_type}, "data": data}}
    return {
        "description": EVENT_TYPES[event_type],
        "allOf": [{"$ref": "#/components/schemas/Event"}, narrowed],
    }


def webhook(event_type: str) -> dict[str, Any]:
    """Return the entry of an event type."""
    schema = {"$ref": f"#/components/schemas/{component(event_type)}"}
    operation = {
        "operationId": component(event_type),
        "summary": EVENT_TYPES[event_type],
        "tags": [f"{event_type.partition('.')[0]} events"],
        "security": [],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _HEADERS],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Received. Anything else, or no answer in 10 s, is tried again."}},
    }
    return {"post": operation}


_HEADERS: Mapping[str, tuple[str, str, Schema]] = {
    "Signature": (
        "Paylera-Signature",
        "`t=<unix seconds>,v1=<hex>`, one `v1` for each secret in force: HMAC-SHA-256 of `t`, a dot and the raw body.",
        {"type": "string", "pattern": "^t=[0-9]+(,v1=[0-9a-f]{64})+$"},
    ),
    "EventId": ("Paylera-Event-Id", "The event; the same in every delivery of it.", {"type": "string"}),
    "DeliveryId": ("Paylera-Delivery-Id", "The delivery; the same in every attempt of it.", {"type": "string"}),
    "EventType": ("Paylera-Event-Type", "The type of the event.", {"type": "string"}),
}


def header_parameters() -> dict[str, Any]:
    """Return the headers of a delivery."""
    return {
        name: {"name": header, "in": "header", "required": True, "description": text, "schema": schema}
        for name, (header, text, schema) in _HEADERS.items()
    }
