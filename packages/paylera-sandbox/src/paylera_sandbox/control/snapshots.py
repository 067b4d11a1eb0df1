"""Reset, snapshot and restore: `/sandbox/reset`, `/sandbox/snapshot`, `/sandbox/restore`."""

from __future__ import annotations

from paylera_sandbox import snapshots
from paylera_sandbox.control.commands import Order
from paylera_sandbox.control.health import health
from paylera_sandbox.operations import File
from paylera_sandbox.store import Doc

LARGEST = 1024 * 1024 * 1024
MEDIA_TYPE = "application/vnd.sqlite3"


async def reset(order: Order) -> Doc:
    """Empty the namespace: no objects, events, requests or keys, and real time."""
    snapshots.reset(order.engine)
    return await health(order)


async def take(order: Order) -> File:
    """Return everything in the namespace as a file, an SQLite database."""
    return File(await snapshots.take(order.engine), MEDIA_TYPE, f"{order.namespace.name}.db")


async def restore(order: Order) -> Doc:
    """Put a snapshot in place of everything in the namespace. One that does not fit changes nothing."""
    await snapshots.restore(order.engine, order.content)
    return await health(order)
