"""Payments, and the methods that are charged."""

from __future__ import annotations

from typing import Literal, NotRequired

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
    RefundId,
    SetupIntentId,
    Stamp,
    Url,
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
    """Null: the sandbox converts nothing."""
    amount_refunded: Amount
    captured_at: Stamp | None
    settled_at: Stamp | None
    next_action: NextAction | None
    problem: NotRequired[Literal["payment.requires_action"]]
    """In the answer to `pay` only, when the payer has to do something first. It is no refusal."""
    last_error: PaymentError | None
    refunds: list[RefundId]
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


class DeviceWallet(TypedDict):
    """The wallet of a phone or a browser."""

    kind: Literal["apple_pay", "google_pay"]


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
    wallet: DeviceWallet | None
    billing_address: Address | None
    metadata: Metadata
    created_at: Stamp
    updated_at: Stamp


class PaymentAction(TypedDict):
    """Where the payer confirms a payment."""

    object: Literal["payment_action"]
    payment_id: PaymentId
    type: Literal["redirect_to_url"]
    url: Url


class Refund(TypedDict):
    """Money of a payment that went back."""

    id: RefundId
    object: Literal["refund"]
    payment_id: PaymentId
    invoice_id: InvoiceId | None
    customer_id: CustomerId
    amount: Amount
    currency: Currency
    reason: str | None
    destination: Literal["card", "wallet", "credit_balance"]
    status: Literal["succeeded"]
    created_at: Stamp


class SetupIntent(TypedDict):
    """Permission to store one payment method, for ten minutes."""

    id: SetupIntentId
    object: Literal["setup_intent"]
    customer_id: CustomerId
    provider: str
    payment_method_types: list[Literal["card", "bank_account", "paypal", "wallet"]]
    status: Literal["open", "complete", "expired"]
    payment_method_id: PaymentMethodId | None
    expires_at: Stamp
    created_at: Stamp


class NewSetupIntent(SetupIntent):
    """A setup intent with the secret that confirms it; only the answer to its creation has that."""

    client_secret: str
