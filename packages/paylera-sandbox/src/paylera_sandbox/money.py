"""Amounts and quantities: exact inside, decimal strings outside, rounded half-even per line at the minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

# Digits after the point, where they are not two.
MINOR_UNITS = {"JPY": 0, "KRW": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3, "CLF": 4}
INNER_DIGITS = 8
_HALF_EVEN = Context(prec=100, rounding=ROUND_HALF_EVEN)
CURRENCIES = frozenset({"USD", "EUR", "GBP", "CHF", "CAD", "AUD", *MINOR_UNITS})


def minor_units(currency: str) -> int:
    """Return how many digits after the point a currency has."""
    return MINOR_UNITS.get(currency, 2)


def rounded(amount: Fraction | Decimal, currency: str) -> Decimal:
    """Round half-even to the currency's minor unit."""
    digits = minor_units(currency)
    if isinstance(amount, Decimal):
        return amount.quantize(Decimal(1).scaleb(-digits), context=_HALF_EVEN)
    return Decimal(round(amount * 10**digits)).scaleb(-digits)


def amount_text(amount: Fraction | Decimal, currency: str) -> str:
    """Write an amount with all digits of its currency: `19.00`."""
    return f"{rounded(amount, currency):f}"


def exact_text(amount: Fraction | Decimal, currency: str) -> str:
    """Write an amount that may be finer than its currency, with at most 8 digits after the point: `0.0005`."""
    fine = Decimal(round(Fraction(amount) * 10**INNER_DIGITS)).scaleb(-INNER_DIGITS)
    return amount_text(fine, currency) if fine == rounded(fine, currency) else quantity_text(fine)


def quantity_text(quantity: Decimal) -> str:
    """Write a quantity without needless zeros and never with an exponent: `1`, `0.5`."""
    text = f"{quantity:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0", "-"} else text
