"""Webhook events, their verification and their tests as a type checker sees them."""

from datetime import datetime
from decimal import Decimal
from typing import Any, assert_type

from paylera import PayleraWebhookEvent, SignatureVerificationError, construct_event, sign, verify_signature
from paylera.testing import SignedEvent, make_event, signed_event
from paylera.webhooks import (
    ClaimState,
    InvoicePaidEvent,
    InvoicePaidEventData,
    SubscriptionCanceledEvent,
    SubscriptionCanceledEventData,
)


def paid(event: InvoicePaidEvent) -> None:
    """Amounts are exact, and the amount of a paid invoice is there."""
    assert_type(event.data, InvoicePaidEventData)
    assert_type(event.data.amount_paid, Decimal)
    assert_type(event.data.total, Decimal | None)
    assert_type(event.data.currency, str)
    assert_type(event.occurred_at, datetime)
    assert_type([line.amount for line in event.data.lines or ()], list[Decimal | None])
    print(event.data.amount_payed)  # type: ignore[attr-defined]


def canceled(event: SubscriptionCanceledEvent) -> None:
    """A moment, or None."""
    assert_type(event.data, SubscriptionCanceledEventData)
    assert_type(event.data.ended_at, datetime | None)


def any_event(event: PayleraWebhookEvent) -> None:
    """The base class is narrowed by its subclasses."""
    assert_type(event.id, str)
    assert_type(event.previous_attributes, dict[str, Any] | None)
    if isinstance(event, InvoicePaidEvent):
        assert_type(event.data.amount_paid, Decimal)


def by_hand(body: bytes, header: str | None) -> None:
    """The low-level verifier takes bytes."""
    assert_type(verify_signature(body, "t=1,v1=0", "whsec_x", accepted_secrets=["whsec_y", None]), bool)
    assert_type(construct_event(body, header, "whsec_x"), PayleraWebhookEvent)
    assert_type(sign(body, "whsec_x", timestamp=1), str)
    verify_signature("text", "t=1,v1=0", "whsec_x")  # type: ignore[arg-type]


def reasons(error: SignatureVerificationError) -> bool:
    """A reason that does not exist is found."""
    if error.reason == "timestamp_too_old":
        return True
    return error.reason == "expired"  # type: ignore[comparison-overlap]


def in_tests() -> None:
    """The helpers keep the class they are given."""
    assert_type(make_event(InvoicePaidEvent, data={"amount_paid": "5.00"}), InvoicePaidEvent)
    assert_type(make_event("invoice.paid"), PayleraWebhookEvent)
    delivery = signed_event("invoice.paid", secret="whsec_x")
    assert_type(delivery, SignedEvent)
    assert_type(delivery.body, bytes)


class Store:
    """A store of one's own is a `ClaimStore` by its shape."""

    is_local = False

    async def claim(self, event_id: str, owner: str) -> ClaimState:
        """Claim an event."""
        return "claimed" if event_id and owner else "busy"

    async def complete(self, event_id: str, owner: str) -> None:
        """Keep a claim."""

    async def release(self, event_id: str, owner: str) -> None:
        """Give a claim up."""
