"""The helpers for users' tests: what they make is what Paylera would send."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from paylera.testing import SignedEvent, event_payload, make_event, signed_event
from paylera.testing.changes import CHANGES, PREVIOUS
from paylera.testing.samples import FAMILIES
from paylera.webhooks import (
    EVENT_TYPES,
    InvoicePaidEvent,
    PayleraWebhookEvent,
    PaymentFailedEvent,
    SubscriptionTrialWillEndEvent,
    construct_event,
    verify_signature,
)


def test_an_event_is_typed_by_its_class_or_its_type() -> None:
    """The class also tells the type checker."""
    event = make_event(InvoicePaidEvent, data={"amount_paid": "5.00"}, id="evt_1")
    assert (event.id, event.data.amount_paid, event.data.total) == ("evt_1", Decimal("5.00"), Decimal("31.32"))
    assert type(make_event("invoice.paid")) is InvoicePaidEvent
    assert type(make_event("galaxy.collided")) is PayleraWebhookEvent
    failed = make_event(PaymentFailedEvent)
    assert failed.data.last_error is not None
    assert failed.data.last_error.code == "card_declined"


def test_data_that_does_not_fit_fails_the_test_that_made_it() -> None:
    """A receiver would fall back to the base class; a test should say so at once."""
    with pytest.raises(ValidationError):
        make_event(InvoicePaidEvent, data={"amount_paid": "a lot"})


def test_a_class_without_a_type_is_refused() -> None:
    """The base class stands for every type."""
    with pytest.raises(ValueError, match="PayleraWebhookEvent stands for no single type"):
        make_event(PayleraWebhookEvent)


def test_events_are_fresh_and_objects_are_the_same() -> None:
    """Two events are never duplicates of each other, and tell of the same objects."""
    first, second = event_payload("invoice.paid"), event_payload("invoice.voided")
    assert first["id"] != second["id"]
    assert first["aggregate_id"] == second["aggregate_id"] == first["data"]["id"]
    assert event_payload("payment.succeeded")["data"]["invoice_id"] == first["data"]["id"]
    first["data"]["lines"].clear()
    first["data"]["metadata"]["x"] = 1
    assert event_payload("invoice.paid")["data"]["lines"]
    assert not event_payload("invoice.paid")["data"]["metadata"]


def test_the_data_tells_what_the_type_says() -> None:
    """A trial that will end does so in three days."""
    event = make_event(SubscriptionTrialWillEndEvent)
    assert event.data.status == "trialing"
    assert event.data.trial_end is not None
    assert (event.data.trial_end - event.occurred_at).days == 3


def test_the_tables_name_real_types_and_members() -> None:
    """A typo in a table would go unnoticed."""
    for table in (CHANGES, PREVIOUS):
        for event_type, members in table.items():
            assert event_type in EVENT_TYPES
            model = EVENT_TYPES[event_type].model_fields["data"].annotation
            assert model is not None
            assert set(members) <= model.model_fields.keys()
    assert {event_type.partition(".")[0] for event_type in EVENT_TYPES} == FAMILIES.keys()


def test_a_type_outside_the_catalogue_has_the_data_it_is_given() -> None:
    """Of a known family, the family's sample."""
    assert event_payload("galaxy.collided", data={"id": "gal_1"})["data"] == {"id": "gal_1"}
    payload = event_payload("invoice.framed")
    assert payload["aggregate_type"] == "invoice"
    assert payload["data"]["currency"] == "USD"


def test_a_delivery_has_every_header_and_passes() -> None:
    """Signed now unless told otherwise; decimals and times are written as strings."""
    delivery = signed_event(
        "invoice.paid",
        secret="whsec_1",
        data={"amount_paid": Decimal("19.10"), "due_at": datetime(2026, 11, 24, tzinfo=UTC)},
    )
    assert isinstance(delivery, SignedEvent)
    event = construct_event(delivery.body, delivery.headers["Paylera-Signature"], "whsec_1")
    assert isinstance(event, InvoicePaidEvent)
    assert str(event.data.amount_paid) == "19.10"
    assert b'"amount_paid":"19.10"' in delivery.body
    assert delivery.headers["Paylera-Event-Id"] == event.id
    assert delivery.headers["Paylera-Event-Type"] == "invoice.paid"
    assert delivery.headers["Paylera-Delivery-Id"].startswith("del_")
    assert delivery.headers["Content-Type"] == "application/json"
    old = signed_event("invoice.paid", secret="whsec_1", timestamp=int(time.time()) - 1000)
    assert not verify_signature(old.body, old.headers["Paylera-Signature"], "whsec_1")
