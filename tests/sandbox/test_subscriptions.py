from __future__ import annotations

import pytest

from sandbox.support import CARD, ONCE, Api, ManualClock, problem


def change(api: Api, subscription: dict, plan: str, **fields: object) -> dict:
    return api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": plan, **fields})


def amounts(invoice: dict) -> list[tuple[str, str, str]]:
    return [(line["description"], line["amount"], line["tax_amount"]) for line in invoice["lines"]]


def test_upgrade_is_prorated_to_the_cent(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    clock.advance(days=10)  # 20 of the 30 days of November are left
    changed = change(api, subscription, "pro")
    assert (changed["plan_code"], changed["version"]) == ("pro", subscription["version"] + 1)
    assert changed["current_period_end"] == subscription["current_period_end"]
    invoice = api.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert amounts(invoice) == [
        ("Unused time on Starter", "-12.67", "-1.01"),  # 19 * 2/3 = 12.666..., tax 1.0136
        ("Remaining time on Pro", "32.67", "2.61"),  # 49 * 2/3 = 32.666..., tax 2.6136
    ]
    sums = [invoice[name] for name in ("subtotal", "tax", "total", "amount_paid", "status", "number")]
    assert sums == ["20.00", "1.60", "21.60", "21.60", "paid", "INV-2026-000002"]
    assert {line["period_start"] for line in invoice["lines"]} == {"2026-11-11T00:00:00.000Z"}
    [event] = api.events(type="subscription.updated")
    assert event["previous_attributes"]["plan_code"] == "starter"
    assert event["data"] == changed


def test_another_interval_begins_a_period(api: Api, clock: ManualClock) -> None:
    subscription = api.subscribe(api.customer(), "starter")
    clock.advance(days=10)
    changed = change(api, subscription, "pro_yearly")
    assert changed["current_period_start"] == "2026-11-11T00:00:00.000Z"
    assert changed["current_period_end"] == "2027-11-11T00:00:00.000Z"
    invoice = api.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert amounts(invoice) == [
        ("Unused time on Starter", "-12.67", "-1.01"),
        ("Remaining time on Pro, yearly", "490.00", "39.20"),
    ]
    assert invoice["total"] == "515.52"


def test_downgrade_leaves_credit_that_the_next_invoice_uses(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "pro")
    clock.advance(days=10)
    change(api, subscription, "starter")
    down, _ = api.invoices(customer)
    assert (down["total"], down["amount_due"], down["amount_paid"], down["status"]) == (
        "-21.60",
        "0.00",
        "0.00",
        "paid",
    )
    assert down["credit_applied"] == "-21.60"
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "21.60"}
    clock.advance(days=10)
    change(api, subscription, "pro")
    up, *_ = api.invoices(customer)
    # 10 of 30 days: 16.33 + 1.31 for Pro, 6.33 + 0.51 back for Starter; the credit covers it
    assert (up["total"], up["credit_applied"], up["amount_due"], up["payments"]) == ("10.80", "10.80", "0.00", [])
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "10.80"}


def test_credit_is_used_before_the_card(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "pro")
    clock.advance(days=10)
    change(api, subscription, "starter")  # 21.60 of credit
    changed = change(api, subscription, "pro_yearly")
    invoice = api.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert (invoice["total"], invoice["credit_applied"], invoice["amount_paid"]) == ("515.52", "21.60", "493.92")
    assert api.get(f"/v1/payments/{invoice['payments'][0]}").json()["amount"] == "493.92"


def test_discount_is_taken_back_with_the_time(api: Api, clock: ManualClock) -> None:
    subscription = api.subscribe(api.customer(), "starter", coupons=["WELCOME10"])
    clock.advance(days=15)
    changed = change(api, subscription, "pro")
    invoice = api.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert [line["discount_amount"] for line in invoice["lines"]] == ["-0.95", "0.00"]
    # -(9.50 - 0.95) + 24.50 = 15.95; tax -0.68 + 1.96
    assert (invoice["subtotal"], invoice["discount"], invoice["tax"], invoice["total"]) == (
        "15.00",
        "-0.95",
        "1.28",
        "17.23",
    )


