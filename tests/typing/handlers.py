"""Registered handlers as a type checker sees them: the string decides the class of the event."""

from decimal import Decimal
from typing import Any, assert_type

from paylera import PayleraWebhookEvent
from paylera.webhooks import (
    EventHandler,
    Inbox,
    InboxRecord,
    InvoicePaidEvent,
    SubscriptionCanceledEvent,
    WebhookHandlers,
    WebhookReceiver,
)
from paylera_fastapi import paylera_webhooks

on = WebhookHandlers()


@on("invoice.paid")
def paid(event: InvoicePaidEvent) -> None:
    """The class of the type."""
    assert_type(event.data.amount_paid, Decimal)
    assert_type(event.is_stale, bool)


@on("subscription.canceled", stale="handle", refetch=True)
async def canceled(event: SubscriptionCanceledEvent) -> str:
    """Async, with options."""
    return event.id


@on("payment.failed")
def failed(event: PayleraWebhookEvent) -> None:
    """The base class takes every event."""


@on("customer.*")
def customers(event: PayleraWebhookEvent) -> None:
    """A pattern gives the base class."""


@on("invoice.voided")  # type: ignore[arg-type]
def wrong(event: InvoicePaidEvent) -> None:
    """Another type's class."""


@on("customer.*")  # type: ignore[arg-type]
def too_narrow(event: InvoicePaidEvent) -> None:
    """A pattern may bring others."""


on("invoice.payed")  # type: ignore[call-overload]
on("invoic.*")  # type: ignore[call-overload]
on("invoice.created", stale="drop")  # type: ignore[call-overload]
on("invoice.finalized")(lambda event: print(event.data.number))
on("invoice.updated")(lambda event: print(event.data.nmber))  # type: ignore[attr-defined]
assert_type(on["invoice.paid"], EventHandler)


def tell(record: InboxRecord) -> None:
    """A hook."""
    print(record.event_id, record.state, record.error)


def mount(store: Any) -> None:
    """A registry stands where a dict does; a provider stands where a secret does."""

    async def secret() -> str | None:
        return "whsec_x"

    WebhookReceiver(signing_secret=secret, accepted_secrets=[secret, "whsec_y", None], handlers=on)
    paylera_webhooks(signing_secret=lambda: "whsec_x", handlers={**on, "*": print}, standard_webhooks=True)
    inbox = Inbox(store, handlers=on, enqueue="worker", stale="handle", on_dead=tell)
    paylera_webhooks(signing_secret="whsec_x", inbox=inbox)
    Inbox(store, handlers=on, enqueue="celery")  # type: ignore[arg-type]
    WebhookReceiver(signing_secret=lambda: 7, handlers=on)  # type: ignore[arg-type]
