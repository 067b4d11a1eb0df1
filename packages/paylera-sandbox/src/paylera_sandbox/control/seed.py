"""Seeding: `/sandbox/seed`."""

from __future__ import annotations

import asyncio

from paylera_sandbox import fields
from paylera_sandbox.control.commands import Order
from paylera_sandbox.problems import Problem
from paylera_sandbox.rules import Rule
from paylera_sandbox.seeding.progress import Seeding
from paylera_sandbox.store import Doc

START = {
    "customers": Rule(fields.integer(1, 100_000), default=50),
    "months": Rule(fields.integer(0, 120), default=6),
    "seed": Rule(fields.integer(0, 2**53), default=1),
}


async def start(order: Order) -> Doc:
    """Begin to fill the namespace with customers who came over the last months; `get` tells how far it is."""
    from paylera_sandbox.seeding.seeder import sow  # it tells its story in calls of the whole API

    if order.namespace.seeding is not None and order.namespace.seeding.status == "running":
        raise Problem("seeding.running", "A seeding is under way. GET /sandbox/seed tells how far it is.")
    seeding = order.namespace.seeding = Seeding(**{name: order.body[name] for name in START})
    order.namespace.hold(asyncio.create_task(sow(order.engine, seeding)))
    return seeding.shown()


async def get(order: Order) -> Doc:
    """Tell how far the seeding is, or how it ended."""
    if order.namespace.seeding is None:
        raise Problem("seeding.not_found", "Nothing has been seeded since the sandbox was started.")
    return order.namespace.seeding.shown()
