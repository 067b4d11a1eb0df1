"""Health: `/sandbox/health`."""

from __future__ import annotations

from importlib.metadata import version

from paylera_sandbox.clock import stamp
from paylera_sandbox.control.commands import Order
from paylera_sandbox.store import Doc


async def health(order: Order) -> Doc:
    """Tell that the sandbox works: its version, its time, and how much is in it."""
    store = order.engine.store
    return {
        "object": "health",
        "status": "ok",
        "version": version("paylera-sandbox"),
        "namespace": order.namespace.name,
        "mode": order.namespace.mode,
        "now": stamp(order.engine.clock.now()),
        "customers": store.count("customers"),
        "subscriptions": store.count("subscriptions"),
        "events": store.count("events"),
        "pending_deliveries": store.count("outbox"),
    }
