"""Lines of an invoice, as a body gives them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.amounts import LARGEST, expect_whole
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import drafts
from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.fields import Rule
from paylera_sandbox.problems import fault
from paylera_sandbox.shapes import list_of, record

LINE = {
    "description": Rule(fields.text(), required=True),
    "code": Rule(fields.identifier),
    "amount": Rule(fields.decimal),
    "quantity": Rule(fields.quantity),
    "unit_amount": Rule(fields.decimal),
    "discount_amount": Rule(fields.decimal),
    "period_start": Rule(fields.timestamp),
    "period_end": Rule(fields.timestamp),
    "metadata": Rule(fields.metadata),
}
_FIRST, _LAST = "1970", "2200"
LINES = list_of(record(LINE), most=drafts.MAX_LINES)


def items(given: list[dict[str, Any]], currency: str, place: str) -> list[Item]:
    """Read a list of lines; `place` is the field that holds it."""
    return [item(line, currency, f"{place}[{number}]") for number, line in enumerate(given)]


def item(given: dict[str, Any], currency: str, place: str) -> Item:
    """Read a line: an `amount`, or a `quantity` of a `unit_amount`. `place` is where it stands in the body."""

    def named(name: str) -> str:
        return f"{place}.{name}" if place else name

    quantity, unit_amount = given.get("quantity"), given.get("unit_amount")
    amount = _amount(given, currency, named)
    if abs(amount) >= LARGEST:
        raise fault(named("amount"), "amount.too_large", "must have at most 15 digits before the point")
    discount = expect_whole(named("discount_amount"), given.get("discount_amount") or Decimal(0), currency)
    if not 0 <= discount <= max(amount, Fraction(0)):
        raise fault(named("discount_amount"), "discount.out_of_range", "must be from 0 to the line's amount")
    return Item(
        given.get("code") or "custom",
        given["description"],
        amount,
        _period(given, named),
        quantity=quantity or Decimal(1),
        unit_amount=None if unit_amount is None else Fraction(unit_amount),
        discount=Fraction(discount),
        metadata=merged({}, given.get("metadata")),
    )


def _amount(given: dict[str, Any], currency: str, named: Any) -> Fraction:
    amount, unit_amount = given.get("amount"), given.get("unit_amount")
    if (amount is None) == (unit_amount is None):
        raise fault(named("amount"), "line.amount_or_unit_amount", "is needed, or unit_amount; not both")
    if amount is not None:
        if given.get("quantity") is not None:
            raise fault(named("quantity"), "line.amount_or_unit_amount", "goes with unit_amount, not with amount")
        return Fraction(expect_whole(named("amount"), amount, currency))
    return Fraction(unit_amount or 0) * Fraction(given.get("quantity") or 1)


def _period(given: dict[str, Any], named: Any) -> tuple[str | None, str | None]:
    start, end = given.get("period_start"), given.get("period_end")
    if (start is None) != (end is None):
        raise fault(named("period_end" if start else "period_start"), "field.required", "is required beside the other")
    for name, moment in (("period_start", start), ("period_end", end)):
        if moment and not _FIRST <= moment < _LAST:
            raise fault(named(name), "timestamp.far_away", "must be from 1970 to 2199")
    if start and end and start >= end:
        raise fault(named("period_end"), "period.order", "must be later than period_start")
    return start, end
