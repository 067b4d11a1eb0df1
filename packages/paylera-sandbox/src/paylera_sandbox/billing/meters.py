"""Meters: usage events added up over a time, by the aggregation that a component or a feature names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

Row = tuple[str, str, str | None]  # the quantity, when it was used, and the value that unique_count counts


def billed(unit: Unit, subscription: Doc, pricing: Doc, used: tuple[str, str]) -> Decimal:
    """Return what a period is billed for. Late events count in the period that was current when they arrived."""
    sql = (
        "SELECT quantity, timestamp, json_extract(doc, ?) FROM usage_events "
        "WHERE subscription_id = ? AND meter = ? AND _counted_at >= ? AND _counted_at < ? ORDER BY timestamp, seq"
    )
    path = f'$.properties."{pricing["unique_by"]}"'
    rows = unit.store.execute(sql, (path, subscription["id"], pricing["meter"], *used))
    return AGGREGATIONS[pricing["aggregation"]](rows)


def _sum(rows: Sequence[Row]) -> Decimal:
    return sum((Decimal(row[0]) for row in rows), Decimal(0))


def _max(rows: Sequence[Row]) -> Decimal:
    return max((Decimal(row[0]) for row in rows), default=Decimal(0))


def _last(rows: Sequence[Row]) -> Decimal:
    return Decimal(rows[-1][0]) if rows else Decimal(0)


def _unique_count(rows: Sequence[Row]) -> Decimal:
    return Decimal(len({row[2] for row in rows if row[2] is not None}))


AGGREGATIONS: Mapping[str, Callable[[Sequence[Row]], Decimal]] = {
    "sum": _sum,
    "max": _max,
    "last_during_period": _last,
    "unique_count": _unique_count,
}
