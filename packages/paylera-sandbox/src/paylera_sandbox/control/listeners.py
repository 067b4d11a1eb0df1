"""Listeners: `/sandbox/listeners`, for `paylera-sandbox listen`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.control.commands import Order
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks import endpoints
from paylera_sandbox.webhooks.subscribers import patterns

CREATE = {
    "url": Rule(fields.url, required=True),
    "events": Rule(patterns, default=["*"]),
    "secret": Rule(endpoints.secret),
}


async def create(order: Order) -> Doc:
    """Send events to a URL as long as `attempts` is asked for at least once a minute."""
    given = order.body
    return order.namespace.listeners.add(url=given["url"], events=given["events"], secret=given.get("secret"))


async def attempts(order: Order) -> Doc:
    """Return what came of the deliveries since the last call; waits up to a second for news."""
    news = await order.namespace.listeners.news(order.ids["id"], order.namespace.courier.progressed)
    return {"data": news, "has_more": False, "next_cursor": None}


async def delete(order: Order) -> None:
    """End a listener and remove its endpoint."""
    order.namespace.listeners.remove(order.ids["id"])
