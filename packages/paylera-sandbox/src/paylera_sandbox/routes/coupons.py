"""Coupons."""

from __future__ import annotations

from paylera_sandbox.api import coupons
from paylera_sandbox.models.catalog import Coupon
from paylera_sandbox.models.common import Page
from paylera_sandbox.operations import Operation

TABLE = (
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
