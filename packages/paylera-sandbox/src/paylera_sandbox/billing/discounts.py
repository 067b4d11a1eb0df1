"""Discounts: what coupons take off the items of an invoice, line by line and without losing a cent.

A subscription keeps what its coupons promised when they were redeemed (`_discounts`): percentages first, which add up
to everything at most, then fixed amounts off what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.billing.periods import later
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.money import minor_units, rounded
from paylera_sandbox.store import Doc

_ZERO = Decimal(0)


def valid(subscription: Doc, at: str) -> list[Doc]:
    """Return the discounts that count for what is charged at a moment."""
    begun = subscription["trial_end"] or ""
    return [discount for discount in subscription["_discounts"] if _counts(discount, begun, at)]


def _counts(discount: Doc, begun: str, at: str) -> bool:
    """Tell whether a discount counts: the time of a trial, in which nothing is charged, does not use it up."""
    start: str = max(discount["redeemed_at"], begun)
    if discount["duration"] == "forever":
        return True
    if discount["duration"] == "once":
        return at <= start
    return at < stamp(later(moment(start), interval="month", count=discount["duration_in_months"]))


def apply(items: Sequence[Item], discounts: Sequence[Doc], currency: str) -> list[Item]:
    """Give each item its discount, in whole minor units: its share of the percentages, and its part of the fixed
    amounts, which are spread so that the parts add up to them."""
    if not discounts:
        return list(items)
    percent = min(sum((Decimal(discount["percent_off"] or 0) for discount in discounts), _ZERO), Decimal(100))
    fixed = sum((Decimal(discount["amount_off"] or 0) for discount in discounts), _ZERO)
    amounts = [rounded(item.amount, currency) for item in items]
    shares = [rounded(Fraction(amount) * Fraction(percent) / 100, currency) for amount in amounts]
    left = [amount - share for amount, share in zip(amounts, shares, strict=True)]
    parts = zip(items, shares, spread(fixed, left, currency), strict=True)
    return [replace(item, discount=Fraction(share + part)) for item, share, part in parts]


def spread(total: Decimal, amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Divide an amount over others in proportion to them, in whole minor units, none above its own. What rounding
    leaves over goes to those that lost most by it, the first of equals first."""
    whole = 10 ** minor_units(currency)
    weights = [int(amount * whole) for amount in amounts]
    units, sum_ = max(min(int(total * whole), sum(weights)), 0), sum(weights)
    parts = [units * weight // sum_ if sum_ else 0 for weight in weights]
    lost = sorted(range(len(weights)), key=lambda place: -(units * weights[place] % sum_) if sum_ else 0)
    for place in lost[: units - sum(parts)]:
        parts[place] += 1
    return [Decimal(part).scaleb(-minor_units(currency)) for part in parts]
