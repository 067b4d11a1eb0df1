"""Sessions: links to hosted pages."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.values import (
    CheckoutSessionId,
    Code,
    Currency,
    CustomerId,
    InvoiceId,
    Metadata,
    PaymentMethodId,
    PlanId,
    PortalSessionId,
    Quantity,
    Stamp,
    SubscriptionId,
    Url,
)


class BillingPortalSession(TypedDict):
    """A link to the hosted portal, which opens once."""

    id: PortalSessionId
    object: Literal["billing_portal_session"]
    customer_id: CustomerId
    url: Url
    return_url: Url | None
    locale: str | None
    expires_at: Stamp
    created_at: Stamp


class CheckoutSession(TypedDict):
    """A link to the hosted checkout: single use, 24 hours."""

    id: CheckoutSessionId
    object: Literal["checkout_session"]
    mode: Literal["subscription", "setup", "payment"]
    status: Literal["open", "complete", "expired"]
    customer_id: CustomerId
    plan_id: PlanId | None
    plan_code: Code | None
    currency: Currency | None
    quantities: dict[str, Quantity]
    coupons: list[Code]
    trial_days: int | None
    allow_promotion_codes: bool
    line_items: list[dict[str, Any]]
    """What is paid in mode `payment`: lines as an invoice has them."""
    metadata: Metadata
    success_url: str | None
    """`{CHECKOUT_SESSION_ID}` in it is replaced when the payer goes there."""
    cancel_url: Url | None
    locale: str | None
    url: Url
    subscription_id: SubscriptionId | None
    invoice_id: InvoiceId | None
    payment_method_id: PaymentMethodId | None
    expires_at: Stamp
    created_at: Stamp
