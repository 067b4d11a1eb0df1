"""Coupons: what may be redeemed, by whom and how often. What they take off is the business of `discounts`."""

from __future__ import annotations

from collections.abc import Sequence

from paylera_sandbox.clock import moment
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

DURATIONS = ("once", "repeating", "forever")
_PROMISE = ("code", "percent_off", "amount_off", "duration", "duration_in_months")


def promised(unit: Unit, codes: Sequence[str], currency: str) -> list[Doc]:
    """Return the discounts that coupons promise if they are redeemed now, or refuse. Nothing is written."""
    found = [_redeemable(unit, code, currency) for code in dict.fromkeys(codes)]
    return [{**{name: coupon[name] for name in _PROMISE}, "redeemed_at": unit.stamp} for coupon in found]


def redeem(unit: Unit, codes: Sequence[str]) -> None:
    """Count the redemption of coupons that a subscription has taken."""
    for code in dict.fromkeys(codes):
        coupon = _named(unit, code)
        changed = {**coupon, "times_redeemed": coupon["times_redeemed"] + 1, "updated_at": unit.stamp}
        unit.store.save("coupons", changed)
        emit(unit, "coupon.redeemed", changed)


def _redeemable(unit: Unit, code: str, currency: str) -> Doc:
    coupon = _named(unit, code)
    if coupon["expires_at"] and moment(coupon["expires_at"]) <= unit.now:
        raise Problem("coupon.expired", f"The coupon '{code}' expired at {coupon['expires_at']}.")
    if coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]:
        raise Problem("coupon.spent", f"The coupon '{code}' was redeemed {coupon['times_redeemed']} times already.")
    if coupon["currency"] not in {None, currency}:
        detail = f"The coupon '{code}' takes off {coupon['currency']}, the plan is in {currency}."
        raise Problem("coupon.currency_mismatch", detail)
    return coupon


def _named(unit: Unit, code: str) -> Doc:
    coupon = unit.store.first("coupons", code=code, status="active")
    if coupon is None:
        raise Problem("coupon.not_found", f"There is no coupon '{code}'.")
    return coupon
