"""Products, plans and coupons as resources."""

from __future__ import annotations

import pytest

from sandbox.support import Api, ManualClock, problem

FLAT = {"code": "base", "pricing": {"model": "flat", "amount": "10.00"}}
SEATS = {"code": "seats", "name": "Seats", "pricing": {"model": "per_unit", "meter": "seats", "unit_amount": "2.50"}}
PLAN = {"code": "gold", "currency": "USD", "interval": "month", "components": [FLAT, SEATS]}


def flat(amount: str) -> dict:
    return {"components": [{"code": "a", "pricing": {"model": "flat", "amount": amount}}]}


def patch(api: Api, path: str, body: dict):
    return api.client.patch(path, json=body)


def test_a_catalogue_is_built_and_sold(api: Api) -> None:
    product = api.ok("/v1/products", {"code": "suite", "name": "Suite", "tax_code": "saas", "description": "All of it"})
    assert api.get("/v1/products/suite").json() == api.get(f"/v1/products/{product['id']}").json() == product
    features = {"api_calls": {"included_usage": "50"}, "priority_support": {"value": True}, "seats": {"value": "4"}}
    plan = api.ok("/v1/plans", {**PLAN, "product_code": "suite", "name": "Gold", "features": features})
    assert api.get("/v1/plans/gold").json() == plan
    assert plan["prices"] == [{"amount": "10.00", "currency": "USD", "interval": "month"}]
    assert [component["name"] for component in plan["components"]] == ["Gold", "Seats"]
    assert [found["code"] for found in api.get("/v1/plans", product_code="suite").json()["data"]] == ["gold"]
    customer = api.customer()
    api.subscribe(customer, "gold", quantities={"seats": 4})
    [invoice] = api.invoices(customer)
    assert (invoice["subtotal"], invoice["total"]) == ("20.00", "21.60")
    answer = api.ok("/v1/check", {"customer_id": customer["id"], "feature_code": "api_calls"})
    assert (answer["allowed"], answer["included"], answer["usage_cycle"]) == (True, "50", "calendar_month")


def test_codes_are_taken_once(api: Api) -> None:
    api.ok("/v1/products", {"code": "suite", "name": "Suite"})
    problem(api.post("/v1/products", {"code": "suite", "name": "Other"}), 409, "product.code_taken")
    problem(api.post("/v1/plans", {**PLAN, "code": "pro"}), 409, "plan.code_taken")
    problem(api.post("/v1/coupons", {"code": "WELCOME10", "percent_off": "5"}), 409, "coupon.code_taken")
    problem(api.post("/v1/plans", {**PLAN, "product_code": "nothing"}), 404, "product.not_found")
    twice = problem(api.post("/v1/plans", {**PLAN, "components": [FLAT, FLAT]}), 422, "validation.failed")
    assert twice["errors"][0]["field"] == "components[1].code"


def test_archived_means_not_for_sale(api: Api) -> None:
    plan, customer = api.ok("/v1/plans", PLAN), api.customer()
    subscription = api.subscribe(customer, "gold")
    assert api.ok("/v1/plans/gold/archive")["status"] == "archived"
    assert "gold" not in [found["code"] for found in api.get("/v1/plans").json()["data"]]
    assert [found["code"] for found in api.get("/v1/plans", status="archived").json()["data"]] == ["gold"]
    problem(api.get("/v1/plans/gold"), 404, "plan.not_found")
    assert api.get(f"/v1/plans/{plan['id']}").json()["status"] == "archived"
    body = {"customer_id": api.customer()["id"], "plan_id": plan["id"]}
    problem(api.post("/v1/attach", body), 422, "plan.archived")
    change = {"plan_id": plan["id"], "quantities": {"seats": "3"}}
    assert api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", change)["quantities"] == {"seats": "3"}
    assert api.ok("/v1/plans", PLAN)["id"] != plan["id"]


def test_what_may_be_changed(api: Api) -> None:
    plan = api.ok("/v1/plans", {**PLAN, "metadata": {"a": "1", "b": "2"}})
    assert patch(api, "/v1/plans/gold", {"name": None}).json() == plan
    changed = patch(api, "/v1/plans/gold", {"name": "Gold!", "metadata": {"a": None, "c": 3}, "trial_days": 7}).json()
    assert (changed["name"], changed["metadata"], changed["trial_days"]) == ("Gold!", {"b": "2", "c": 3}, 7)
    refused = problem(patch(api, "/v1/plans/gold", {"components": [FLAT]}), 422, "validation.failed")
    assert refused["errors"][0]["field"] == "components"
    api.ok("/v1/products", {"code": "suite", "name": "Suite", "description": "x"})
    assert patch(api, "/v1/products/suite", {"description": None}).json()["description"] is None
    assert patch(api, "/v1/coupons/WELCOME10", {"max_redemptions": 5}).json()["max_redemptions"] == 5
    [event] = api.events(type="coupon.updated")
    assert event["previous_attributes"] == {"max_redemptions": None}
    assert patch(api, "/v1/coupons/WELCOME10", {"max_redemptions": 5}).status_code == 200
    assert len(api.events(type="coupon.updated")) == 1


