"""The part of the API's table that is about what is sold: products, plans, coupons."""

from __future__ import annotations

from paylera_sandbox.api import coupons, plans, products
from paylera_sandbox.models.catalog import Coupon, Plan, Product
from paylera_sandbox.models.common import Page
from paylera_sandbox.operations import Operation

CATALOG = (
    Operation(
        "GET", "/v1/products", products.listing, query=products.FILTERS, name="ListProducts", answer=Page[Product]
    ),
    Operation(
        "POST",
        "/v1/products",
        products.create,
        body=products.CREATE,
        status=201,
        name="CreateProduct",
        answer=Product,
        problems=("product.code_taken",),
    ),
    Operation("GET", "/v1/products/{id}", products.get, name="GetProduct", answer=Product),
    Operation(
        "PATCH", "/v1/products/{id}", products.update, body=products.UPDATE, name="UpdateProduct", answer=Product
    ),
    Operation("POST", "/v1/products/{id}/archive", products.archive, name="ArchiveProduct", answer=Product),
    Operation("GET", "/v1/plans", plans.listing, query=plans.LIST, name="ListPlans", answer=Page[Plan]),
    Operation(
        "POST",
        "/v1/plans",
        plans.create,
        body=plans.CREATE,
        status=201,
        name="CreatePlan",
        answer=Plan,
        problems=("plan.code_taken",),
    ),
    Operation("GET", "/v1/plans/{id}", plans.get, name="GetPlan", answer=Plan),
    Operation("PATCH", "/v1/plans/{id}", plans.update, body=plans.UPDATE, name="UpdatePlan", answer=Plan),
    Operation("POST", "/v1/plans/{id}/archive", plans.archive, name="ArchivePlan", answer=Plan),
    Operation("GET", "/v1/coupons", coupons.listing, query=coupons.FILTERS, name="ListCoupons", answer=Page[Coupon]),
    Operation(
        "POST",
        "/v1/coupons",
        coupons.create,
        body=coupons.CREATE,
        status=201,
        name="CreateCoupon",
        answer=Coupon,
        problems=("coupon.code_taken",),
    ),
    Operation("GET", "/v1/coupons/{id}", coupons.get, name="GetCoupon", answer=Coupon),
    Operation("PATCH", "/v1/coupons/{id}", coupons.update, body=coupons.UPDATE, name="UpdateCoupon", answer=Coupon),
    Operation("POST", "/v1/coupons/{id}/archive", coupons.archive, name="ArchiveCoupon", answer=Coupon),
)
