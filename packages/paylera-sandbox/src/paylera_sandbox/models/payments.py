"""Payments, and the methods that are charged."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.common import Address, NextAction
from paylera_sandbox.models.values import (
    Amount,
    Currency,
    CustomerId,
    InvoiceId,
    Metadata,
    PaymentId,
    PaymentMethodId,
    Rate,
    Stamp,
)

PaymentStatus = Literal[
    "pending",
    "processing",
    "requires_action",
    "succeeded",
    "partially_refunded",
    "failed",
    "canceled",
    "refunded",
    "charged_back",
]


class PaymentError(TypedDict):
    """Why a payment failed."""

    code: Literal["payment.declined"]
    decline_code: str
    provider_message: str
    user_message: str
    is_retriable: bool
    retriable_after: Stamp | None


class Payment(TypedDict):
    """One attempt to have an invoice paid."""

    id: PaymentId
    object: Literal["payment"]
    invoice_id: InvoiceId | None
    customer_id: CustomerId
    payment_method_id: PaymentMethodId | None
    provider: str
    provider_id: str
    status: PaymentStatus
    amount: Amount
    currency: Currency
    amount_settled: Amount | None
    settlement_currency: Currency
    fx_rate: Rate | None
    amount_refunded: Amount
    captured_at: Stamp | None
    settled_at: Stamp | None
    next_action: NextAction | None
    last_error: PaymentError | None
    refunds: list[str]
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp


class Card(TypedDict):
    """What is known of a card."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str
    funding: Literal["credit", "debit", "prepaid"]


class BankAccount(TypedDict):
    """What is known of a bank account."""

    bank_name: str
    last4: str
    country: str
    currency: Currency


class DigitalWallet(TypedDict):
    """What is known of a wallet on a phone."""

    kind: str


class PaymentMethod(TypedDict):
    """What a customer pays with."""

    id: PaymentMethodId
    object: Literal["payment_method"]
    customer_id: CustomerId
    type: Literal["card", "bank_account", "paypal", "wallet"]
    is_default: bool
    verified: bool
    card: Card | None
    bank_account: BankAccount | None
    wallet: DigitalWallet | None
    billing_address: Address | None
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp
