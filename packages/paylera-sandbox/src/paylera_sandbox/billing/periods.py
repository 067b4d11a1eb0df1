"""Calendar arithmetic: billing periods and usage cycles, in UTC."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from fractions import Fraction

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def later(start: datetime, *, interval: str, count: int = 1, day: int | None = None) -> datetime:
    """Return the end of a period: the same day so many months on, or the month's last day if it is shorter. `day` is
    the day to keep to where the start itself is in a short month. A negative count goes back."""
    if interval in DAYS:
        return start + timedelta(days=DAYS[interval] * count)
    months = start.month - 1 + MONTHS[interval] * count
    year, month = start.year + months // 12, months % 12 + 1
    day = min(day or start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """Return the calendar month around a moment: first instant, first instant of the next."""
    start = datetime(now.year, now.month, 1, tzinfo=UTC)
    return start, later(start, interval="month")


def unused_share(now: datetime, start: datetime, end: datetime) -> Fraction:
    """Return which part of a period is still to come, exactly, to the millisecond."""
    left, whole = end - max(now, start), end - start
    if left.total_seconds() <= 0:
        return Fraction(0)
    return Fraction(left // _MILLISECOND, whole // _MILLISECOND)


_MILLISECOND = datetime.resolution * 1000
