"""The figures of the overview: counts, monthly recurring revenue, revenue and usage over time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from paylera_sandbox.billing import cycles, subscriptions
from paylera_sandbox.clock import stamp
from paylera_sandbox.money import amount_text, minor_units
from paylera_sandbox.pages.console.charts import Chart, Value, chart
from paylera_sandbox.pages.endpoint import Visit
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

T = TypeVar("T")
_DAYS, _MONTHS = 30, 12
_MONTHS_IN = {"month": Fraction(1), "year": Fraction(12), "week": Fraction(12, 52), "day": Fraction(12, 365)}
_PAYING = ("active", "past_due")


class Memo(NamedTuple):
    """A figure with the state of the database that it was made from, and until when it is good enough anyway."""

    value: Any
    changes: tuple[int, str]
    good_until: float


def remembered(visit: Visit, name: str, compute: Callable[[Unit], T]) -> T:
    """Return a figure, counted anew only if something changed, and then at most for a twentieth of the time: with
    100,000 customers, a page that stays fresh must not hold up the API."""
    changes = (visit.unit.store.changes, visit.unit.stamp[:10])
    known = visit.engine.memo.get(name)
    if known is not None and (known.changes == changes or time.monotonic() < known.good_until):
        value: T = known.value
        return value
    began = time.monotonic()
    value = compute(visit.unit)
    visit.engine.memo[name] = Memo(value, changes, time.monotonic() + 20 * (time.monotonic() - began))
    return value


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are. `recurring` is what subscriptions bring per month, by currency."""

    customers: int
    events: int
    waiting: int
    by_status: dict[str, int]
    recurring: dict[str, str]

    @property
    def current(self) -> int:
        """Return how many subscriptions are current."""
        return sum(self.by_status.get(status, 0) for status in subscriptions.CURRENT)


def counts(unit: Unit) -> Counts:
    """Count."""
    store = unit.store
    by_status: dict[str, int] = {}
    recurring: dict[str, Fraction] = {}
    for status, example, number in store.execute(_ALIKE):
        by_status[status] = by_status.get(status, 0) + number
        if status in _PAYING:
            currency, amount = _monthly(unit, unit.need("subscriptions", example, "subscription.not_found"))
            recurring[currency] = recurring.get(currency, Fraction(0)) + amount * number
    return Counts(
        customers=store.count("customers"),
        events=store.execute(_EVENTS)[0][0],
        waiting=store.count("outbox"),
        by_status=by_status,
        recurring={currency: amount_text(amount, currency) for currency, amount in sorted(recurring.items())},
    )


# Subscriptions that cost the same, with one of them as the example. Like all that follows, it reads an index and no
# object: to parse 100,000 of them takes a second.
_ALIKE = "SELECT status, max(id), count(*) FROM subscriptions GROUP BY plan_id, _price_key, status"
# No event is ever removed, so there are no gaps. (Asked for both at once, SQLite would go through them all.)
_EVENTS = "SELECT coalesce((SELECT max(seq) FROM events) - (SELECT min(seq) FROM events) + 1, 0)"


def _monthly(unit: Unit, subscription: Doc) -> tuple[str, Fraction]:
    """Return what a subscription brings per month before tax: what its next period costs in advance, less discounts."""
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    following = {**subscription, **cycles.following(subscription, plan)}
    amount = sum((item.amount - item.discount for item in subscriptions.items(unit, plan, following)), Fraction(0))
    interval, count = cycles.span(plan, subscription["commitment"])
    return plan["currency"], amount / _MONTHS_IN[interval] / count


class Bucket(NamedTuple):
    """A day or a month: the beginning of its stamps, and its names."""

    prefix: str
    name: str
    short: str


def revenue(unit: Unit) -> Chart:
    """Return what payments brought, less refunds, in the currency that brought most: by day while everything happened
    within a month, else by month."""
    taken = unit.store.execute(_TAKEN)
    currency = max(taken, key=lambda row: row[3], default=("USD",))[0]
    own = [(day, amount) for found, day, amount, _ in taken if found == currency]
    own += unit.store.execute(_REFUNDED, (currency,))
    oldest = min((day for day, _ in own), default=unit.stamp)
    spans = buckets(unit.now, by_day=oldest[:10] > stamp(unit.now - timedelta(days=_DAYS))[:10])
    sums: dict[str, int] = {}
    for day, amount in own:
        span = day[: len(spans[0].prefix)]
        sums[span] = sums.get(span, 0) + amount
    digits = minor_units(currency)
    values = [Value(each.name, each.short, Decimal(sums.get(each.prefix, 0)).scaleb(-digits)) for each in spans]
    by = "Day" if len(spans[0].prefix) == 10 else "Month"
    return chart("revenue", f"Revenue in {currency} by {by.lower()}", values, unit=by, measure=currency)


# Amounts have all digits of their currency, so without the point they are whole numbers of its minor unit.
_TAKEN = """
SELECT currency, _captured_on, sum(CAST(replace(amount, '.', '') AS INTEGER)), count(*)
FROM payments WHERE _captured_on IS NOT NULL GROUP BY _captured_on, currency
"""
_REFUNDED = """
SELECT substr(created_at, 1, 10), -sum(CAST(replace(amount, '.', '') AS INTEGER))
FROM refunds WHERE status = 'succeeded' AND currency = ? GROUP BY 1
"""


def usage(unit: Unit) -> Chart | None:
    """Return the use of the feature that is used most, by month; None without any."""
    top = unit.store.execute("SELECT feature FROM usage_counters GROUP BY 1 ORDER BY sum(used) DESC LIMIT 1")
    if not top:
        return None
    code = top[0][0]
    spans = buckets(unit.now, by_day=False)
    sums = dict(unit.store.execute(_USED, (code, spans[0].prefix)))
    values = [Value(each.name, each.short, Decimal(str(sums.get(each.prefix, 0))).normalize()) for each in spans]
    name = str(unit.catalogue.features.get(code, {}).get("name", code))
    return chart("usage", f"{name} by month", values, unit="Month", measure=name)


_USED = """
SELECT substr(cycle_start, 1, 7), sum(used) FROM usage_counters
WHERE feature = ? AND cycle_start >= ? GROUP BY 1
"""


def buckets(now: datetime, *, by_day: bool) -> list[Bucket]:
    """Return the last thirty days or the last twelve months, the present one last."""
    if by_day:
        days = [now - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
        return [Bucket(stamp(day)[:10], f"{day.day} {day:%B %Y}", _every_fifth(day, now)) for day in days]
    first = now.replace(day=1)
    months = [_months_before(first, back) for back in range(_MONTHS - 1, -1, -1)]
    return [Bucket(stamp(month)[:7], f"{month:%B %Y}", f"{month:%b}") for month in months]


def _every_fifth(day: datetime, now: datetime) -> str:
    return f"{day.day}" if (now - day).days % 5 == 0 else ""


def _months_before(first: datetime, back: int) -> datetime:
    years, months = divmod(first.month - 1 - back, 12)
    return first.replace(year=first.year + years, month=months + 1)
