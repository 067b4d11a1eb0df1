"""Typed events: exact amounts, aware times, nothing lost, whatever Paylera adds or leaves out."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from paylera import webhooks
from paylera.testing import event_payload, make_event
from paylera.webhooks import EVENT_TYPES, InvoicePaidEvent, PayleraWebhookEvent, SubscriptionUpdatedEvent
from paylera.webhooks.parsing import parse_event


def parse(event_type: str = "invoice.paid", *, raw: dict[str, str] | None = None, **changes: Any) -> Any:
    """Parse a sample event; `raw` puts JSON text in place of strings that stand for it."""
    text = json.dumps(event_payload(event_type, **changes))
    for placeholder, value in (raw or {}).items():
        text = text.replace(f'"{placeholder}"', value)
    return parse_event(text.encode())


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_the_catalogue_has_its_class(event_type: str) -> None:
    """A full payload gives the class that is named after the type, and every member of it is a declared one."""
    event = parse(event_type)
    stem = "".join(word.title() for word in event_type.replace(".", "_").split("_"))
    assert type(event) is EVENT_TYPES[event_type] is getattr(webhooks, f"{stem}Event")
    assert isinstance(event.data, getattr(webhooks, f"{stem}EventData"))
    assert not event.data.model_extra
    assert event.aggregate_id
    assert event.occurred_at.utcoffset() == timedelta(0)


def test_the_catalogue_is_a_mapping() -> None:
    """It can be listed, and what it does not hold is a `KeyError`."""
    assert len(EVENT_TYPES) == len(list(EVENT_TYPES)) == 65
    assert "galaxy.collided" not in EVENT_TYPES
    with pytest.raises(KeyError):
        EVENT_TYPES["galaxy.collided"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"19.10"', "19.10"),
        ("19.10", "19.10"),
        ("19", "19"),
        ('"0"', "0"),
        ("-0.01", "-0.01"),
        ("0.1", "0.1"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("1e2", "1E+2"),
        ("12345678901234567890", "12345678901234567890"),
        ('"0.000000000000000000000000000001"', "1E-30"),
    ],
)
def test_amounts_are_exact(written: str, amount: str) -> None:
    """Strings, integers and JSON numbers become the very decimal that was written."""
    event = parse(data={"amount_paid": "AMOUNT"}, raw={"AMOUNT": written})
    assert isinstance(event, InvoicePaidEvent)
    assert event.data.amount_paid == Decimal(amount)
    assert str(event.data.amount_paid) == amount


def test_numbers_with_a_fraction_are_exact_in_untyped_data_too() -> None:
    """No float anywhere, however deep."""
    event = parse("galaxy.collided", data={"masses": [{"kg": "MASS"}]}, raw={"MASS": "0.1"})
    assert event.data == {"masses": [{"kg": Decimal("0.1")}]}


def test_an_unknown_type_gives_the_base_class() -> None:
    """With everything it came with."""
    event = parse("galaxy.collided", data={"id": "gal_1"}, extra=[1])
    assert type(event) is PayleraWebhookEvent
    assert (event.type, event.data, event.extra) == ("galaxy.collided", {"id": "gal_1"}, [1])


def test_unknown_members_are_kept() -> None:
    """In the envelope and in the data."""
    event = parse(data={"loyalty": {"points": 3}}, region="eu")
    assert event.data.loyalty == {"points": 3}
    assert event.region == "eu"


def test_a_key_given_twice_counts_once() -> None:
    """Paylera signed it, so it is read like any JSON parser would: the last one counts."""
    event = parse(data={"currency": "TWICE"}, raw={"TWICE": '"EUR", "currency": "USD"'})
    assert event.data.currency == "USD"


@pytest.mark.parametrize(
    ("data", "invoice_id", "paid"),
    [
        ({"invoice_id": "inv_9", "currency": "USD", "total_amount": "7.00"}, "inv_9", "7.00"),
        ({"id": "inv_9", "amount_paid": "7.00", "currency": "USD"}, "inv_9", "7.00"),
    ],
)
def test_the_thin_forms_of_the_documentation_are_read(data: dict[str, Any], invoice_id: str, paid: str) -> None:
    """Two SDK pages show `invoice.paid` with fewer and other members."""
    payload = event_payload("invoice.paid")
    event = parse_event(json.dumps({**payload, "data": data}).encode())
    assert isinstance(event, InvoicePaidEvent)
    assert (event.data.id, event.data.amount_paid, event.data.number) == (invoice_id, Decimal(paid), None)


def test_data_that_no_longer_fits_is_kept_untyped(caplog: pytest.LogCaptureFixture) -> None:
    """A known type must neither be lost nor crash; the log names the places, and shows no values."""
    with caplog.at_level(logging.WARNING, "paylera.webhooks"):
        event = parse(data={"amount_paid": {"value": "s3cret"}, "lines": [{"amount": "a lot"}]})
    assert type(event) is PayleraWebhookEvent
    assert event.data["amount_paid"] == {"value": "s3cret"}
    (record,) = caplog.records
    assert "data.amount_paid" in record.getMessage()
    assert "data.lines.0.amount" in record.getMessage()
    assert event.id in record.getMessage()
    assert "s3cret" not in caplog.text
    assert "a lot" not in caplog.text


def test_only_what_every_event_has_is_required() -> None:
    """An envelope with the bare minimum is an event."""
    text = b'{"id": "evt_1", "type": "a.b", "occurred_at": "2026-11-24T09:30:00+02:00", "data": {}}'
    event = parse_event(text)
    assert event.occurred_at == datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert (event.schema_version, event.tenant_id, event.aggregate_id, event.previous_attributes) == (1, "", "", None)


@pytest.mark.parametrize("written", ["2026-11-24T09:30:00", "2026-11-24T09:30:00Z", "2026-11-24 09:30:00.000000"])
def test_times_are_aware(written: str) -> None:
    """A time without an offset is UTC: naive and aware times cannot even be compared."""
    event = parse(occurred_at=written, data={"due_at": written})
    assert event.occurred_at == event.data.due_at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_an_envelope_may_leave_its_labels_null() -> None:
    """That is no reason to lose an event."""
    event = parse(tenant_id=None, aggregate_type=None, aggregate_id=None)
    assert isinstance(event, InvoicePaidEvent)
    assert (event.tenant_id, event.aggregate_type, event.aggregate_id) == ("", "", "")


def test_previous_attributes_tell_what_changed() -> None:
    """For the types that have them."""
    event = make_event(SubscriptionUpdatedEvent)
    assert event.previous_attributes == {"plan_code": "starter", "version": 1}
    assert event.data.plan_code == "pro"


def test_events_are_immutable_and_travel() -> None:
    """A handler cannot change what the next one sees, and a task queue can carry an event."""
    event = make_event(InvoicePaidEvent)
    with pytest.raises(ValidationError, match="frozen"):
        event.data.amount_paid = Decimal(0)
    assert pickle.loads(pickle.dumps(event)) == event
    assert parse_event(event.model_dump_json().encode()) == event
