"""Invoices and their lines."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.values import (
    Amount,
    Code,
    CreditNoteId,
    CreditNoteLineId,
    Currency,
    CustomerId,
    InvoiceId,
    LineId,
    Metadata,
    PaymentId,
    Quantity,
    Rate,
    RefundId,
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
    """Up to 8 digits after the point; with the quantity, it explains the amount."""
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
    """Null: the sandbox converts nothing."""
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
    """What credit notes took off it."""
    amount_charged_back: Amount
    """What of `amount_paid` payers' banks have taken back and the merchant has not won again."""
    amount_due: Amount
    """`total` - `credit_applied` - `amount_paid` - `amount_credited`."""
    tax_breakdown: list[Tax]
    payments: list[PaymentId]
    """All attempts, the oldest first."""
    credit_notes: list[CreditNoteId]
    pdf_url: Url | None
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp


class CreditNoteLine(TypedDict):
    """What of a line is credited. Amounts are negative."""

    id: CreditNoteLineId
    invoice_line_id: LineId | None
    """Null when an amount of the whole invoice was credited."""
    description: str
    amount: Amount
    """Before tax."""
    tax_amount: Amount


class CreditNoteOutcome(TypedDict):
    """What became of the money."""

    kind: Literal["refund", "credit_balance", "applied_to_invoice"]
    refund_id: RefundId | None
    amount_refunded: Amount


class CreditNote(TypedDict):
    """A correction of an invoice. `total` = `subtotal` + `tax`, all negative."""

    id: CreditNoteId
    object: Literal["credit_note"]
    number: Annotated[str, Says(pattern="^CN-[0-9]{4}-[0-9]{6,}$", examples=["CN-2026-000007"])]
    invoice_id: InvoiceId
    customer_id: CustomerId
    currency: Currency
    reason: Literal["duplicate", "fraudulent", "order_change", "product_unsatisfactory", "service_outage", "other"]
    status: Literal["issued"]
    issued_at: Stamp
    lines: list[CreditNoteLine]
    subtotal: Amount
    tax: Amount
    total: Amount
    outcome: CreditNoteOutcome
    created_at: Stamp
