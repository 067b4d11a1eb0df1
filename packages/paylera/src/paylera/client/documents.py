"""The shapes of results about money and administration; see `models.py` for the conventions."""

from __future__ import annotations

from typing import Any, Required, TypedDict

from paylera.client.models import Metadata


class InvoiceLine(TypedDict, total=False):
    """A line of an invoice."""

    id: Required[str]
    code: str
    description: str
    quantity: str
    unit_amount: str
    amount: str
    period_start: str | None
    period_end: str | None
    discount_amount: str
    tax_amount: str
    tax_rate: str | None
    metadata: Metadata


class Invoice(TypedDict, total=False):
    """An invoice; `total = subtotal - discount + tax`."""

    id: Required[str]
    object: str
    number: str | None
    customer_id: str
    subscription_id: str | None
    currency: str
    presentment_currency: str | None
    settlement_currency: str | None
    fx_rate: str | None
    fx_rate_source: str | None
    fx_rate_locked_at: str | None
    status: str
    issued_at: str | None
    due_at: str | None
    lines: list[InvoiceLine]
    subtotal: str
    discount: str
    tax: str
    total: str
    credit_applied: str
    amount_paid: str
    amount_credited: str
    amount_charged_back: str
    amount_due: str
    tax_breakdown: list[dict[str, Any]]
    payments: list[str]
    credit_notes: list[str]
    pdf_url: str | None
    metadata: Metadata
    created_at: str
    updated_at: str


class CreditNote(TypedDict, total=False):
    """A credit note; its amounts are negative."""

    id: Required[str]
    object: str
    number: str
    invoice_id: str
    customer_id: str
    currency: str
    reason: str
    status: str
    issued_at: str
    lines: list[dict[str, Any]]
    subtotal: str
    tax: str
    total: str
    outcome: dict[str, Any]
    created_at: str


class Payment(TypedDict, total=False):
    """A payment; `next_action` says what the customer has to do first."""

    id: Required[str]
    object: str
    invoice_id: str | None
    customer_id: str
    payment_method_id: str | None
    provider: str
    provider_id: str | None
    status: str
    amount: str
    currency: str
    amount_settled: str | None
    settlement_currency: str | None
    fx_rate: str | None
    amount_refunded: str
    captured_at: str | None
    settled_at: str | None
    next_action: dict[str, Any] | None
    problem: str
    last_error: dict[str, Any] | None
    refunds: list[Any]
    metadata: Metadata
    created_at: str
    updated_at: str


class Refund(TypedDict, total=False):
    """A refund of a payment; `destination` is `card`, `wallet` or `credit_balance`."""

    id: Required[str]
    object: str
    payment_id: str
    invoice_id: str | None
    customer_id: str
    amount: str
    currency: str
    reason: str | None
    destination: str
    status: str
    created_at: str


class PaymentMethod(TypedDict, total=False):
    """A stored way to pay; `type` is `card`, `bank_account`, `paypal` or `wallet`."""

    id: Required[str]
    object: str
    customer_id: str
    type: str
    is_default: bool
    verified: bool
    card: dict[str, Any] | None
    bank_account: dict[str, Any] | None
    wallet: dict[str, Any] | None
    billing_address: dict[str, Any] | None
    metadata: Metadata
    created_at: str
    updated_at: str


class SetupIntent(TypedDict, total=False):
    """A permission to store a payment method: ten minutes, once. `client_secret` is there only after creating."""

    id: Required[str]
    object: str
    customer_id: str
    provider: str
    payment_method_types: list[str]
    status: str
    client_secret: str
    payment_method_id: str | None
    expires_at: str
    created_at: str


class TaxId(TypedDict, total=False):
    """A customer's tax number."""

    id: Required[str]
    object: str
    customer_id: str
    type: str
    country: str
    value: str
    status: str
    created_at: str
    updated_at: str


class Wallet(TypedDict, total=False):
    """A customer's balance in one currency."""

    id: Required[str]
    object: str
    customer_id: str
    currency: str
    balance: str
    auto_top_up: dict[str, Any] | None
    drift_floor: str | None
    created_at: str
    updated_at: str


class WalletEntry(TypedDict, total=False):
    """What went in or out of a wallet; the amount of a debit is negative."""

    id: Required[str]
    object: str
    wallet_id: str
    kind: str
    amount: str
    currency: str
    balance_after: str
    reason: str
    external_id: str | None
    invoice_id: str | None
    payment_id: str | None
    created_at: str


class WebhookEndpoint(TypedDict, total=False):
    """A receiver of events; `secret` is there only after creating and rotating."""

    id: Required[str]
    object: str
    url: str
    events: list[str]
    description: str | None
    status: str
    api_version: str
    secret: str
    secret_last4: str
    created_at: str
    updated_at: str


class WebhookDelivery(TypedDict, total=False):
    """One event on its way to one endpoint."""

    id: Required[str]
    event_id: str
    event_type: str
    status: str
    attempts: Any
    created_at: str
