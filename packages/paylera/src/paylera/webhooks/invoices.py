"""Events about an invoice. Source: docs/api-objects.md, "Invoice"; the types are in `catalogue`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class InvoiceLineData(Model):
    """One line of an invoice."""

    id: str | None = None
    code: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    amount: Decimal | None = None
    period_start: Timestamp | None = None
    period_end: Timestamp | None = None
    discount_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_rate: Decimal | None = None
    metadata: dict[str, Any] | None = None


class InvoiceData(Model):
    """An invoice as it was when the event occurred; amounts are exact, in units of `currency` (not cents)."""

    id: str = Field(validation_alias=AliasChoices("id", "invoice_id"))
    object: str | None = None
    number: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    currency: str
    presentment_currency: str | None = None
    settlement_currency: str | None = None
    fx_rate: Decimal | None = None
    fx_rate_source: str | None = None
    fx_rate_locked_at: Timestamp | None = None
    status: str | None = None
    issued_at: Timestamp | None = None
    due_at: Timestamp | None = None
    lines: list[InvoiceLineData] | None = None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = Field(None, validation_alias=AliasChoices("total", "total_amount"))
    amount_paid: Decimal | None = None
    amount_due: Decimal | None = None
    tax_breakdown: list[dict[str, Any]] | None = None
    payments: list[Any] | None = None
    credit_notes: list[Any] | None = None
    pdf_url: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class InvoicePaidEventData(InvoiceData):
    """A paid invoice; some SDKs of Paylera show it with `total_amount` alone, which is then the amount paid."""

    # Narrower than in the base, which is sound: the models are frozen.
    amount_paid: Decimal = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        validation_alias=AliasChoices("amount_paid", "total_amount")
    )


InvoiceCreatedEventData = InvoiceData
InvoiceUpdatedEventData = InvoiceData
InvoiceFinalizedEventData = InvoiceData
InvoicePaymentFailedEventData = InvoiceData
InvoiceVoidedEventData = InvoiceData
InvoiceMarkedUncollectibleEventData = InvoiceData
InvoiceFxRateLockedEventData = InvoiceData
InvoiceDeletedEventData = InvoiceData


class InvoiceCreatedEvent(PayleraWebhookEvent):
    """A draft invoice was created."""

    data: InvoiceCreatedEventData


class InvoiceUpdatedEvent(PayleraWebhookEvent):
    """A draft invoice changed; `previous_attributes` holds the old values."""

    data: InvoiceUpdatedEventData


class InvoiceFinalizedEvent(PayleraWebhookEvent):
    """An invoice was finalized: it is open and can be paid."""

    data: InvoiceFinalizedEventData


class InvoicePaidEvent(PayleraWebhookEvent):
    """An invoice was paid in full."""

    data: InvoicePaidEventData


class InvoicePaymentFailedEvent(PayleraWebhookEvent):
    """An attempt to pay an invoice failed."""

    data: InvoicePaymentFailedEventData


class InvoiceVoidedEvent(PayleraWebhookEvent):
    """An invoice was voided."""

    data: InvoiceVoidedEventData


class InvoiceMarkedUncollectibleEvent(PayleraWebhookEvent):
    """An invoice was given up as uncollectible."""

    data: InvoiceMarkedUncollectibleEventData


class InvoiceFxRateLockedEvent(PayleraWebhookEvent):
    """The exchange rate of an invoice was fixed."""

    data: InvoiceFxRateLockedEventData


class InvoiceDeletedEvent(PayleraWebhookEvent):
    """A draft was deleted."""

    data: InvoiceDeletedEventData