def test_what_the_api_made_outlives_a_restart(tmp_path) -> None:
    from paylera_sandbox import Sandbox

    for _ in range(2):
        with Sandbox(db=tmp_path / "db") as sandbox:
            api = Api(sandbox)
            if api.get("/v1/plans/gold").status_code == 404:
                plan = api.ok("/v1/plans", PLAN)
                api.ok("/v1/coupons", {"code": "X", "percent_off": "5"})
                api.subscribe(api.customer(), "pro", coupons=["WELCOME10", "X"])
                coupons = api.get("/v1/coupons").json()["data"]
                shelf = api.get("/v1/plans", sort="created_at:asc").json()
            assert api.get("/v1/plans/gold").json() == plan
            assert {coupon["code"]: coupon["times_redeemed"] for coupon in coupons} == {"X": 1, "WELCOME10": 1}
            assert all(coupon in coupons for coupon in api.get("/v1/coupons").json()["data"])
            found = api.get("/v1/plans").json()["data"]
            assert sorted(item["id"] for item in found) == sorted(item["id"] for item in shelf["data"])
            api.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"interval": "fortnight"}, "interval"),
        ({"interval_count": 0}, "interval_count"),
        ({"trial_days": -1}, "trial_days"),
        ({"components": []}, "components"),
        ({"components": [{**FLAT, "colour": "red"}]}, "components[0].colour"),
        (
            {"components": [{"code": "a", "pricing": {"model": "flat", "amount": "1.001"}}]},
            "components[0].pricing.amount",
        ),
        (flat("-1"), "components[0].pricing.amount"),
        (
            {"components": [{"code": "a", "pricing": {"model": "flat", "amount": "1e4"}}]},
            "components[0].pricing.amount",
        ),
        (
            {"components": [{"code": "a", "pricing": {"model": "flat", "amount": "9" * 40}}]},
            "components[0].pricing.amount",
        ),
        ({"features": {"nothing": {"value": True}}}, "features.nothing"),
        ({"features": {"api_calls": {"value": True}}}, "features.api_calls.value"),
        ({"features": {"api_calls": {}}}, "features.api_calls.included_usage"),
        ({"features": {"seats": {"value": True}}}, "features.seats.value"),
        ({"features": {"seats": {"value": "1", "usage_cycle": "calendar_month"}}}, "features.seats.usage_cycle"),
        ({"features": {"seats": {"value": "1e2"}}}, "features.seats.value"),
        ({"dunning_policy": {"on_exhaustion": "shout"}}, "dunning_policy.on_exhaustion"),
    ],
)
def test_a_bad_plan_names_the_field(shared: Api, change: dict, field: str) -> None:
    refused = problem(shared.post("/v1/plans", {**PLAN, **change}), 422, "validation.failed")
    assert [fault["field"] for fault in refused["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "percent_off"),
        ({"percent_off": "10", "amount_off": "5", "currency": "USD"}, "percent_off"),
        ({"percent_off": "0"}, "percent_off"),
        ({"percent_off": "100.5"}, "percent_off"),
        ({"percent_off": 10}, "percent_off"),
        ({"amount_off": "5"}, "currency"),
        ({"amount_off": "0", "currency": "USD"}, "amount_off"),
        ({"amount_off": "0.001", "currency": "USD"}, "amount_off"),
        ({"percent_off": "5", "currency": "USD"}, "currency"),
        ({"percent_off": "5", "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": "5", "duration_in_months": 3}, "duration_in_months"),
        ({"percent_off": "5", "max_redemptions": 0}, "max_redemptions"),
        ({"percent_off": "5", "expires_at": "2001-01-01T00:00:00.000Z"}, "expires_at"),
        ({"percent_off": "5", "expires_at": "soon"}, "expires_at"),
    ],
)
def test_a_bad_coupon_names_the_field(shared: Api, body: dict, field: str) -> None:
    refused = problem(shared.post("/v1/coupons", {"code": "BAD", **body}), 422, "validation.failed")
    assert [fault["field"] for fault in refused["errors"]] == [field]


def test_coupons_run_out(api: Api, clock: ManualClock) -> None:
    api.ok("/v1/coupons", {"code": "ONE", "percent_off": "50", "max_redemptions": 1})
    api.ok("/v1/coupons", {"code": "SOON", "percent_off": "5", "expires_at": "2026-11-02T00:00:00.000Z"})
    api.ok("/v1/coupons", {"code": "EURO", "amount_off": "5.00", "currency": "EUR"})
    api.subscribe(api.customer(), "starter", coupons=["ONE"])
    [event] = api.events(type="coupon.redeemed")
    assert event["data"]["times_redeemed"] == 1
    clock.advance(days=2)
    for code, refusal in (("ONE", "spent"), ("SOON", "expired"), ("EURO", "currency_mismatch"), ("NO", "not_found")):
        body = {"customer_id": api.customer()["id"], "plan_code": "starter", "coupons": [code]}
        status = 404 if refusal == "not_found" else 422
        problem(api.post("/v1/attach", body), status, f"coupon.{refusal}")
    api.ok("/v1/coupons/ONE/archive")
    problem(api.get("/v1/coupons/ONE"), 404, "coupon.not_found")
