"""The time of one sandbox: real, running on from a moment it was moved to, or pinned. Its state is in the database, so
that a restart goes on where it was, in the middle of an advance too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from paylera_sandbox.clock import Clock, moment, stamp, whole_millisecond
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Store

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Advance:
    """A way through time that takes a while: where it began, how far it is, where it ends (stamps)."""

    begun: str
    position: str
    target: str
    jobs_done: int = 0
    running: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """`pinned` is where time stands still; without it, time is the base clock's and `offset` milliseconds more. While
    an advance runs, it is where that has come to."""

    pinned: str | None = None
    offset: int = 0
    advance: Advance | None = None

    @property
    def running(self) -> Advance | None:
        """Return the advance that is under way, if there is one."""
        return self.advance if self.advance and self.advance.running else None


class Timeline:
    """Tells the time, and moves it. Moves are written in the caller's transaction; the jobs run the way there."""

    def __init__(self, store: Store, base: Clock) -> None:
        self._store = store
        self.base = base
        self._read: tuple[str | None, State] = (None, State())

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        state = self.state()
        if state.running:
            return moment(state.running.position)
        return moment(state.pinned) if state.pinned else self._running(state)

    def state(self) -> State:
        """Return where time is."""
        text = self._store.setting("clock")
        if text != self._read[0]:
            self._read = (text, _state(text))
        return self._read[1]

    def horizon(self) -> datetime:
        """Return until when jobs are due: now, or where the advance ends."""
        running = self.state().running
        return moment(running.target) if running else self.now()

    def advance(self, target: datetime) -> None:
        """Begin to move to a later moment; `progress` tells how it goes. A pinned clock stands still there, any other
        runs on from there."""
        state, now = self._still(), self.now()
        if not now <= target <= LATEST:
            raise Problem("clock.backwards", f"It is {stamp(now)}. Advance to a later moment, at most {stamp(LATEST)}.")
        pinned = stamp(target) if state.pinned else None
        offset = state.offset + (target - now) // _MILLISECOND
        way = Advance(begun=stamp(now), position=stamp(now), target=stamp(target))
        self._save(State(pinned=pinned, offset=offset, advance=way))

    def catch_up(self, begun: datetime) -> None:
        """Go through what became due while no sandbox was running, instead of jumping over it."""
        state = self.state()
        if not state.running:
            way = Advance(begun=stamp(begun), position=stamp(begun), target=stamp(self.now()))
            self._save(replace(state, advance=way))

    def progress(self, position: datetime, *, jobs: int, finished: bool) -> None:
        """Write down how far the advance has come."""
        state = self.state()
        if state.running:
            done = state.running.jobs_done + jobs
            way = replace(state.running, position=stamp(position), jobs_done=done, running=not finished)
            self._save(replace(state, advance=way))

    def stop(self) -> None:
        """End the advance that is under way where it has come to, if there is one."""
        state, now = self.state(), self.now()
        if state.running:
            way = replace(state.running, running=False)
            pinned = stamp(now) if state.pinned else None
            offset = 0 if pinned else (now - self.real()) // _MILLISECOND
            self._save(State(pinned=pinned, offset=offset, advance=way))

    def pin(self, at: datetime) -> None:
        """Let time stand still at a moment before which everything has happened."""
        self._set(at, pinned=stamp(at))

    def run_from(self, at: datetime) -> None:
        """Let time run on from a moment before which everything has happened."""
        self._set(at, offset=(at - whole_millisecond(self.base.now())) // _MILLISECOND)

    def go_real(self) -> None:
        """Go by the base clock, to whose time an advance leads: without the milliseconds that passed while it began."""
        self._save(replace(self.state(), pinned=None, offset=0))

    def real(self) -> datetime:
        """Return the base clock's time."""
        return whole_millisecond(self.base.now())

    def _set(self, at: datetime, *, pinned: str | None = None, offset: int = 0) -> None:
        state, newest = self._still(), self._store.first("events")
        if newest is not None and stamp(at) < newest["occurred_at"]:
            detail = f"The last event was at {newest['occurred_at']}, and time cannot go back behind it."
            raise Problem("clock.backwards", detail)
        self._save(State(pinned=pinned, offset=offset, advance=state.advance))

    def _still(self) -> State:
        state = self.state()
        if state.running:
            detail = f"The clock is on its way to {state.running.target}. GET /sandbox/clock tells how far it is."
            raise Problem("clock.advancing", detail, headers={"Retry-After": "1"})
        return state

    def _running(self, state: State) -> datetime:
        return whole_millisecond(self.base.now()) + state.offset * _MILLISECOND

    def _save(self, state: State) -> None:
        self._store.set("clock", json.dumps(asdict(state)))


def _state(text: str | None) -> State:
    known: dict[str, Any] = json.loads(text) if text else {"advance": None}
    advance = known.pop("advance")
    return State(**known, advance=Advance(**advance) if advance else None)
