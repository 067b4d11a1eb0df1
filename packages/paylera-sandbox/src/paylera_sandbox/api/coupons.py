"""Coupons: `/v1/coupons`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api import coded
from paylera_sandbox.fields import Invalid, Rule
from paylera_sandbox.forms import plans
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc

CREATE = {"code": Rule(fields.identifier, required=True), **plans.COUPON}
UPDATE = {name: CREATE[name] for name in ("name", "max_redemptions", "expires_at", "metadata")}
FILTERS = coded.list_filters()


def create(call: Call) -> Doc:
    """Create a coupon: a percentage, or an amount and its currency."""
    if (call.body.get("expires_at") or "~") <= call.unit.stamp:
        raise fault("expires_at", "timestamp.past", "must be in the future")
    try:
        coupon = plans.coupon_doc(call.body, identifier=call.unit.new_id("cpn"))
    except Invalid as error:
        raise fault(error.at.removeprefix("."), error.code, error.message) from None
    return coded.added(call.unit, "coupons", coupon, event="coupon.created")


def listing(call: Call) -> Doc:
    """List the coupons."""
    return coded.listed(call, "coupons")


def get(call: Call) -> Doc:
    """Return a coupon by its id or code."""
    return coded.found(call.unit, "coupons", call.ids["id"])


def update(call: Call) -> Doc:
    """Change what was sent; what a coupon takes off does not change."""
    return coded.revised(call.unit, "coupons", get(call), call.body, event="coupon.updated")


def archive(call: Call) -> Doc:
    """Archive a coupon: it cannot be redeemed any more, and discounts that it gave go on."""
    return coded.archived(call, "coupons", event="coupon.updated")
