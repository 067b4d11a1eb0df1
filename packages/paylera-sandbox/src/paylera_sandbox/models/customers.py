"""Customers."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.common import Address
from paylera_sandbox.models.values import Amount, Currency, CustomerId, Metadata, PaymentMethodId, Stamp


class Customer(TypedDict):
    """A paying user or organisation of the merchant."""

    id: CustomerId
    object: Literal["customer"]
    email: str | None
    name: str | None
    external_id: str | None
    """The merchant's own id of the user or organisation; unique."""
    billing_address: Address | None
    metadata: Metadata
    default_payment_method_id: PaymentMethodId | None
    credit_balances: dict[Currency, Amount]
    """What downgrades left, by currency. The next invoices use it up."""
    created_at: Stamp
    updated_at: Stamp
