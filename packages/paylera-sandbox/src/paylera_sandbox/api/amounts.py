"""Amounts of money in a body: decimal strings that a currency can hold."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.money import minor_units, rounded
from paylera_sandbox.problems import fault

LARGEST = Decimal(10) ** 15


def expect_whole(field: str, amount: Decimal, currency: str) -> Decimal:
    """Return an amount, or refuse one that is finer than the currency's minor unit."""
    if amount != rounded(amount, currency):
        digits = minor_units(currency)
        raise fault(field, "amount.too_precise", f"must have at most {digits} digits after the point in {currency}")
    return amount
