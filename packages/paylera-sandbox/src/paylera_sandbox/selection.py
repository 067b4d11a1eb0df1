"""Selections: which objects of a table, in which order, from behind which place. Names are ours, values are bound."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paylera_sandbox.store import Doc, Store
from paylera_sandbox.tables import RESOURCES


class Condition(NamedTuple):
    """What a member must be: one of some values, beyond a limit, or a text that begins like this."""

    member: str
    operator: str
    values: tuple[Any, ...]
    numeric: bool = False


class Sort(NamedTuple):
    """The order of a selection. Objects that are equal in it, and all when it goes by `created_at`, stand in the order
    in which they came into being."""

    member: str = "created_at"
    descending: bool = True
    numeric: bool = False


class Place(NamedTuple):
    """Where a page ended: the last object's value in the sort, and its number in the table."""

    value: Any
    seq: int


_NEWEST_FIRST = Sort()


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that must all hold, and an order."""

    table: str
    conditions: Sequence[Condition] = ()
    sort: Sort = _NEWEST_FIRST

    def page(self, store: Store, *, limit: int, after: Place | None = None) -> list[tuple[Place, Doc]]:
        """Return objects with their places. What comes in between two pages moves nothing from one to the other."""
        conditions, parameters = self._where(after)
        key, direction = self._key(), "DESC" if self.sort.descending else "ASC"
        order = f"seq {direction}" if key is None else f"{key} {direction}, seq {direction}"
        sql = f"SELECT {key or 'NULL'}, seq, doc FROM {self.table} WHERE {conditions} ORDER BY {order} LIMIT ?"  # noqa: S608 names are ours, values are bound
        rows = store.execute(sql, [*parameters, limit])
        return [(Place(value, seq), json.loads(doc)) for value, seq, doc in rows]

    def _key(self) -> str | None:
        """Return what the order goes by, if not by the order of creation alone. Null counts as the least."""
        if self.sort.member == "created_at":
            return None
        return f"ifnull({_expression(self.table, self.sort.member, numeric=self.sort.numeric)}, '')"

    def _where(self, after: Place | None) -> tuple[str, list[Any]]:
        parts = [_condition(self.table, condition) for condition in self.conditions]
        if after is not None:
            parts.append(_behind(self._key(), after, descending=self.sort.descending))
        parameters = [value for _, values in parts for value in values]
        return " AND ".join(sql for sql, _ in parts) or "1", parameters


def equal(where: Mapping[str, object]) -> list[Condition]:
    """Return the conditions of `{member: value}`; a tuple means "one of", and a value that is None does not count."""
    given = {name: value for name, value in where.items() if value is not None}
    return [Condition(name, "in", value if isinstance(value, tuple) else (value,)) for name, value in given.items()]


def _behind(key: str | None, place: Place, *, descending: bool) -> tuple[str, list[Any]]:
    sign = "<" if descending else ">"
    if key is None:
        return f"seq {sign} ?", [place.seq]
    return f"({key}, seq) {sign} (?, ?)", [place.value, place.seq]


def _condition(table: str, condition: Condition) -> tuple[str, Iterable[Any]]:
    expression = _expression(table, condition.member, numeric=condition.numeric)
    return _OPERATORS[condition.operator](expression, condition.values)


def _in(expression: str, values: Sequence[Any]) -> tuple[str, Iterable[Any]]:
    form = "lower(?)" if expression.startswith("lower(") else "?"
    return f"{expression} IN ({', '.join(form for _ in values)})", values


def _starts(expression: str, values: Sequence[Any]) -> tuple[str, Iterable[Any]]:
    form = "lower(?)" if expression.startswith("lower(") else "?"
    return f"substr({expression}, 1, length(?)) = {form}", [*values, *values]


def _compared(sign: str) -> Callable[[str, Sequence[Any]], tuple[str, Iterable[Any]]]:
    return lambda expression, values: (f"{expression} {sign} ?", values)


_OPERATORS: Mapping[str, Callable[[str, Sequence[Any]], tuple[str, Iterable[Any]]]] = {
    "in": _in,
    "starts": _starts,
    "gt": _compared(">"),
    "gte": _compared(">="),
    "lt": _compared("<"),
    "lte": _compared("<="),
}
COMPARISONS = ("gt", "gte", "lt", "lte")


def _expression(table: str, member: str, *, numeric: bool) -> str:
    """Return how SQL reads a member: from its column, if it has one. E-mail addresses are compared without case."""
    column = member if member in RESOURCES[table] else f"json_extract(doc, '$.{member}')"
    if numeric:
        return f"CAST({column} AS REAL)"
    return f"lower({column})" if member == "email" else column
