"""Tax ids that turn out to be invalid: `/sandbox/tax-ids/{id}/invalidate`."""

from __future__ import annotations

from paylera_sandbox.api import tax_ids
from paylera_sandbox.control.commands import Order
from paylera_sandbox.store import Doc


async def invalidate(order: Order) -> Doc:
    """Let a tax id turn out to be invalid, with the event that tells of it."""
    with order.engine.unit() as unit:
        return tax_ids.invalidate(unit, order.ids["id"])
