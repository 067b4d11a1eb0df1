"""Lists of the console: pages of fifty, newest first, with links to newer and older ones."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paylera_sandbox.pages.endpoint import Visit
from paylera_sandbox.pages.rendering import Page
from paylera_sandbox.pages.words import query
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of one page, and the links to the pages beside it."""

    rows: Sequence[Any]
    newer: str | None = None
    older: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Where:
    """Conditions in SQL with their parameters, all of which must hold."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, condition: str, *parameters: object) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)


def listing(
    visit: Visit,
    table: str,
    *,
    where: Where | None = None,
    filters: Sequence[str] = (),
    types: Sequence[str] | None = None,
) -> Listing:
    """Return a page of a table. `filters` are columns that the query may name a value for; `types` are those that the
    column `type` may have, None for any."""
    where = where or Where()
    chosen = {name: visit.query[name] for name in filters if visit.query.get(name)}
    for name, value in chosen.items():
        where.add(f"{name} = ?", value)
    kept = {name: value for name, value in visit.query.items() if name not in {"after", "before"}}
    after, before = place(visit.query.get("after")), place(visit.query.get("before"))
    rows, more = _rows(visit.unit, table, where, types, after=after, before=before)
    if not rows:
        return Listing([], filters=chosen)
    newer = f"before={rows[0][0]}" if after is not None or (before is not None and more) else None
    older = f"after={rows[-1][0]}" if more or before is not None else None
    links = [query({**kept, **dict([link.split("=")])}) if link else None for link in (newer, older)]
    return Listing([doc for _, doc in rows], links[0], links[1], chosen)


def place(text: str | None) -> int | None:
    """Read a place in a list; what is not one is the beginning."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else None


def _rows(
    unit: Unit, table: str, where: Where, types: Sequence[str] | None, *, after: int | None, before: int | None
) -> tuple[list[tuple[int, Doc]], bool]:
    """Return a page's rows, newest first, and whether there are more in the direction of reading."""
    conditions, parameters = list(where.conditions), list(where.parameters)
    if after is not None or before is not None:
        conditions.append("seq > ?" if after is None else "seq < ?")
        parameters.append(before if after is None else after)
    backwards = after is None and before is not None
    order = f"ORDER BY seq {'ASC' if backwards else 'DESC'} LIMIT {PAGE + 1}"
    if types is None:
        sql = f"SELECT seq, doc FROM {table} WHERE {' AND '.join(conditions) or '1'} {order}"  # noqa: S608 names are ours, values are bound
        found = unit.store.execute(sql, parameters)
    else:  # each type in the order of its index, then the first of all: sorting a whole family would take long
        one = f"SELECT * FROM (SELECT seq, doc FROM {table} WHERE {' AND '.join(['type = ?', *conditions])} {order})"  # noqa: S608 as above
        each = [value for name in types for value in (name, *parameters)]
        found = unit.store.execute(f"{' UNION ALL '.join([one] * len(types))} {order}", each) if types else []
    rows = [(seq, json.loads(doc)) for seq, doc in found[:PAGE]]
    return (rows[::-1] if backwards else rows), len(found) > PAGE


def list_of_customers(visit: Visit, table: str, *, filters: Sequence[str], **values: object) -> Page:
    """Return the page that lists what customers have in one table; each row comes with its customer."""
    found = listing(visit, table, filters=filters)
    rows = with_customers(visit.unit, found.rows)
    shown = {"here": table.replace("_", "-"), "listing": found, "rows": rows, "statuses": ()}
    return Page(f"console/{table}.html", {**shown, **values})


def with_customers(unit: Unit, docs: Sequence[Doc]) -> list[tuple[Doc, Doc | None]]:
    """Return objects, each with its customer."""
    wanted = {doc.get("customer_id") for doc in docs}
    customers = {name: unit.store.find("customers", name) for name in wanted if name}
    return [(doc, customers.get(doc.get("customer_id"))) for doc in docs]
