"""Lists: `{data, has_more, next_cursor}`, newest first unless `sort` says otherwise.

A route that lists declares what it can be filtered and sorted by with `filters`; `page` then answers it. A field `f` is
asked for as `f=v` or `f=v,w`; a moment or an amount also as `f[gt]`, `f[gte]`, `f[lt]`, `f[lte]`, and a text as
`f[starts]`. All filters must hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from paylera_sandbox import fields, jsonbody
from paylera_sandbox.fields import Rule, Rules, choice, integer
from paylera_sandbox.kinds import Invalid, Kind, Schema, accepts
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.selection import COMPARISONS, Condition, Place, Selection, Sort, equal
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import public

_DIGEST = 12  # characters: enough to tell lists apart


class Cursor(NamedTuple):
    """Where a page begins, and a mark of the list that it belongs to."""

    mark: str
    place: Place


@accepts({"type": "string", "pattern": "^[A-Za-z0-9_=-]+$"})
def cursor(value: object) -> Cursor:
    """Take a `next_cursor` that an earlier page gave."""
    try:
        mark, sorted_by, seq = json.loads(base64.urlsafe_b64decode(str(value).encode()))
    except (ValueError, TypeError, RecursionError):
        mark, sorted_by, seq = None, None, None
    known = isinstance(mark, str) and isinstance(sorted_by, (str, int, float, type(None)))
    if not known or not isinstance(seq, int) or not 0 <= seq < 2**63 or not _is_storable(sorted_by):
        raise Invalid("cursor.invalid", "must be the next_cursor of an earlier page")
    return Cursor(mark, Place(sorted_by, seq))


def _is_storable(value: object) -> bool:
    """Tell whether SQLite takes a value: integers have 64 bits there, and text has whole characters."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or value.isprintable()


def filters(*, sort: tuple[str, ...] = (), **kinds: Kind[Any]) -> Rules:
    """Return the rules of a list's query: paging, a filter by each member that is named with its kind, and by
    `created_at`. `sort` names the members beside `created_at` that the list can be sorted by."""
    named = {**kinds, "created_at": fields.timestamp}
    rules = {name: rule for member, kind in named.items() for name, rule in _filters(member, kind)}
    orders = [f"{member}:{direction}" for member in ("created_at", *sort) for direction in ("desc", "asc")]
    numbers = {member for member in sort if member in kinds and _is_number(kinds[member])}
    paging = {"limit": Rule(integer(1, 100), default=25), "cursor": Rule(cursor)}
    return {**rules, **paging, "sort": Rule(_order(orders, numbers), default=Sort())}


def _filters(member: str, kind: Kind[Any]) -> Iterator[tuple[str, Rule]]:
    yield member, Rule(_equality(member, kind))
    if kind.schema.get("format") == "date-time" or _is_number(kind):
        yield from ((f"{member}[{name}]", Rule(_comparison(member, name, kind))) for name in COMPARISONS)
    elif kind.schema.get("type") == "string" and "enum" not in kind.schema:
        yield f"{member}[starts]", Rule(_comparison(member, "starts", fields.text()))


def _is_number(kind: Kind[Any]) -> bool:
    return kind is fields.decimal


def _equality(member: str, kind: Kind[Any]) -> Kind[Condition]:
    """Take one value or several, separated by commas. A text with a comma in it is also taken as it is."""
    is_text = bool(kind.schema.get("maxLength"))
    schema: Schema = kind.schema if is_text else {"type": "array", "items": kind.schema, "minItems": 1}

    @accepts(schema)
    def parse(value: object) -> Condition:
        parts = [part.strip() for part in str(value).split(",")]
        values = [kind(value), *(part for part in parts if part)] if is_text else [kind(part) for part in parts]
        return Condition(member, "in", tuple(map(_plain, values)), _is_number(kind))

    return parse


def _comparison(member: str, operator: str, kind: Kind[Any]) -> Kind[Condition]:
    @accepts(kind.schema)
    def parse(value: object) -> Condition:
        return Condition(member, operator, (_plain(kind(value)),), _is_number(kind))

    return parse


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, bool, int)) else float(value)


def _order(orders: list[str], numbers: set[str]) -> Kind[Sort]:
    one = choice(*orders)

    @accepts({**one.schema, "default": orders[0]})
    def parse(value: object) -> Sort:
        member, _, direction = one(value).partition(":")
        return Sort(member, direction == "desc", member in numbers)

    return parse


PAGING = filters()


def page(call: Call, table: str, **where: object) -> Doc:
    """Return a page of the objects that match the query's filters and `where`, whose conditions that are None do not
    count."""
    asked = [value for value in call.query.values() if isinstance(value, Condition)]
    selection = Selection(table, [*equal(where), *asked], call.query["sort"])
    mark, limit = _mark(selection), call.query["limit"]
    rows = selection.page(call.unit.store, limit=limit + 1, after=_place(call.query.get("cursor"), mark))
    more = len(rows) > limit
    return {
        "data": [public(doc) for _, doc in rows[:limit]],
        "has_more": more,
        "next_cursor": _cursor(mark, rows[limit - 1][0]) if more else None,
    }


def _mark(selection: Selection) -> str:
    """Return what tells a list with its filters and its sort from others."""
    described = [selection.table, selection.conditions, selection.sort]
    return hashlib.sha256(jsonbody.canonical(described)).hexdigest()[:_DIGEST]


def _place(given: Cursor | None, mark: str) -> Place | None:
    if given is not None and given.mark != mark:
        message = "is of a list with other filters or another sort; keep them, or begin without a cursor"
        raise fault("cursor", "cursor.mismatch", message)
    return given.place if given else None


def _cursor(mark: str, place: Place) -> str:
    return base64.urlsafe_b64encode(jsonbody.dump([mark, *place])).decode()
