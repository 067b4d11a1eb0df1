"""`clock`: the sandbox's time."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

from paylera_sandbox.cli.connection import Doc
from paylera_sandbox.cli.exits import misused
from paylera_sandbox.cli.parameters import Argument, Option
from paylera_sandbox.cli.session import Session, talks

_LOOK_SECONDS = 0.1
Moment = Annotated[str | None, Argument(help="A moment, for example 2027-01-31T00:00:00Z; now if left out.")]


@talks
def show(session: Session) -> None:
    """Tell the time, and how far an advance has come."""
    _tell(session, session.sandbox.get("/sandbox/clock"))


@talks
def advance(
    session: Session,
    by: Annotated[str | None, Argument(help="A duration: 45d, 2w, 1mo, 1y, 2h30m.")] = None,
    *,
    to: Annotated[str | None, Option(help="A moment, in place of a duration.")] = None,
    wait: Annotated[bool, Option("--wait/--no-wait", help="Return when it has arrived, or at once.")] = True,
) -> None:
    """Move the time on. Renewals, trials, dunning and everything else on the way happens at its own moment."""
    if (by is None) == (to is None):
        misused("take a duration or --to, one of them", "DURATION, --to")
    body = {"by": by} if to is None else {"to": to}
    found = session.sandbox.post("/sandbox/clock/advance", body)
    _tell(session, _arrived(session, found) if wait else found)


@talks
def stop(session: Session) -> None:
    """End an advance where it has come to."""
    session.sandbox.delete("/sandbox/clock/advance")
    _tell(session, session.sandbox.get("/sandbox/clock"))


@talks
def pin(session: Session, at: Moment = None) -> None:
    """Let time stand still, now or at a moment."""
    _put(session, "pinned", at)


@talks
def run(session: Session, at: Moment = None) -> None:
    """Let time run on, from now or from a moment."""
    _put(session, "offset", at)


@talks
def real(session: Session) -> None:
    """Go by real time."""
    _put(session, "real", None)


def _put(session: Session, mode: str, at: str | None) -> None:
    body = {"mode": mode} if at is None else {"mode": mode, "at": at}
    _tell(session, _arrived(session, session.sandbox.put("/sandbox/clock", body)))


def _arrived(session: Session, clock: Doc) -> Doc:
    """Wait until an advance is done, with a bar for whoever watches. Ctrl-C leaves it to go on by itself."""
    if not _running(clock):
        return clock
    with session.out.progress("Advancing") as bar:
        while _running(clock):
            bar(_share(clock["advance"]), f"Advancing: {clock['now'][:10]}")
            time.sleep(_LOOK_SECONDS)
            clock = session.sandbox.get("/sandbox/clock")
    return clock


def _running(clock: Doc) -> bool:
    return bool(clock["advance"] and clock["advance"]["status"] == "running")


def _share(way: Doc) -> float:
    begun, position, target = (datetime.fromisoformat(way[name]) for name in ("from", "position", "target"))
    return (position - begun) / (target - begun) if target > begun else 1.0


def _tell(session: Session, clock: Doc) -> None:
    words = {"real": "real time", "offset": "runs on from where it was moved to", "pinned": "stands still"}
    lines = [f"{clock['now']} ({words[clock['mode']]})"]
    if _running(clock):
        lines.append(f"On the way to {clock['advance']['target']}: {_share(clock['advance']):.0%}")
    if clock["next_job_at"]:
        lines.append(f"Next: something is due at {clock['next_job_at']}")
    session.out.result(clock, *lines)
