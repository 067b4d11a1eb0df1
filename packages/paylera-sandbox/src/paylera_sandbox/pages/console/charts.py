"""Bar charts: numbers in, the places of bars out. The drawing is a template's, made on the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from paylera_sandbox.money import quantity_text

_SLOT, _GAP = 20, 5


class Value(NamedTuple):
    """One bar's worth: its full name, what stands under it (perhaps nothing), and how much."""

    name: str
    short: str
    amount: Decimal


class Bar(NamedTuple):
    """A bar in a drawing that is 100 high."""

    name: str
    short: str
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with what its table needs: `unit` heads the names, `measure` the amounts."""

    id: str
    title: str
    unit: str
    measure: str
    bars: Sequence[Bar]
    top: str
    total: str

    @property
    def width(self) -> int:
        """Return the drawing's width."""
        return _SLOT * len(self.bars)


def chart(name: str, title: str, values: Sequence[Value], *, unit: str, measure: str) -> Chart:
    """Lay out a chart. Amounts below zero (more refunds than payments) have no bar, but stand in the table."""
    top = ceiling(max((value.amount for value in values), default=Decimal(0)))
    bars = [_bar(number, value, top) for number, value in enumerate(values)]
    total = sum((value.amount for value in values), Decimal(0))
    return Chart(name, title, unit, measure, bars, quantity_text(top), _text(total))


def ceiling(amount: Decimal) -> Decimal:
    """Return the next of 1, 2, 2.5, 5, 10, 20 ... that is not below an amount, and 1 for nothing."""
    if amount <= 0:
        return Decimal(1)
    step = Decimal(1).scaleb(amount.adjusted())
    return next(step * factor for factor in map(Decimal, ("1", "2", "2.5", "5", "10")) if step * factor >= amount)


def _bar(number: int, value: Value, top: Decimal) -> Bar:
    height = round(float(max(value.amount, Decimal(0)) / top * 100), 2)
    left = number * _SLOT + _GAP / 2
    return Bar(value.name, value.short, _text(value.amount), left, round(100 - height, 2), _SLOT - _GAP, height)


def _text(amount: Decimal) -> str:
    return f"{amount:,f}"
