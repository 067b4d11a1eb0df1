"""What happens when Paylera tells something: the handlers, and the inbox that keeps every event until it is handled."""

from __future__ import annotations

from paylera.webhooks import InvoicePaidEvent, PayleraWebhookEvent, WebhookHandlers
from paylera_django.inbox import Inbox
from skyline.models import ReceivedEvent

on = WebhookHandlers()


@on("invoice.paid")
async def handle_invoice_paid(event: InvoicePaidEvent) -> None:
    # event.data.id, event.data.amount_paid, ... typed
    await ReceivedEvent.objects.aget_or_create(event_id=event.id, defaults=ReceivedEvent.facts_of(event))


def handle_any(event: PayleraWebhookEvent) -> None:
    # Handlers may be sync, too. This one takes every type that has no handler of its own.
    ReceivedEvent.objects.get_or_create(event_id=event.id, defaults=ReceivedEvent.facts_of(event))


# Events are answered when they are stored; `manage.py paylera_inbox process` handles them. The feed shows them all, so
# those that come late are handled too.
inbox = Inbox(handlers={**on, "*": handle_any}, enqueue="worker", stale="handle")
