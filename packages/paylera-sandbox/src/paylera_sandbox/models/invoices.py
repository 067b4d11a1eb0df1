"""Invoices and their lines."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.values import (
    Amount,
    Code,
    Currency,
    CustomerId,
    InvoiceId,
    LineId,
    Metadata,
    PaymentId,
    Quantity,
    Rate,
    Says,
    Stamp,
    SubscriptionId,
    Url,
)

InvoiceStatus = Literal["draft", "open", "partially_paid", "paid", "void", "uncollectible"]


class Line(TypedDict):
    """A line of an invoice, rounded on its own."""

    id: LineId
    code: Code
    description: str
    quantity: Quantity
    unit_amount: Amount
    amount: Amount
    """Before discount and tax; negative for a credit."""
    period_start: Stamp | None
    period_end: Stamp | None
    discount_amount: Amount
    tax_amount: Amount
    tax_rate: Rate
    metadata: Metadata


class Tax(TypedDict):
    """One tax of an invoice."""

    name: str
    rate: Rate
    amount: Amount


class Invoice(TypedDict):
    """An invoice. `total` = `subtotal` - `discount` + `tax`; an open one does not change but for being paid."""

    id: InvoiceId
    object: Literal["invoice"]
    number: Annotated[str, Says(pattern="^INV-[0-9]{4}-[0-9]{6,}$", examples=["INV-2026-000123"])] | None
    """Given when the invoice is finalized."""
    customer_id: CustomerId
    subscription_id: SubscriptionId | None
    currency: Currency
    presentment_currency: Currency
    settlement_currency: Currency
    fx_rate: Rate | None
    fx_rate_source: str | None
    fx_rate_locked_at: Stamp | None
    status: InvoiceStatus
    issued_at: Stamp | None
    due_at: Stamp | None
    lines: list[Line]
    subtotal: Amount
    discount: Amount
    tax: Amount
    total: Amount
    credit_applied: Amount
    """The customer's credit that it used; negative when it gave some."""
    amount_paid: Amount
    amount_credited: Amount
    """What credit notes took off what was due."""
    amount_due: Amount
    tax_breakdown: list[Tax]
    payments: list[PaymentId]
    credit_notes: list[str]
    pdf_url: Url | None
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp
