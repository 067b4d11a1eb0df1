"""Hosted pages: checkout and portal sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paylera.client.bodies import Quantity, decimal, given
from paylera.client.calls import Call, fetch, write
from paylera.client.models import BillingPortalSession, CheckoutSession


def create_checkout_session(
    *,
    customer_id: str,
    success_url: str,
    mode: str = "subscription",
    plan_code: str | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    coupons: Iterable[str] | None = None,
    cancel_url: str | None = None,
    allow_promotion_codes: bool | None = None,
    trial_days: int | None = None,
    line_items: Iterable[Mapping[str, Any]] | None = None,
    currency: str | None = None,
    locale: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[CheckoutSession]:
    """Make a hosted checkout page; `mode` is subscription, setup or payment.

    Mode payment takes a `currency` and `line_items`, which are lines as an invoice takes them. `{CHECKOUT_SESSION_ID}`
    in `success_url` is replaced. To sign a customer up for a plan, `attach` is shorter.
    """
    body = given(
        mode=mode,
        customer_id=customer_id,
        plan_code=plan_code,
        quantities=None
        if quantities is None
        else {meter: decimal(meter, count) for meter, count in quantities.items()},
        coupons=None if coupons is None else list(coupons),
        success_url=success_url,
        cancel_url=cancel_url,
        allow_promotion_codes=allow_promotion_codes,
        trial_days=trial_days,
        line_items=None if line_items is None else list(line_items),
        currency=currency,
        locale=locale,
        metadata=metadata,
    )
    return write("CreateCheckoutSession", "POST /v1/checkout/sessions", body, idempotency_key)


def get_checkout_session(session_id: str) -> Call[CheckoutSession]:
    """Read a checkout session: its status, and what came of it."""
    return fetch("GetCheckoutSession", "/v1/checkout/sessions/{session_id}", session_id=session_id)


def create_portal_session(
    *,
    customer_id: str,
    return_url: str | None = None,
    locale: str | None = None,
    idempotency_key: str | None = None,
) -> Call[BillingPortalSession]:
    """Make a link to the hosted portal by its older route; prefer `create_billing_portal_session`."""
    body = given(customer_id=customer_id, return_url=return_url, locale=locale)
    return write("CreatePortalSession", "POST /v1/portal/sessions", body, idempotency_key)
