"""Disputes: what some test cards do to a payment that went through, a minute later."""

from __future__ import annotations

from datetime import timedelta

from paylera_sandbox.billing import agenda
from paylera_sandbox.billing.cards import DISPUTES
from paylera_sandbox.billing.machines import PAYMENT
from paylera_sandbox.clock import stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

STEP = timedelta(seconds=60)
# What happens -> the event that tells of it.
_EVENTS = {"charged_back": "payment.charged_back", "dispute_won": "payment.dispute_won"}


def announce(unit: Unit, payment: Doc, method: Doc) -> None:
    """Plan what the card of a payment does later."""
    for number, step in enumerate(DISPUTES.get(method["_behaviour"], ()), start=1):
        agenda.schedule(unit, step, payment["id"], stamp(unit.now + number * STEP))


def take(unit: Unit, step: str, payment_id: str) -> None:
    """Take a step of a dispute, unless the payment has been given back in full meanwhile."""
    payment = unit.need("payments", payment_id, "payment.not_found")
    status = "charged_back" if step == "charged_back" else _before_the_dispute(payment)
    if PAYMENT.may(payment["status"], status):
        payment.update(status=status, updated_at=unit.stamp)
        unit.store.save("payments", payment)
        emit(unit, _EVENTS[step], payment)


def _before_the_dispute(payment: Doc) -> str:
    """A payment that is won back is what it was: what went back to the payer stays there."""
    return "partially_refunded" if payment["refunds"] else "succeeded"
