"""What happens when Paylera tells something: the handlers, and the inbox that keeps every event until it is handled."""

from __future__ import annotations

import received

from paylera_fastapi import InvoicePaidEvent, PayleraWebhookEvent, WebhookHandlers
from paylera_fastapi.inbox import Inbox

on = WebhookHandlers()


@on("invoice.paid")
async def handle_invoice_paid(event: InvoicePaidEvent) -> None:
    # event.data.id, event.data.amount_paid, ... typed
    await received.add(event)


async def handle_any(event: PayleraWebhookEvent) -> None:
    # This one takes every type that has no handler of its own.
    await received.add(event)


# The feed shows every event, so those that come late are handled too.
inbox = Inbox(received.engine, handlers={**on, "*": handle_any}, stale="handle")
