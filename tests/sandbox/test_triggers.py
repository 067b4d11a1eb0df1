"""Events on demand: every type of the catalogue, sent like any other event."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from pydantic import BaseModel

import paylera_sandbox
from paylera.webhooks import EVENT_TYPES, construct_event, sign, verify_signature
from paylera_sandbox.webhooks import catalogue
from paylera_sandbox.webhooks.events import AGGREGATES
from paylera_sandbox.webhooks.triggers import CHANGES
from sandbox.support import Api, Receiver, problem

SECRET = "whsec_test"


def trigger(api: Api, event_type: str, **fields: object) -> dict:
    answer = api.client.post("/sandbox/trigger", json={"type": event_type, **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()["event"]


@pytest.mark.parametrize("event_type", catalogue.EVENT_TYPES)
def test_every_type_is_an_event_that_the_sdk_reads(shared: Api, event_type: str) -> None:
    event = trigger(shared, event_type)
    assert event["type"] == event_type
    assert event["aggregate_type"] == AGGREGATES[event_type.partition(".")[0]][0]
    assert event["aggregate_id"]
    body = json.dumps(event).encode()
    typed = construct_event(body, sign(body, SECRET, timestamp=int(time.time())), SECRET)
    assert type(typed) is EVENT_TYPES[event_type]
    assert isinstance(typed.data, BaseModel)
    assert shared.get(f"/v1/admin/events/{event['id']}").json() == event
    assert ("previous_attributes" in event) == event_type.endswith(".updated")
    assert not [name for name in event["data"] if name.startswith("_")]


def test_the_catalogue_has_every_type_that_is_emitted_or_known_to_the_sdk() -> None:
    source = Path(paylera_sandbox.__file__).parent
    families = "|".join(AGGREGATES)
    told = rf'(?:emit|record|change|_change)\([^()]*(?:\([^()]*\)[^()]*)*?"((?:{families})\.[a-z_]+)"'
    emitted = {name for file in source.rglob("*.py") for name in re.findall(told, file.read_text())}
    assert len(emitted) > 20
    assert emitted - set(catalogue.EVENT_TYPES) == set()
    assert set(EVENT_TYPES) == set(catalogue.EVENT_TYPES)
    assert set(CHANGES) - set(catalogue.EVENT_TYPES) == set()


def test_it_is_delivered_and_signed(api: Api, receiver: Receiver) -> None:
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["invoice.*"]})
    trigger(api, "payment.failed")
    event = trigger(api, "invoice.paid")
    [got] = receiver.wait_for(1)
    assert got.event == event
    assert verify_signature(got.body, got.headers["paylera-signature"], endpoint["secret"])


def test_it_tells_of_the_newest_object_and_changes_none(api: Api) -> None:
    customer = api.customer(name="Grace")
    subscription = api.subscribe(customer, "pro")
    [invoice] = api.invoices(customer)
    event = trigger(api, "invoice.payment_failed")
    assert (event["data"]["id"], event["data"]["status"]) == (invoice["id"], "open")
    assert event["data"]["amount_due"] == invoice["total"]
    assert api.get(f"/v1/invoices/{invoice['id']}").json() == invoice
    canceled = trigger(api, "subscription.canceled")
    assert (canceled["aggregate_id"], canceled["data"]["status"]) == (subscription["id"], "canceled")


def test_it_tells_of_the_object_that_is_named(api: Api) -> None:
    one, _two = api.customer(), api.customer()
    assert trigger(api, "customer.created", object_id=one["id"])["data"] == one
    body = {"type": "invoice.paid", "object_id": one["id"]}
    problem(api.client.post("/sandbox/trigger", json=body), 422, "validation.failed")
    body = {"type": "payout_batch.failed", "object_id": one["id"]}
    problem(api.client.post("/sandbox/trigger", json=body), 422, "validation.failed")


def test_members_are_set_by_their_paths(api: Api) -> None:
    settings = {"metadata.order": 7, "lines.0.amount": "5.00", "amount_paid": "5.40", "pdf_url": None, "new.a.b": [1]}
    data = trigger(api, "invoice.paid", set=settings)["data"]
    assert (data["metadata"], data["lines"][0]["amount"], data["amount_paid"]) == ({"order": 7}, "5.00", "5.40")
    assert (data["pdf_url"], data["new"]) == (None, {"a": {"b": [1]}})


@pytest.mark.parametrize(
    "settings",
    [
        {"lines.9.amount": "1"},
        {"lines.x": "1"},
        {"lines.²": "1"},
        {"total.a": "1"},
        {"lines.0.amount.b.c": "1"},
        {"_private": 1},
        {"a._b": 1},
        {"": 1},
        {"a..b": 1},
        {f"a{number}": 1 for number in range(51)},
        [],
        "a=b",
    ],
)
def test_paths_that_lead_nowhere(shared: Api, settings: object) -> None:
    body = {"type": "invoice.paid", "set": settings}
    found = problem(shared.client.post("/sandbox/trigger", json=body), 422, "validation.failed")
    assert found["errors"][0]["field"] == "set"


def test_a_misspelt_type_names_the_nearest(shared: Api) -> None:
    found = problem(shared.client.post("/sandbox/trigger", json={"type": "invoice.payed"}), 422, "event_type.unknown")
    assert "invoice.paid" in found["detail"]
    found = problem(shared.client.post("/sandbox/trigger", json={"type": "x"}), 422, "event_type.unknown")
    assert found["nearest"] is None
    problem(shared.client.post("/sandbox/trigger", json={}), 422, "validation.failed")


class TestResend:
    def test_the_same_bytes_go_again(self, api: Api, receiver: Receiver) -> None:
        api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
        api.customer()
        [first] = receiver.wait_for(1)
        answer = api.client.post(f"/sandbox/events/{first.event['id']}/resend", json={})
        assert answer.status_code == 202
        assert len(answer.json()["deliveries"]) == 1
        again = receiver.wait_for(2)[1]
        assert again.body == first.body
        assert again.headers["paylera-delivery-id"] != first.headers["paylera-delivery-id"]

    def test_to_one_endpoint(self, api: Api, receiver: Receiver) -> None:
        api.customer()
        [event] = api.events()
        one = api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["invoice.*"]})
        path = f"/sandbox/events/{event['id']}/resend"
        assert api.client.post(path, json={}).json()["deliveries"] == []
        assert len(api.client.post(path, json={"endpoint_id": one["id"]}).json()["deliveries"]) == 1
        assert receiver.wait_for(1)[0].event == event
        problem(api.client.post(path, json={"endpoint_id": "we_0"}), 404, "webhook_endpoint.not_found")
        problem(api.client.post("/sandbox/events/evt_0/resend", json={}), 404, "event.not_found")
