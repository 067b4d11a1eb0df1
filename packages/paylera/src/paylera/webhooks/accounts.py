"""Events about a customer, a wallet, a payout, a commission or a webhook endpoint.

Source: docs/api-objects.md and the resource pages of Paylera's documentation; the types are in `catalogue`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class CustomerData(Model):
    """A customer as it was when the event occurred."""

    id: str = Field(validation_alias=AliasChoices("id", "customer_id"))
    object: str | None = None
    email: str | None = None
    name: str | None = None
    external_id: str | None = None
    billing_address: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    default_payment_method_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class WalletData(Model):
    """A prepaid balance of one customer in one currency."""

    id: str = Field(validation_alias=AliasChoices("id", "wallet_id"))
    customer_id: str | None = None
    currency: str | None = None
    balance: Decimal | None = None
    auto_top_up: dict[str, Any] | None = None
    drift_floor: Decimal | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class PayoutBatchData(Model):
    """A batch of payouts; `status` is `pending`, `processing`, `settled`, `failed` or `partial`."""

    id: str = Field(validation_alias=AliasChoices("id", "payout_batch_id"))
    status: str | None = None
    currency: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class CommissionData(Model):
    """An affiliate's commission; `status` is `accrued`, `pending`, `eligible`, `paid` or `reversed`."""

    id: str = Field(validation_alias=AliasChoices("id", "commission_id"))
    affiliate_id: str | None = None
    status: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class WebhookEndpointData(Model):
    """A webhook endpoint; `status` is `enabled`, `disabled` or `auto_disabled`."""

    id: str = Field(validation_alias=AliasChoices("id", "webhook_endpoint_id"))
    object: str | None = None
    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    status: str | None = None
    api_version: str | None = None
    secret_last4: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


CustomerCreatedEventData = CustomerData
CustomerUpdatedEventData = CustomerData
CustomerTaxIdInvalidatedEventData = CustomerData
WalletAutoTopupFailedEventData = WalletData
PayoutBatchCreatedEventData = PayoutBatchData
PayoutBatchSettledEventData = PayoutBatchData
PayoutBatchFailedEventData = PayoutBatchData
CommissionAccruedEventData = CommissionData
CommissionEligibleEventData = CommissionData
CommissionReversedEventData = CommissionData
WebhookEndpointCreatedEventData = WebhookEndpointData
WebhookEndpointUpdatedEventData = WebhookEndpointData
WebhookEndpointDisabledEventData = WebhookEndpointData
WebhookEndpointDeliveryFailedEventData = WebhookEndpointData
WalletCreatedEventData = WalletData
WalletUpdatedEventData = WalletData
WebhookEndpointPingEventData = WebhookEndpointData


class CustomerCreatedEvent(PayleraWebhookEvent):
    """A customer was created."""

    data: CustomerCreatedEventData


class CustomerUpdatedEvent(PayleraWebhookEvent):
    """A customer changed; `previous_attributes` holds the old values."""

    data: CustomerUpdatedEventData


class CustomerTaxIdInvalidatedEvent(PayleraWebhookEvent):
    """A customer's tax id is no longer valid."""

    data: CustomerTaxIdInvalidatedEventData


class WalletAutoTopupFailedEvent(PayleraWebhookEvent):
    """A wallet could not be topped up by itself."""

    data: WalletAutoTopupFailedEventData


class PayoutBatchCreatedEvent(PayleraWebhookEvent):
    """A batch of payouts was created."""

    data: PayoutBatchCreatedEventData


class PayoutBatchSettledEvent(PayleraWebhookEvent):
    """A batch of payouts was settled."""

    data: PayoutBatchSettledEventData


class PayoutBatchFailedEvent(PayleraWebhookEvent):
    """A batch of payouts failed."""

    data: PayoutBatchFailedEventData


class CommissionAccruedEvent(PayleraWebhookEvent):
    """A commission was earned."""

    data: CommissionAccruedEventData


class CommissionEligibleEvent(PayleraWebhookEvent):
    """A commission can be paid out."""

    data: CommissionEligibleEventData


class CommissionReversedEvent(PayleraWebhookEvent):
    """A commission was taken back."""

    data: CommissionReversedEventData


class WebhookEndpointCreatedEvent(PayleraWebhookEvent):
    """A webhook endpoint was created."""

    data: WebhookEndpointCreatedEventData


class WebhookEndpointUpdatedEvent(PayleraWebhookEvent):
    """A webhook endpoint changed."""

    data: WebhookEndpointUpdatedEventData


class WebhookEndpointDisabledEvent(PayleraWebhookEvent):
    """A webhook endpoint was disabled."""

    data: WebhookEndpointDisabledEventData


class WebhookEndpointDeliveryFailedEvent(PayleraWebhookEvent):
    """A delivery to another endpoint failed for good."""

    data: WebhookEndpointDeliveryFailedEventData


class WalletCreatedEvent(PayleraWebhookEvent):
    """A wallet was opened."""

    data: WalletCreatedEventData


class WalletUpdatedEvent(PayleraWebhookEvent):
    """A wallet's balance or its automatic top-up changed; `previous_attributes` holds the old values."""

    data: WalletUpdatedEventData


class WebhookEndpointPingEvent(PayleraWebhookEvent):
    """This endpoint is being tried out; no other one is told."""

    data: WebhookEndpointPingEventData