def test_free_to_paid_without_a_card_leads_over_a_checkout_page(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "free")
    answer = api.post(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_id": "pro"})
    document = problem(answer, 402, "payment_method.required")
    assert document["next_action"]["type"] == "redirect_to_url"
    page = document["next_action"]["url"]
    assert "52.92 USD" in api.browser.get(page).text
    assert api.browser.post(page, data=CARD).status_code == 303
    changed = api.current(customer)
    assert (changed["id"], changed["plan_code"]) == (subscription["id"], "pro")
    assert changed["default_payment_method_id"]
    assert api.invoices(customer)[0]["status"] == "paid"


def test_other_quantities_cost_nothing_more(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    changed = change(api, subscription, "starter", quantities={"seats": 5})
    assert (changed["quantities"], changed["latest_invoice_id"]) == ({"seats": "5"}, subscription["latest_invoice_id"])
    assert len(api.invoices(customer)) == 1


def test_declined_change_changes_nothing_but_is_told(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter", card=ONCE)
    clock.advance(days=1)
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    first = api.post(path, {"plan_code": "pro"}, key="declined")
    assert problem(first, 402, "payment.declined")["decline_code"] == "card_declined"
    assert api.post(path, {"plan_code": "pro"}, key="declined").content == first.content
    assert api.current(customer) == subscription
    void, _ = api.invoices(customer)
    assert (void["status"], void["amount_due"], void["payments"]) == ("void", "0.00", [])
    told = [event["type"] for event in api.events(aggregate_id=void["id"])]
    assert told == ["invoice.created", "invoice.finalized", "invoice.payment_failed", "invoice.voided"]
    [failed] = api.get("/v1/payments", status="failed").json()["data"]
    assert failed["invoice_id"] == void["id"]


def test_change_plan_refusals(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "starter")
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    problem(api.post(path, {"plan_code": "starter"}), 422, "subscription.same_plan")
    problem(api.post(path, {"plan_code": "nope"}), 404, "plan.not_found")
    problem(api.post(path, {}), 422, "validation.failed")
    problem(api.post(path, {"plan_code": "pro", "version": 1}), 412, "subscription.version_mismatch")
    problem(api.post(path, {"plan_code": "pro", "version": "x"}), 422, "validation.failed")
    problem(api.post("/v1/subscriptions/sub_x/change-plan", {"plan_code": "pro"}), 404, "subscription.not_found")
    api.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {"at_period_end": False})
    problem(api.post(path, {"plan_code": "pro"}), 422, "subscription.invalid_transition")


def test_cancel_at_period_end_takes_effect_when_read_later(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    path = f"/v1/subscriptions/{subscription['id']}"
    canceled = api.ok(f"{path}/cancel?version=2", {"reason": "too dear"})
    assert (canceled["status"], canceled["cancel_at_period_end"], canceled["version"]) == ("active", True, 3)
    assert canceled["cancel_at"] == canceled["current_period_end"] == "2026-12-01T00:00:00.000Z"
    clock.advance(days=30, milliseconds=-1)
    assert api.get(path).json() == canceled
    clock.advance(days=3)
    ended = api.get(path).json()
    assert (ended["status"], ended["ended_at"], ended["version"]) == ("canceled", "2026-12-01T00:00:00.000Z", 4)
    assert ended["cancellation_reason"] == "too dear"
    [event] = api.events(type="subscription.canceled")
    assert event["data"] == ended
    assert api.get("/v1/subscriptions", customer_id=customer["id"], status="active").json()["data"] == []
    assert api.attach(customer, "free")["status"] == "active"


def test_cancel_now(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "starter")
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    ended = api.ok(path, {"at_period_end": False, "feedback": "bye", "version": 2})
    assert (ended["status"], ended["canceled_at"]) == ("canceled", "2026-11-01T00:00:00.000Z")
    problem(api.post(path, {}), 422, "subscription.invalid_transition")
    problem(api.post(f"/v1/subscriptions/{subscription['id']}/resume"), 422, "subscription.invalid_transition")


def test_second_cancel_is_no_change(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "free")
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    assert api.ok(path, {}) == api.ok(path, {})
    assert len(api.events(type="subscription.updated")) == 1


def test_version_in_query_and_body(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "free")
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    for query, body in (("?version=1", {}), ("?version=3", {}), ("", {"version": 1}), ("?version=1", {"version": 1})):
        problem(api.post(path + query, body), 412, "subscription.version_mismatch")
    for query, body in (
        ("?version=2", {"version": 1}),
        ("?version=two", {}),
        ("?version=", {}),
        ("?version=-1", {}),
        ("?v=2", {}),
    ):
        problem(api.post(path + query, body), 422, "validation.failed")
    assert api.ok(f"{path}?version=2", {"version": 2})["version"] == 3


def test_resume_and_pause(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "free")
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/cancel")
    assert api.ok(f"{path}/resume")["cancel_at"] is None
    assert api.ok(f"{path}/pause")["status"] == "paused"
    check = {"customer_id": customer["id"], "feature_code": "api_calls"}
    assert api.ok("/v1/check", check)["reason"] == "no_subscription"
    problem(
        api.post("/v1/attach", {"customer_id": customer["id"], "plan_id": "free"}), 409, "subscription.already_active"
    )
    assert api.ok(f"{path}/resume")["status"] == "active"
    told = [event["type"] for event in api.events(aggregate_id=subscription["id"])]
    assert told[2:] == [
        "subscription.updated",
        "subscription.reactivated",
        "subscription.paused",
        "subscription.resumed",
    ]


def test_create_without_a_page(api: Api) -> None:
    customer = api.customer()
    body = {"customer_id": customer["id"], "plan_code": "starter"}
    problem(api.post("/v1/subscriptions", body), 402, "payment_method.required")
    first = api.subscribe(customer, "starter")
    problem(api.post("/v1/subscriptions", body), 409, "subscription.already_active")
    api.ok(f"/v1/subscriptions/{first['id']}/cancel", {"at_period_end": False})
    answer = api.post("/v1/subscriptions", {**body, "metadata": {"a": "b"}})
    assert (answer.status_code, answer.json()["status"], answer.json()["metadata"]) == (201, "active", {"a": "b"})
    assert api.invoices(customer)[0]["total"] == "20.52"


def test_create_with_a_card_that_is_declined(api: Api) -> None:
    customer = api.customer()
    first = api.subscribe(customer, "starter", card=ONCE)
    api.ok(f"/v1/subscriptions/{first['id']}/cancel", {"at_period_end": False})
    body = {"customer_id": customer["id"], "plan_code": "starter"}
    problem(api.post("/v1/subscriptions", body), 402, "payment.declined")
    other = api.customer()
    stolen = {
        "customer_id": other["id"],
        "plan_code": "starter",
        "default_payment_method_id": first["default_payment_method_id"],
    }
    problem(api.post("/v1/subscriptions", stolen), 404, "payment_method.not_found")


@pytest.mark.parametrize("status", ["active", "active,trialing,past_due", "canceled"])
def test_listing_by_customer_and_status(api: Api, status: str) -> None:
    ada, bob = api.customer(), api.customer()
    api.subscribe(bob, "free")
    old = api.subscribe(ada, "free")
    api.ok(f"/v1/subscriptions/{old['id']}/cancel", {"at_period_end": False})
    new = api.subscribe(ada, "free")
    found = api.get("/v1/subscriptions", customer_id=ada["id"], status=status, limit=1).json()["data"]
    assert [item["id"] for item in found] == [old["id"] if status == "canceled" else new["id"]]
