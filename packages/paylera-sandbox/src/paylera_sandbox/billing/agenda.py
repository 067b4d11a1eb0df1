"""What is to happen later: jobs in the database, each of a kind, about a subject, due at a moment."""

from __future__ import annotations

from typing import NamedTuple

from paylera_sandbox.store import Store
from paylera_sandbox.unit import Unit

# All kinds, each with a handler in `billing.jobs`. Of those that are due at the same moment, the first runs first, and
# of one kind what was planned first.
KINDS = (
    "charged_back",
    "dispute_won",
    "subscription.settle",
    "checkout.withdraw",
    "subscription.expire",
    "trial.ending",
    "commitment.ending",
    "commitment.end",
    "subscription.cancel",
    "trial.end",
    "subscription.resume",
    "subscription.renew",
    "customer.method",
    "dunning.retry",
    "usage.rebill",
)

_PLACES = {kind: place for place, kind in enumerate(KINDS)}


class Job(NamedTuple):
    """What to do, about which object, when (a stamp)."""

    kind: str
    subject: str
    due_at: str


def schedule(unit: Unit, kind: str, subject: str, due_at: str) -> None:
    """Have something done at a moment, instead of what was planned of this kind for this subject. What should have been
    done before now is done now."""
    sql = "INSERT OR REPLACE INTO jobs (kind, subject, due_at, place) VALUES (?, ?, ?, ?)"
    unit.store.execute(sql, (kind, subject, max(due_at, unit.stamp), _PLACES[kind]))
    unit.scheduled += 1


def unschedule(unit: Unit, subject: str, *kinds: str) -> None:
    """Drop what is planned for a subject: of some kinds, or of all."""
    for kind in kinds or KINDS:
        unit.store.execute("DELETE FROM jobs WHERE kind = ? AND subject = ?", (kind, subject))


def first(store: Store) -> Job | None:
    """Return the job that comes next, due or not."""
    rows = store.execute("SELECT kind, subject, due_at FROM jobs ORDER BY due_at, place, seq LIMIT 1")
    return Job(*rows[0]) if rows else None


def count(store: Store, until: str) -> int:
    """Count the jobs that are planned up to a moment."""
    return int(store.execute("SELECT count(*) FROM jobs WHERE due_at <= ?", (until,))[0][0])
