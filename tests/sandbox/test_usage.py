"""Usage reported to the API: counted once, in its time, by its meter, and billed in arrears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paylera_sandbox import Sandbox
from sandbox.support import Api, ManualClock, Receiver, problem

CATALOGUE = """
[features.calls]
kind = "metered"
name = "Calls"
[features.people]
kind = "metered"
name = "People"
aggregation = "unique_count"
unique_by = "user"
usage_cycle = "billing_period"
[features.peak]
kind = "metered"
name = "Peak"
aggregation = "max"
[features.level]
kind = "metered"
name = "Level"
aggregation = "last_during_period"

[plans.metered]
name = "Metered"
amount = "10.00"
features = { calls = "100", people = "2", peak = "5", level = "5" }
[plans.metered.components.calls]
name = "Calls"
pricing = { model = "usage", meter = "calls", unit_amount = "0.01", included_units = "100" }
[plans.metered.components.gigabytes]
name = "Storage"
pricing = { model = "usage", meter = "gb", aggregation = "max", unit_amount = "0.50" }

[plans.flat]
name = "Flat"
amount = "50.00"
features = { calls = "1000" }
"""


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock) -> Iterator[Api]:
    path = tmp_path / "catalogue.toml"
    path.write_text(CATALOGUE)
    with Sandbox(catalogue=path, clock=clock) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


@pytest.fixture
def subscription(shop: Api) -> dict:
    return shop.subscribe(shop.customer(), "metered")


def used(subscription: dict, quantity: str, meter: str = "calls", **more: object) -> dict:
    return {"subscription_id": subscription["id"], "meter": meter, "quantity": quantity, **more}


def state(api: Api, subscription: dict, feature: str) -> dict:
    return api.get(f"/v1/subscriptions/{subscription['id']}/entitlements").json()["features"][feature]


def faults(answer, *fields: str) -> None:
    assert [fault["field"] for fault in problem(answer, 422, "validation.failed")["errors"]] == list(fields)


def test_usage_and_track_count_the_same(shop: Api, subscription: dict, clock: ManualClock) -> None:
    clock.advance(hours=1)
    answer = shop.post("/v1/usage", used(subscription, "30", external_id="a", timestamp="2026-11-01T00:30:00.000Z"))
    assert answer.status_code == 202
    event = answer.json()
    assert (event["usage"], event["balance"], event["feature_code"], event["meter"]) == ("30", "70", "calls", "calls")
    assert (event["timestamp"], event["recorded_at"]) == ("2026-11-01T00:30:00.000Z", "2026-11-01T01:00:00.000Z")
    body = {"customer_id": subscription["customer_id"], "feature_code": "calls", "quantity": "20.5"}
    assert shop.ok("/v1/track", body)["usage"] == "50.5"
    assert shop.ok("/v1/usage", used(subscription, "-0.5"))["usage"] == "50"
    assert shop.client.post("/v1/check", json={**body, "quantity": "51"}).json()["reason"] == "limit_reached"
    assert shop.ok("/v1/usage", used(subscription, "60"))["balance"] == "-10"  # it has happened, whatever the limit
    assert len(shop.get("/v1/usage", subscription_id=subscription["id"]).json()["data"]) == 4
    assert [found["id"] for found in shop.get("/v1/usage", external_id="a").json()["data"]] == [event["id"]]


def test_one_external_id_counts_once(shop: Api, subscription: dict) -> None:
    first = shop.ok("/v1/usage", used(subscription, "1", external_id="a"))
    assert shop.ok("/v1/usage", used(subscription, "7", external_id="a")) == first
    other = shop.ok("/v1/usage", used(subscription, "2", meter="gb", external_id="a"))
    assert (other["feature_code"], other["usage"]) == (None, None)
    batch = {"events": [used(subscription, quantity, external_id=name) for quantity, name in ("1a", "2b", "3b")]}
    answer = shop.post("/v1/usage/batch", batch)
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 2)
    assert [event["quantity"] for event in answer.json()["events"]] == ["1", "2", "2"]
    assert state(shop, subscription, "calls")["usage"] == "3"


def test_a_batch_is_taken_whole_or_not_at_all(shop: Api, subscription: dict) -> None:
    events = [used(subscription, "1") for _ in range(5)]
    events[1] = used(subscription, "1", meter="nothing")
    events[3] = used({"id": "sub_unknown"}, "1", timestamp="2026-11-01T00:00:00Z")
    events[4] = used(subscription, "1", timestamp="1970-01-01T00:00:00Z")
    refused = shop.post("/v1/usage/batch", {"events": events})
    faults(refused, "events[1].meter", "events[3].subscription_id", "events[4].timestamp")
    assert state(shop, subscription, "calls")["usage"] == "0"
    assert shop.get("/v1/usage").json()["data"] == []
    faults(
        shop.post("/v1/usage/batch", {"events": [events[0], {**events[0], "quantity": "1e5"}]}), "events[1].quantity"
    )
    faults(shop.post("/v1/usage/batch", {"events": []}), "events")
    faults(shop.post("/v1/usage/batch", {"events": [events[0]] * 1001}), "events")
    assert shop.ok("/v1/usage/batch", {"events": [events[0]] * 1000})["accepted"] == 1000
    assert state(shop, subscription, "calls")["usage"] == "1000"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": "1" * 40}, "quantity"),
        ({"quantity": 1}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"meter": "nothing"}, "meter"),
        ({"timestamp": "2026-11-01T00:05:00.001Z"}, "timestamp"),
        ({"timestamp": "2026-10-31T23:59:59.999Z"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "9999-12-31T23:59:59Z"}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"external_id": ""}, "external_id"),
        ({"properties": {"a": {}}}, "properties"),
        ({"meter": "people"}, "properties"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_usage_names_the_field(shop: Api, subscription: dict, change: dict, field: str) -> None:
    faults(shop.post("/v1/usage", {**used(subscription, "1"), **change}), field)


def test_usage_of_nobody(shop: Api, subscription: dict) -> None:
    problem(shop.post("/v1/usage", used({"id": "sub_unknown"}, "1")), 404, "subscription.not_found")
    shop.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {"at_period_end": False})
    problem(shop.post("/v1/usage", used(subscription, "1")), 422, "usage.no_subscription")


def test_each_meter_adds_up_its_own_way(shop: Api, subscription: dict, clock: ManualClock) -> None:
    clock.advance(hours=1)
    for user in ("ada", "bob", "ada"):
        shop.ok("/v1/usage", used(subscription, "1", meter="people", properties={"user": user}))
    people = state(shop, subscription, "people")
    assert (people["usage"], people["resets_at"]) == ("2", subscription["current_period_end"])
    for quantity in ("3", "9", "4"):
        shop.ok("/v1/usage", used(subscription, quantity, meter="peak"))
    assert state(shop, subscription, "peak")["usage"] == "9"
    shop.ok("/v1/usage", used(subscription, "4", meter="level"))
    shop.ok("/v1/usage", used(subscription, "8", meter="level", timestamp="2026-11-01T00:10:00Z"))
    assert state(shop, subscription, "level")["usage"] == "4"  # the later one came first
    body = {"customer_id": subscription["customer_id"], "feature_code": "level", "quantity": "5"}
    assert shop.ok("/v1/check", body)["allowed"]
    assert not shop.ok("/v1/check", {**body, "quantity": "6"})["allowed"]


def test_what_was_used_is_billed_with_the_next_period(shop: Api, subscription: dict, clock: ManualClock) -> None:
    for quantity in ("120", "30"):
        shop.ok("/v1/usage", used(subscription, quantity))
    for quantity in ("3", "7", "2"):
        shop.ok("/v1/usage", used(subscription, quantity, meter="gb"))
    found = shop.get(f"/v1/subscriptions/{subscription['id']}/usage").json()
    assert [(part["code"], part["quantity"], part["amount"]) for part in found["components"]] == [
        ("calls", "150", "0.50"),
        ("gigabytes", "7", "3.50"),
    ]
    clock.advance(days=30, hours=1)
    shop.ok("/v1/usage", used(subscription, "200", timestamp="2026-11-30T12:00:00Z"))  # late: for the next invoice
    renewal, _ = shop.invoices({"id": subscription["customer_id"]})
    assert [(line["code"], line["quantity"], line["unit_amount"], line["amount"]) for line in renewal["lines"]] == [
        ("metered", "1", "10.00", "10.00"),
        ("calls", "50", "0.01", "0.50"),
        ("gigabytes", "7", "0.50", "3.50"),
    ]
    assert renewal["lines"][1]["period_start"] == subscription["current_period_start"]
    clock.advance(days=31)
    second, *_ = shop.invoices({"id": subscription["customer_id"]})
    assert [(line["code"], line["amount"]) for line in second["lines"]] == [("metered", "10.00"), ("calls", "1.00")]


def test_another_plan_bills_what_was_used_on_the_old_one(shop: Api, subscription: dict, clock: ManualClock) -> None:
    clock.advance(days=15)
    shop.ok("/v1/usage", used(subscription, "300"))
    changed = shop.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "flat"})
    invoice = shop.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert [(line["code"], line["amount"]) for line in invoice["lines"]] == [
        ("metered", "-5.00"),
        ("flat", "25.00"),
        ("calls", "2.00"),
    ]
    clock.advance(days=16)
    renewal, *_ = shop.invoices({"id": subscription["customer_id"]})
    assert [(line["code"], line["amount"]) for line in renewal["lines"]] == [("flat", "50.00")]


def test_thresholds_are_told_once(shop: Api, subscription: dict) -> None:
    for quantity in ("79", "1", "5", "40", "-50", "1"):
        shop.ok("/v1/usage", used(subscription, quantity))
    crossed = [event["data"] for event in shop.events(type="subscription.usage_threshold_crossed")]
    assert [(found["id"], found["usage_threshold"]["percent"]) for found in crossed] == [
        (subscription["id"], 80),
        (subscription["id"], 100),
    ]
    assert crossed[0]["usage_threshold"]["usage"] == "80"


def test_recorded_usage_is_told_to_those_who_listen(shop: Api, subscription: dict, receiver: Receiver) -> None:
    shop.ok("/v1/usage", used(subscription, "1"))
    assert shop.events(type="usage.recorded") == []
    shop.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["usage.*"]})
    event = shop.ok("/v1/usage", used(subscription, "2"))
    [got] = receiver.wait_for(1)
    assert (got.event["type"], got.event["aggregate_id"]) == ("usage.recorded", subscription["id"])
    assert got.event["data"] == event


REBILLED = """
[plans.metered]
name = "Metered"
amount = "10.00"
[plans.metered.components.calls]
name = "Calls"
[plans.metered.components.calls.pricing]
model = "usage"
meter = "calls"
charge = "tiered"
tiers = [{ up_to = "100", unit_amount = "0.10" }, { unit_amount = "0.05" }]
late_events = "rebill"
[coupons.HALF]
percent_off = "50"
duration = "forever"
"""


def test_late_usage_is_rebilled_where_that_is_wanted(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(REBILLED)
    with Sandbox(catalogue=path, clock=clock) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        subscription = api.subscribe(customer, "metered", coupons=["HALF"])
        api.ok("/v1/usage", used(subscription, "90"))
        clock.advance(days=31)
        november, december = "2026-11-20T00:00:00Z", "2026-12-01T12:00:00Z"
        events = [used(subscription, "20", timestamp=november), used(subscription, "10", timestamp=november)]
        api.ok("/v1/usage/batch", {"events": [*events, used(subscription, "1", timestamp=december)]})
        late, *others = api.invoices(customer)
        assert [(line["amount"], line["discount_amount"]) for line in others[0]["lines"]] == [
            ("10.00", "5.00"),
            ("9.00", "4.50"),
        ]
        [line] = late["lines"]
        assert line["description"] == "Late usage: Calls"
        # 10 more at 0.10 and 20 at 0.05, half of it off
        assert (line["quantity"], line["amount"], line["discount_amount"]) == ("30", "2.00", "1.00")
        assert (line["period_start"], line["period_end"]) == ("2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z")
        assert late["status"] == "paid"
        api.ok("/v1/usage", used(subscription, "-30", timestamp=november))
        [line] = api.invoices(customer)[0]["lines"]
        assert (line["amount"], line["discount_amount"]) == ("-2.00", "-1.00")
        assert len(api.invoices(customer)) == 4
        clock.advance(days=31)
        renewal = api.invoices(customer)[0]
        assert [line["amount"] for line in renewal["lines"]] == ["10.00", "0.10"]
        api.close()
