"""Products and plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paylera.client.bodies import given
from paylera.client.calls import Call, ListCall, fetch, listing, write
from paylera.client.models import Plan, Product


def create_product(
    *,
    code: str,
    name: str,
    description: str | None = None,
    tax_code: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Product]:
    """Create a product."""
    body = given(code=code, name=name, description=description, tax_code=tax_code)
    return write("CreateProduct", "POST /v1/products", body, idempotency_key)


def list_products(*, limit: int | None = None, cursor: str | None = None) -> ListCall[Product]:
    """List the products."""
    return listing("ListProducts", "/v1/products", limit=limit, cursor=cursor)


def create_plan(
    *,
    product_code: str,
    code: str,
    currency: str,
    interval: str,
    components: Iterable[Mapping[str, Any]],
    name: str | None = None,
    interval_count: int | None = None,
    trial_days: int | None = None,
    dunning_policy: Mapping[str, Any] | str | None = None,
    idempotency_key: str | None = None,
) -> Call[Plan]:
    """Create a plan; a component is `{code, pricing, tax_code, recognition}`."""
    body = given(
        product_code=product_code,
        code=code,
        name=name,
        currency=currency,
        interval=interval,
        interval_count=interval_count,
        trial_days=trial_days,
        components=list(components),
        dunning_policy=dunning_policy,
    )
    return write("CreatePlan", "POST /v1/plans", body, idempotency_key)


def get_plan(code: str) -> Call[Plan]:
    """Read a plan by its code or id."""
    return fetch("GetPlan", "/v1/plans/{code}", code=code)


def list_plans(*, limit: int | None = None, cursor: str | None = None) -> ListCall[Plan]:
    """List the plans."""
    return listing("ListPlans", "/v1/plans", limit=limit, cursor=cursor)
