"""What became of each attempt to handle an event, as a record keeps it."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["done", "failed", "dead", "quarantined", "killed"]
"""`killed`: the lease ran out, and nobody could say how it went."""

MAX_ATTEMPTS = 20
"""So many of the newest are kept."""

MAX_ERROR = 4_000

_OURS = ("paylera", "paylera_django", "paylera_fastapi")
_BETWEEN = ("asgiref", "asyncio", "concurrent", "contextlib", "threading")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; `error` is the end of its traceback, `finished_at` of a killed one the end of its lease."""

    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()


def read(history: str) -> tuple[Attempt, ...]:
    """Return the attempts in a text of `write`, oldest first."""
    rows = json.loads(history) if history else []
    return tuple(
        Attempt(datetime.fromisoformat(start), datetime.fromisoformat(end), *rest) for start, end, *rest in rows
    )


def write(attempts: Sequence[Attempt]) -> str:
    """Return the newest attempts as a text for one column."""
    rows = [
        (one.started_at.isoformat(), one.finished_at.isoformat(), one.outcome, one.error[-MAX_ERROR:])
        for one in attempts[-MAX_ATTEMPTS:]
    ]
    return json.dumps(rows)


def told(error: BaseException) -> str:
    """Return the traceback of a failed attempt, from the merchant's own code on."""
    whole = where = error.__traceback__
    while where is not None and where.tb_frame.f_globals.get("__name__", "").partition(".")[0] in (*_OURS, *_BETWEEN):
        where = where.tb_next
    return "".join(traceback.format_exception(type(error), error, where or whole))
