"""The clock: `/sandbox/clock`, to see the time, move it and stop it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

from paylera_sandbox import fields
from paylera_sandbox.billing import agenda
from paylera_sandbox.billing.periods import later
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.control.commands import Order
from paylera_sandbox.engine import Engine
from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.problems import fault
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc, Store
from paylera_sandbox.timeline import EARLIEST, LATEST, Advance

_DURATION = re.compile(r"([0-9]{1,6}(ms|mo|[smhdwy])){1,10}")
_PART = re.compile(r"([0-9]+)([a-z]+)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_CALENDAR = {"mo": "month", "y": "year"}


@accepts({**matching(_DURATION), "examples": ["45d"]})
def duration(value: object) -> str:
    """Take a duration: whole numbers with units, such as `45d`, `1d12h` or `24mo`."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise Invalid("duration.invalid", "must be a duration such as 45d, 12h, 90s, 1d12h or 24mo (ms s m h d w mo y)")
    return value


def after(now: datetime, text: str) -> datetime:
    """Return the moment that lies a duration after another; raises OverflowError beyond the end of the calendar."""
    for number, unit in _PART.findall(text):
        try:
            interval = _CALENDAR.get(unit)
            now = later(now, interval=interval, count=int(number)) if interval else now + int(number) * _UNITS[unit]
        except ValueError:
            raise OverflowError from None
    return now


ADVANCE = {"by": Rule(duration), "to": Rule(fields.timestamp)}
SET = {
    "mode": Rule(fields.choice("real", "offset", "pinned"), required=True),
    "at": Rule(fields.timestamp),
}


async def get(order: Order) -> Doc:
    """Tell the time and how far an advance has come."""
    return shown(order.engine)


async def advance(order: Order) -> Doc:
    """Move on by a duration or to a moment. A short way is done in the answer; a long one goes on by itself, and `get`
    tells how far it is."""
    with order.engine.unit() as unit:
        unit.time.advance(_target(unit.now, order.body))
    return await _under_way(order.engine)


async def stop(order: Order) -> Doc:
    """End an advance where it has come to; time stands still or runs on from there, as it did before."""
    with order.engine.unit() as unit:
        unit.time.stop()
    return shown(order.engine)


async def put(order: Order) -> Doc:
    """Go by real time, let time run on from `at`, or pin it there. A later moment is advanced to."""
    mode, given = order.body["mode"], order.body.get("at")
    if mode == "real" and given:
        raise fault("at", "clock.real", "does not go with real; use offset to run on from a moment")
    with order.engine.unit() as unit:
        at = unit.time.real() if mode == "real" else moment(given) if given else unit.now
        _expect_reachable("at", at)
        (unit.time.pin if mode == "pinned" else unit.time.run_from)(min(at, unit.now))
        if at > unit.now:
            unit.time.advance(at)
        if mode == "real":
            unit.time.go_real()
    return await _under_way(order.engine)


async def _under_way(engine: Engine) -> Doc:
    """Do the first step of an advance. The ticker does the others; where none runs, they are done here."""
    while engine.step() and not engine.ticking:  # noqa: ASYNC110 each step does its share
        await asyncio.sleep(0)
    engine.wake()
    return shown(engine)


def shown(engine: Engine) -> Doc:
    """Return the clock as the API shows it."""
    state, following = engine.time.state(), agenda.first(engine.store)
    return {
        "object": "clock",
        "mode": "pinned" if state.pinned else "offset" if state.offset else "real",
        "now": stamp(engine.time.now()),
        "offset_seconds": 0 if state.pinned else state.offset / 1000,
        "next_job_at": following.due_at if following else None,
        "advance": _shown_advance(engine.store, state.advance) if state.advance else None,
    }


def _target(now: datetime, given: Doc) -> datetime:
    by, to = given.get("by"), given.get("to")
    if (by is None) == (to is None):
        raise fault("by", "field.required", "is required, or 'to': one of them")
    try:
        target = moment(to) if to else after(now, str(by))
    except OverflowError:
        target = datetime.max.replace(tzinfo=UTC)
    _expect_reachable("to" if to else "by", target)
    return target


def _expect_reachable(field: str, at: datetime) -> None:
    if not EARLIEST <= at <= LATEST:
        raise fault(field, "clock.out_of_range", f"must lead to a moment from {stamp(EARLIEST)} to {stamp(LATEST)}")


def _shown_advance(store: Store, advance: Advance) -> Doc:
    return {
        "status": "running" if advance.running else "done" if advance.position == advance.target else "stopped",
        "from": advance.begun,
        "position": advance.position,
        "target": advance.target,
        "jobs_done": advance.jobs_done,
        "jobs_remaining": _remaining(store, advance) if advance.running else 0,
    }


def _remaining(store: Store, advance: Advance) -> int:
    """Estimate the jobs to come: as many for the rest of the way as there were for the way so far, and at least those
    that are planned."""
    begun, position, target = map(moment, (advance.begun, advance.position, advance.target))
    share = (target - position) / (position - begun) if position > begun else 0
    return max(agenda.count(store, advance.target), round(advance.jobs_done * share))
