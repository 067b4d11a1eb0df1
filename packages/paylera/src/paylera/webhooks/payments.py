"""Events about a payment or a payment method.

Source: the resource pages of Paylera's documentation; the types are in `catalogue`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class PaymentNextActionData(Model):
    """What the customer must do next: `redirect_to_url` with `url`, or `use_provider_sdk` with the other two."""

    type: str
    url: str | None = None
    provider: str | None = None
    payment_intent_client_secret: str | None = None


class PaymentErrorData(Model):
    """Why the payment failed; `user_message` is written for the customer."""

    code: str | None = None
    decline_code: str | None = None
    provider_message: str | None = None
    user_message: str | None = None
    is_retriable: bool | None = None
    retriable_after: Timestamp | None = None


class PaymentData(Model):
    """A payment as it was when the event occurred; `amount` is exact, in units of `currency` (not cents)."""

    id: str = Field(validation_alias=AliasChoices("id", "payment_id"))
    object: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None
    payment_method_id: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    status: str | None = None
    amount: Decimal
    currency: str
    amount_settled: Decimal | None = None
    settlement_currency: str | None = None
    fx_rate: Decimal | None = None
    amount_refunded: Decimal | None = None
    captured_at: Timestamp | None = None
    settled_at: Timestamp | None = None
    next_action: PaymentNextActionData | None = None
    last_error: PaymentErrorData | None = None
    refunds: list[Any] | None = None
    metadata: dict[str, Any] | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class CardData(Model):
    """What may be shown of a card."""

    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    country: str | None = None
    funding: str | None = None


class PaymentMethodData(Model):
    """A payment method as it was when the event occurred; `type` is `card`, `bank_account`, `paypal` or `wallet`."""

    id: str = Field(validation_alias=AliasChoices("id", "payment_method_id"))
    object: str | None = None
    customer_id: str | None = None
    type: str | None = None
    is_default: bool | None = None
    verified: bool | None = None
    card: CardData | None = None
    bank_account: dict[str, Any] | None = None
    wallet: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    created_at: Timestamp | None = None


PaymentCreatedEventData = PaymentData
PaymentRequiresActionEventData = PaymentData
PaymentActionCompletedEventData = PaymentData
PaymentSucceededEventData = PaymentData
PaymentFailedEventData = PaymentData
PaymentChargedBackEventData = PaymentData
PaymentMethodAttachedEventData = PaymentMethodData
PaymentMethodVerifiedEventData = PaymentMethodData
PaymentCanceledEventData = PaymentData
PaymentDisputeWonEventData = PaymentData
PaymentRefundedEventData = PaymentData
PaymentMethodDetachedEventData = PaymentMethodData
PaymentMethodUpdatedEventData = PaymentMethodData


class PaymentCreatedEvent(PayleraWebhookEvent):
    """A payment was created."""

    data: PaymentCreatedEventData


class PaymentRequiresActionEvent(PayleraWebhookEvent):
    """The customer must act before a payment can go on; see `next_action`."""

    data: PaymentRequiresActionEventData


class PaymentActionCompletedEvent(PayleraWebhookEvent):
    """The customer did what a payment asked for."""

    data: PaymentActionCompletedEventData


class PaymentSucceededEvent(PayleraWebhookEvent):
    """A payment succeeded."""

    data: PaymentSucceededEventData


class PaymentFailedEvent(PayleraWebhookEvent):
    """A payment failed; see `last_error`."""

    data: PaymentFailedEventData


class PaymentChargedBackEvent(PayleraWebhookEvent):
    """A payment was charged back."""

    data: PaymentChargedBackEventData


class PaymentMethodAttachedEvent(PayleraWebhookEvent):
    """A payment method was added to a customer."""

    data: PaymentMethodAttachedEventData


class PaymentMethodVerifiedEvent(PayleraWebhookEvent):
    """A payment method was verified."""

    data: PaymentMethodVerifiedEventData


class PaymentCanceledEvent(PayleraWebhookEvent):
    """A payment was given up before it was made."""

    data: PaymentCanceledEventData


class PaymentDisputeWonEvent(PayleraWebhookEvent):
    """A payment that was charged back came back."""

    data: PaymentDisputeWonEventData


class PaymentRefundedEvent(PayleraWebhookEvent):
    """A payment was given back, in part or in full; see `amount_refunded` and `refunds`."""

    data: PaymentRefundedEventData


class PaymentMethodDetachedEvent(PayleraWebhookEvent):
    """A payment method was removed from a customer."""

    data: PaymentMethodDetachedEventData


class PaymentMethodUpdatedEvent(PayleraWebhookEvent):
    """A payment method changed; `previous_attributes` holds the old values."""

    data: PaymentMethodUpdatedEventData
