"""Faults of charges: declines on demand, whatever the card."""

from __future__ import annotations

from paylera_sandbox.billing.cards import DECLINES, Decline
from paylera_sandbox.faults.registry import any_for, fire
from paylera_sandbox.unit import Unit


def decline(
    unit: Unit, customer_id: str, *, card: str | None, payment_method_id: str | None = None, ahead: bool = False
) -> Decline | None:
    """Return why a charge is declined, if a fault says so. `card` is its last four digits. Who asks `ahead` of a charge
    of the same unit gets the answer of that charge, which counts once."""
    charge = (customer_id, payment_method_id or card)
    if charge in unit.foreseen:
        return unit.foreseen[charge] if ahead else unit.foreseen.pop(charge)
    found = _ask(unit, customer_id, card, payment_method_id)
    if ahead:
        unit.foreseen[charge] = found
    return found


def _ask(unit: Unit, customer_id: str, card: str | None, payment_method_id: str | None) -> Decline | None:
    if not any_for(unit.store):
        return None
    subject = {"customer_id": customer_id, "card": card, "payment_method_id": payment_method_id}
    fired = fire(unit, "charge", subject, name=f"{customer_id} {payment_method_id or card or ''}".strip())
    return DECLINES[fired[0]["decline_code"]] if fired else None
