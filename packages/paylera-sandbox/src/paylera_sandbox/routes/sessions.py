"""Hosted pages: checkout and the billing portal."""

from __future__ import annotations

from paylera_sandbox.api import checkout, portal
from paylera_sandbox.models.sessions import BillingPortalSession, CheckoutSession
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/customers/{id}/billing-portal-sessions",
        portal.create,
        body=portal.BODY,
        status=201,
        name="CreateBillingPortalSession",
        answer=BillingPortalSession,
    ),
    Operation(
        "POST",
        "/v1/checkout/sessions",
        checkout.create,
        body=checkout.CREATE,
        status=201,
        name="CreateCheckoutSession",
        answer=CheckoutSession,
        problems=("plan.not_found", "coupon.not_found", "subscription.already_active", "subscription.exists"),
    ),
    Operation("GET", "/v1/checkout/sessions/{id}", checkout.get, name="GetCheckoutSession", answer=CheckoutSession),
    Operation(
        "POST",
        "/v1/portal/sessions",
        checkout.create_portal,
        body=checkout.PORTAL,
        status=201,
        name="CreatePortalSession",
        answer=BillingPortalSession,
    ),
)
