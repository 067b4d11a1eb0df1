"""Faults on demand: `/sandbox/faults`."""

from __future__ import annotations

from paylera_sandbox.control.commands import Order
from paylera_sandbox.faults.actions import ACTIONS, MATCHERS
from paylera_sandbox.store import Doc


async def listing(order: Order) -> Doc:
    """List the faults in the order in which they were added, with how often they matched and fired."""
    return {"data": order.engine.faults.list(), "has_more": False, "next_cursor": None}


async def add(order: Order) -> Doc:
    """Add a fault. Its fields depend on the action."""
    return order.engine.faults.add(**{"action": "", **order.body})


async def get(order: Order) -> Doc:
    """Return a fault."""
    return order.engine.faults.get(order.ids["id"])


async def remove(order: Order) -> None:
    """Remove a fault."""
    order.engine.faults.remove(order.ids["id"])


async def clear(order: Order) -> None:
    """Remove all faults."""
    order.engine.faults.clear()


async def actions(_order: Order) -> Doc:
    """List what can go wrong, with the fields that each action takes."""
    return {"data": [_shown(name) for name in ACTIONS], "has_more": False, "next_cursor": None}


def _shown(name: str) -> Doc:
    action = ACTIONS[name]
    return {
        "object": "fault_action",
        "action": name,
        "place": action.place,
        "description": action.what,
        "matches_by": list(MATCHERS[action.place]),
        "parameters": dict(action.parameters),
    }
