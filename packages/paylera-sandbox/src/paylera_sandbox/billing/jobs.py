"""The jobs: what happens by itself, and who does it. A job runs at its own moment, in the true order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from paylera_sandbox.billing import (
    agenda,
    beginnings,
    checkout,
    commitments,
    disputes,
    dunning,
    pauses,
    rebilling,
    renewals,
    subscriptions,
    trials,
)
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.unit import Unit

Handler = Callable[[Unit, str], None]
log = logging.getLogger("paylera_sandbox")

HANDLERS: Mapping[str, Handler] = {
    "charged_back": lambda unit, payment_id: disputes.take(unit, "charged_back", payment_id),
    "dispute_won": lambda unit, payment_id: disputes.take(unit, "dispute_won", payment_id),
    "subscription.settle": dunning.settle,
    "checkout.withdraw": checkout.withdraw,
    "subscription.expire": beginnings.expire,
    "trial.ending": trials.warn,
    "commitment.ending": commitments.warn,
    "commitment.end": commitments.end,
    "subscription.cancel": subscriptions.end_announced,
    "trial.end": trials.end,
    "subscription.resume": pauses.end,
    "subscription.renew": renewals.renew,
    "customer.method": dunning.take_method,
    "dunning.retry": dunning.retry,
    "usage.rebill": rebilling.rebill,
}
_AGAIN = timedelta(days=1)


def run(unit: Unit, until: datetime, *, seconds: float) -> tuple[int, bool]:
    """Do what is due until a moment, for so long at most, and leave the unit's "now" at the last. Return how many jobs
    that was, and whether all is done."""
    deadline, limit, done = time.perf_counter() + seconds, stamp(until), 0
    while (job := agenda.first(unit.store)) is not None and job.due_at <= limit:
        if done and time.perf_counter() > deadline:
            return done, False
        unit.now = max(unit.now, moment(job.due_at))
        _do(unit, job)
        done += 1
    return done, True


def _do(unit: Unit, job: agenda.Job) -> None:
    """Do one job. One that breaks has done nothing, does not stop the others, and comes again a day later."""
    agenda.unschedule(unit, job.subject, job.kind)
    try:
        with unit.store.attempt():
            HANDLERS[job.kind](unit, job.subject)
    except Exception:
        log.exception("the job %s of %s broke", job.kind, job.subject)
        agenda.schedule(unit, job.kind, job.subject, stamp(unit.now + _AGAIN))
