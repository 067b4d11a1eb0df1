"""Lists: `{data, has_more, next_cursor}`, newest first unless `sort` says otherwise."""

from __future__ import annotations

import base64
import re
from typing import Any

from paylera_sandbox.fields import Rule, choice, integer
from paylera_sandbox.kinds import Invalid, accepts
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import public


@accepts({"type": "string", "pattern": "^[A-Za-z0-9_=-]+$"})
def cursor(value: object) -> int:
    """Take a `next_cursor` that an earlier page gave."""
    try:
        place = base64.urlsafe_b64decode(str(value).encode()).decode()
    except ValueError:
        place = ""
    if not re.fullmatch(r"at:[0-9]{1,18}", place):
        raise Invalid("cursor.invalid", "must be the next_cursor of an earlier page")
    return int(place[3:])


NEWEST_FIRST, OLDEST_FIRST = "created_at:desc", "created_at:asc"
PAGING = {
    "limit": Rule(integer(1, 100), default=25),
    "cursor": Rule(cursor),
    "sort": Rule(choice(NEWEST_FIRST, OLDEST_FIRST), default=NEWEST_FIRST),
}


def page(call: Call, table: str, **where: object) -> Doc:
    """Return a page of the objects that match; a condition that is None does not count."""
    limit = call.query["limit"]
    wanted = {name: value for name, value in where.items() if value is not None}
    oldest_first = call.query["sort"] == OLDEST_FIRST
    place = call.query.get("cursor")
    rows = call.unit.store.page(table, wanted, limit=limit + 1, after=place, oldest_first=oldest_first)
    more = len(rows) > limit
    return whole([doc for _, doc in rows[:limit]], has_more=more, last=rows[limit - 1][0] if more else None)


def whole(docs: list[Doc], *, has_more: bool = False, last: int | None = None) -> dict[str, Any]:
    """Wrap objects as a list."""
    following = base64.urlsafe_b64encode(f"at:{last}".encode()).decode() if has_more else None
    return {"data": [public(doc) for doc in docs], "has_more": has_more, "next_cursor": following}
