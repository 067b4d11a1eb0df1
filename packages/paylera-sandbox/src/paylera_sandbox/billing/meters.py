"""Meters: usage events added up over a time, by the aggregation that a component or a feature names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


class Row(NamedTuple):
    """What an event counts: its quantity, when that was used, and the value that `unique_count` counts."""

    quantity: str
    at: str
    value: object


def billed(
    unit: Unit, subscription: Doc, pricing: Doc, used: tuple[str, str], *, without_waiting: bool = False
) -> Decimal:
    """Return what a period is billed for: a late event counts in the period in which it is billed. `without_waiting`
    leaves out those that wait to be rebilled."""
    on = (subscription["id"], pricing["meter"])
    rows = _rows(unit, on, pricing["unique_by"], "_counted_at", used, _NOT_WAITING if without_waiting else "")
    return AGGREGATIONS[pricing["aggregation"]](rows)


def used(unit: Unit, on: tuple[str, str], feature: Doc, cycle: tuple[str, str], *, new: Row) -> Decimal:
    """Return what was used in a cycle, on a subscription's meter (two ids), with an event that is not stored yet. Each
    counts when it happened."""
    rows = _rows(unit, on, feature["unique_by"], "timestamp", cycle)
    return AGGREGATIONS[feature["aggregation"]](sorted([*rows, new], key=lambda row: row.at))


def after(aggregation: str, before: Decimal, quantity: Decimal) -> Decimal:
    """Return what a quantity more makes of a total. (One more value makes `unique_count` one more at most.)"""
    return _AFTER[aggregation](before, quantity)


_NOT_WAITING = "AND coalesce(json_extract(doc, '$._rebilled'), 1)"


def _rows(  # noqa: PLR0917 all of them make the one statement
    unit: Unit, on: tuple[str, str], unique_by: str | None, column: str, span: tuple[str, str], more: str = ""
) -> list[Row]:
    sql = (
        f"SELECT quantity, timestamp, json_extract(doc, ?) FROM usage_events WHERE subscription_id = ? AND meter = ? "  # noqa: S608 column names are ours
        f"AND {column} >= ? AND {column} < ? {more} ORDER BY timestamp, seq"
    )
    return [Row(*row) for row in unit.store.execute(sql, (f'$.properties."{unique_by}"', *on, *span))]


def _sum(rows: Sequence[Row]) -> Decimal:
    return sum((Decimal(row.quantity) for row in rows), Decimal(0))


def _max(rows: Sequence[Row]) -> Decimal:
    return max((Decimal(row.quantity) for row in rows), default=Decimal(0))


def _last(rows: Sequence[Row]) -> Decimal:
    return Decimal(rows[-1].quantity) if rows else Decimal(0)


def _unique_count(rows: Sequence[Row]) -> Decimal:
    return Decimal(len({row.value for row in rows if row.value is not None}))


AGGREGATIONS: Mapping[str, Callable[[Sequence[Row]], Decimal]] = {
    "sum": _sum,
    "max": _max,
    "last_during_period": _last,
    "unique_count": _unique_count,
}
_AFTER: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "sum": lambda before, quantity: before + quantity,
    "max": max,
    "last_during_period": lambda _, quantity: quantity,
    "unique_count": lambda before, _: before + 1,
}
