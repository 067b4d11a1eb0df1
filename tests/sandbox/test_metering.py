from __future__ import annotations

import pytest

from sandbox.support import Api, ManualClock, problem


def check(api: Api, customer: dict, feature: str, **fields: object) -> dict:
    body = {"customer_id": customer["id"], "feature_code": feature, **fields}
    answer = api.client.post("/v1/check", json=body)  # no key: check changes nothing
    assert answer.status_code == 200, answer.text
    return answer.json()


def track(api: Api, customer: dict, feature: str, quantity: str = "1", **fields: object) -> dict:
    body = {"customer_id": customer["id"], "feature_code": feature, "quantity": quantity, **fields}
    return api.ok("/v1/track", body)


def test_usage_is_counted_down_to_the_limit(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "free")
    assert check(api, customer, "api_calls") == {
        "object": "check",
        "allowed": True,
        "feature_code": "api_calls",
        "kind": "metered",
        "quantity": "1",
        "included": "100",
        "usage": "0",
        "balance": "100",
        "unlimited": False,
        "value": None,
        "usage_cycle": "calendar_month",
        "resets_at": "2026-12-01T00:00:00.000Z",
        "subscription_id": subscription["id"],
        "reason": None,
    }
    event = track(api, customer, "api_calls", "99.5", properties={"path": "/x"})
    assert event["object"] == "usage_event"
    assert (event["usage"], event["balance"], event["quantity"]) == ("99.5", "0.5", "99.5")
    assert check(api, customer, "api_calls", quantity="0.5")["allowed"]
    refused = check(api, customer, "api_calls")
    assert (refused["allowed"], refused["reason"]) == (False, "limit_reached")
    body = {"customer_id": customer["id"], "feature_code": "api_calls", "quantity": "0.51"}
    problem(api.post("/v1/track", body), 422, "usage.limit_reached")
    assert check(api, customer, "api_calls")["usage"] == "99.5"


def test_soft_limit_goes_below_zero(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "free")
    assert track(api, customer, "exports", "3")["balance"] == "-2"
    assert check(api, customer, "exports")["allowed"]


def test_unlimited_has_no_balance(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "pro")
    event = track(api, customer, "exports", "123456789012345.12345678")
    assert (event["balance"], event["unlimited"], event["included"]) == (None, True, None)
    assert event["usage"] == "123456789012345.12345678"


def test_numeric_and_boolean_features(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "free")
    seats = check(api, customer, "seats", quantity="2")
    assert (seats["allowed"], seats["value"], seats["reason"], seats["balance"]) == (False, "1", "limit_reached", None)
    assert check(api, customer, "seats")["allowed"]
    support = check(api, customer, "priority_support")
    assert (support["allowed"], support["value"], support["reason"]) == (False, False, "disabled")
    body = {"customer_id": customer["id"], "feature_code": "seats"}
    problem(api.post("/v1/track", body), 422, "feature.not_metered")


def test_usage_starts_anew_each_calendar_month(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    api.subscribe(customer, "free")
    clock.advance(days=29, hours=23, minutes=59, seconds=59, milliseconds=999)
    track(api, customer, "api_calls", "100")
    assert check(api, customer, "api_calls")["balance"] == "0"
    clock.advance(milliseconds=1)
    fresh = check(api, customer, "api_calls")
    assert (fresh["balance"], fresh["resets_at"]) == ("100", "2027-01-01T00:00:00.000Z")


def test_without_subscription(api: Api) -> None:
    customer = api.customer()
    answer = check(api, customer, "api_calls")
    assert (answer["allowed"], answer["reason"], answer["subscription_id"]) == (False, "no_subscription", None)
    body = {"customer_id": customer["id"], "feature_code": "api_calls"}
    problem(api.post("/v1/track", body), 422, "usage.no_subscription")


def test_unknown_things(api: Api) -> None:
    customer = api.customer()
    for path in ("/v1/check", "/v1/track"):
        problem(api.post(path, {"customer_id": customer["id"], "feature_code": "x"}), 404, "feature.not_found")
        problem(api.post(path, {"customer_id": "cus_x", "feature_code": "api_calls"}), 404, "customer.not_found")


def test_anothers_subscription_is_as_good_as_none(api: Api) -> None:
    ada, bob = api.customer(), api.customer()
    subscription = api.subscribe(ada, "free")
    for path in ("/v1/check", "/v1/track"):
        body = {"customer_id": bob["id"], "feature_code": "api_calls", "subscription_id": subscription["id"]}
        problem(api.post(path, body), 404, "subscription.not_found")
    assert check(api, ada, "api_calls", subscription_id=subscription["id"])["allowed"]


@pytest.mark.parametrize("properties", [{"a": {}}, {"a": []}, [], "x", {str(i): 1 for i in range(21)}])
def test_properties_are_flat_and_few(shared: Api, properties: object) -> None:
    body = {"customer_id": "cus_x", "feature_code": "api_calls", "properties": properties}
    document = problem(shared.post("/v1/track", body), 422, "validation.failed")
    assert document["errors"][0]["field"] == "properties"


def test_entitlements(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    track(api, customer, "api_calls", "400")
    answer = api.get(f"/v1/subscriptions/{subscription['id']}/entitlements").json()
    assert (answer["object"], answer["plan_code"], answer["customer_id"]) == ("entitlements", "starter", customer["id"])
    calls = answer["features"]["api_calls"]
    assert (calls["allowed"], calls["included"], calls["usage"], calls["balance"]) == (True, "1000", "400", "600")
    assert answer["features"]["seats"]["value"] == "3"
    assert answer["features"]["priority_support"]["allowed"] is False


def test_entitlements_end_with_the_subscription(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "free")
    api.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {"at_period_end": False})
    assert api.get(f"/v1/subscriptions/{subscription['id']}/entitlements").json()["features"] == {}
    assert check(api, customer, "api_calls", subscription_id=subscription["id"])["reason"] == "no_subscription"
    problem(api.get("/v1/subscriptions/sub_x/entitlements"), 404, "subscription.not_found")


def test_usage_survives_a_change_of_plan(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    track(api, customer, "api_calls", "900")
    api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro"})
    assert check(api, customer, "api_calls")["balance"] == "9100"
