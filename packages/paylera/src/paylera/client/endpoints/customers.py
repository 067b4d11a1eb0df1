"""Customers, their tax numbers and portal sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera.client.bodies import UNSET, Unset, changed, given
from paylera.client.calls import Call, ListCall, fetch, listing, write
from paylera.client.documents import TaxId
from paylera.client.models import BillingPortalSession, Customer


def create_customer(
    *,
    email: str | None = None,
    name: str | None = None,
    external_id: str | None = None,
    billing_address: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[Customer]:
    """Create a customer; a stable `idempotency_key` keeps simultaneous first requests from creating several."""
    body = given(email=email, name=name, external_id=external_id, billing_address=billing_address, metadata=metadata)
    return write("CreateCustomer", "POST /v1/customers", body, idempotency_key)


def get_customer(customer_id: str) -> Call[Customer]:
    """Read a customer."""
    return fetch("GetCustomer", "/v1/customers/{customer_id}", customer_id=customer_id)


def update_customer(
    customer_id: str,
    *,
    email: str | Unset | None = UNSET,
    name: str | Unset | None = UNSET,
    external_id: str | Unset | None = UNSET,
    billing_address: Mapping[str, Any] | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset | None = UNSET,
    default_payment_method_id: str | Unset | None = UNSET,
    idempotency_key: str | None = None,
) -> Call[Customer]:
    """Change what is given; None clears."""
    body = changed(
        email=email,
        name=name,
        external_id=external_id,
        billing_address=billing_address,
        metadata=metadata,
        default_payment_method_id=default_payment_method_id,
    )
    target = "PATCH /v1/customers/{customer_id}"
    return write("UpdateCustomer", target, body, idempotency_key, customer_id=customer_id)


def list_customers(
    *,
    email: str | None = None,
    external_id: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[Customer]:
    """List customers, newest first. `filters` takes the API's own, such as `{"created_at[gte]": ...}`."""
    params = {**(filters or {}), "email": email, "external_id": external_id, "sort": sort}
    return listing("ListCustomers", "/v1/customers", params, limit=limit, cursor=cursor)


def create_billing_portal_session(
    customer_id: str,
    *,
    return_url: str | None = None,
    locale: str | None = None,
    idempotency_key: str | None = None,
) -> Call[BillingPortalSession]:
    """Make a link to the hosted portal for one customer."""
    body = given(return_url=return_url, locale=locale)
    target = "POST /v1/customers/{customer_id}/billing-portal-sessions"
    return write("CreateBillingPortalSession", target, body, idempotency_key, customer_id=customer_id)


def create_tax_id(
    customer_id: str,
    *,
    type: str,  # noqa: A002 - the API's word
    value: str,
    idempotency_key: str | None = None,
) -> Call[TaxId]:
    """Add a tax number to a customer."""
    target = "POST /v1/customers/{customer_id}/tax-ids"
    return write("CreateTaxId", target, {"type": type, "value": value}, idempotency_key, customer_id=customer_id)


def list_tax_ids(customer_id: str, *, limit: int | None = None, cursor: str | None = None) -> ListCall[TaxId]:
    """List a customer's tax numbers."""
    template = "/v1/customers/{customer_id}/tax-ids"
    return listing("ListTaxIds", template, limit=limit, cursor=cursor, customer_id=customer_id)
