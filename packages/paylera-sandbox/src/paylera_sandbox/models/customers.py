"""Customers."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.common import Address
from paylera_sandbox.models.values import Amount, Currency, CustomerId, Metadata, PaymentMethodId, Stamp, TaxIdId


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
    referral_code: str | None
    """Of the affiliate who brought the customer."""
    default_payment_method_id: PaymentMethodId | None
    credit_balances: dict[Currency, Amount]
    """What downgrades left, by currency. The next invoices use it up."""
    created_at: Stamp
    updated_at: Stamp


class TaxId(TypedDict):
    """A customer's tax number."""

    id: TaxIdId
    object: Literal["tax_id"]
    customer_id: CustomerId
    type: Literal["eu_vat", "gb_vat", "au_abn", "ca_bn", "ch_vat", "in_gst", "jp_cn", "no_vat", "nz_gst", "us_ein"]
    country: str
    value: str
    """Without separators."""
    status: Literal["verified", "invalid"]
    created_at: Stamp
    updated_at: Stamp


class CustomerWithTaxId(Customer):
    """A customer whose tax id turned out to be invalid."""

    tax_id: TaxId
