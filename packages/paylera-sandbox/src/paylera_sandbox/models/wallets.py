"""Wallets and what goes in and out of them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.payments import PaymentError
from paylera_sandbox.models.values import (
    Amount,
    Currency,
    CustomerId,
    InvoiceId,
    PaymentId,
    PaymentMethodId,
    Stamp,
    WalletEntryId,
    WalletId,
)


class AutoTopUp(TypedDict):
    """When the balance has come down to `trigger_at`, the method is charged `amount`."""

    enabled: bool
    trigger_at: Amount | None
    amount: Amount | None
    payment_method_id: PaymentMethodId | None


class Wallet(TypedDict):
    """Money that a customer has paid ahead, one wallet per currency."""

    id: WalletId
    object: Literal["wallet"]
    customer_id: CustomerId
    currency: Currency
    balance: Amount
    """The sum of the entries."""
    auto_top_up: AutoTopUp | None
    drift_floor: Amount
    """How far below zero the balance may go."""
    created_at: Stamp
    updated_at: Stamp


class TopUpFailure(Wallet):
    """A wallet that could not be topped up, and why."""

    last_error: PaymentError


class WalletEntry(TypedDict):
    """What went in or out of a wallet."""

    id: WalletEntryId
    object: Literal["wallet_entry"]
    wallet_id: WalletId
    kind: Literal["credit", "debit"]
    amount: Amount
    """Negative for a debit."""
    currency: Currency
    balance_after: Amount
    reason: Literal[
        "manual_topup",
        "auto_topup",
        "credit_note",
        "promotional",
        "refund",
        "migration",
        "invoice_payment",
        "manual_debit",
        "chargeback",
        "dispute_won",
    ]
    external_id: str | None
    invoice_id: InvoiceId | None
    payment_id: PaymentId | None
    created_at: Stamp
