"""Checkout and portal sessions over the API: modes, single use, expiry."""

from __future__ import annotations

import pytest

from sandbox.money import card, paid
from sandbox.support import CARD, CAREFUL, DECLINED, Api, ManualClock, problem

DONE = "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}"


def session(api: Api, customer: dict, **fields: object) -> dict:
    return api.ok("/v1/checkout/sessions", {"customer_id": customer["id"], "success_url": DONE, **fields})


def again(api: Api, made: dict) -> dict:
    return api.get(f"/v1/checkout/sessions/{made['id']}").json()


def test_a_subscription(api: Api) -> None:
    customer = api.customer()
    made = session(api, customer, plan_code="starter", metadata={"cart": "7"})
    assert (made["object"], made["mode"], made["status"], made["plan_code"]) == (
        "checkout_session",
        "subscription",
        "open",
        "starter",
    )
    assert made["expires_at"] == "2026-11-02T00:00:00.000Z"
    assert again(api, made) == made
    gone = api.browser.post(made["url"], data=CARD)
    assert (gone.status_code, gone.headers["location"]) == (303, DONE.replace("{CHECKOUT_SESSION_ID}", made["id"]))
    subscription = api.current(customer)
    done = again(api, made)
    assert (done["status"], done["subscription_id"]) == ("complete", subscription["id"])
    assert (done["invoice_id"], subscription["metadata"]) == (subscription["latest_invoice_id"], {"cart": "7"})
    assert done["payment_method_id"] == subscription["default_payment_method_id"]
    body = {"customer_id": customer["id"], "plan_code": "starter"}
    problem(api.post("/v1/checkout/sessions", body), 409, "subscription.already_active")


ONCE = {"mode": "payment", "currency": "JPY"}
GIFT = {"description": "x", "amount": "5", "discount_amount": "5"}
ITEMS = [{"description": "Mug", "quantity": "2", "unit_amount": "7.50"}, {"description": "Box", "amount": "5.00"}]


@pytest.mark.parametrize("buyer", [CARD, CAREFUL])
def test_items_paid_once(api: Api, buyer: dict) -> None:
    customer = api.customer()
    made = session(api, customer, mode="payment", currency="EUR", line_items=ITEMS)
    assert [line["amount"] for line in made["line_items"]] == ["15.00", "5.00"]
    assert "21.60" in api.browser.get(made["url"]).text
    assert api.browser.post(made["url"], data=DECLINED).status_code == 402
    answer = api.browser.post(made["url"], data=buyer)
    if buyer is CAREFUL:
        answer = api.browser.post(answer.headers["location"], data={"answer": "approve"})
    assert answer.headers["location"].startswith("http://127.0.0.1:9/done")
    [invoice] = api.invoices(customer)
    done = again(api, made)
    assert (done["status"], done["invoice_id"], done["subscription_id"]) == ("complete", invoice["id"], None)
    assert (invoice["status"], invoice["total"], invoice["amount_paid"], invoice["currency"]) == (
        "paid",
        "21.60",
        "21.60",
        "EUR",
    )
    assert api.browser.post(made["url"], data=CARD).status_code == 303  # a second click charges nothing
    assert len(api.get("/v1/payments", status="succeeded").json()["data"]) == 1


def test_a_card_to_keep(api: Api) -> None:
    customer = api.customer()
    made = session(api, customer, mode="setup")
    assert api.browser.get(made["url"]).status_code == 200
    assert api.browser.post(made["url"], data=CARD).status_code == 303
    done = again(api, made)
    [method] = api.get(f"/v1/customers/{customer['id']}/payment-methods").json()["data"]
    assert (done["status"], done["payment_method_id"], done["invoice_id"]) == ("complete", method["id"], None)
    assert api.invoices(customer) == []
    assert paid(api, customer)[0]["status"] == "paid"


def test_a_session_expires(api: Api, clock: ManualClock) -> None:
    made = session(api, api.customer(), mode="setup")
    clock.advance(hours=24)
    assert again(api, made)["status"] == "expired"
    assert api.browser.post(made["url"], data=CARD).status_code == 410


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({}, "plan_id", "field.required"),
        ({"mode": "gift"}, "mode", "choice.invalid"),
        ({"mode": "setup", "plan_code": "pro"}, "plan_code", "checkout.not_in_mode"),
        ({"mode": "payment", "plan_code": "pro"}, "plan_code", "checkout.not_in_mode"),
        ({"mode": "payment"}, "line_items", "field.required"),
        ({"mode": "payment", "line_items": ITEMS}, "currency", "field.required"),
        ({"plan_code": "pro", "line_items": ITEMS}, "line_items", "checkout.not_in_mode"),
        ({**ONCE, "line_items": [{"description": "x", "amount": "-1"}]}, "line_items", "checkout.negative_total"),
        ({**ONCE, "line_items": [GIFT, {"description": "x", "amount": "-1"}]}, "line_items", "checkout.negative_total"),
        ({**ONCE, "line_items": [{"description": "x", "amount": "0.5"}]}, "line_items[0].amount", "amount.too_precise"),
        ({"plan_code": "pro", "trial_days": -1}, "trial_days", "integer.range"),
        ({"plan_code": "pro", "trial_days": 731}, "trial_days", "integer.range"),
        ({"plan_code": "pro", "success_url": "/done"}, "success_url", "url.invalid"),
        ({"plan_code": "pro", "cancel_url": "javascript:alert(1)"}, "cancel_url", "url.invalid"),
        ({"plan_code": "pro", "allow_promotion_codes": 1}, "allow_promotion_codes", "type.boolean"),
    ],
)  # fmt: skip
def test_faults_of_a_session(shared: Api, fields: dict, field: str, code: str) -> None:
    body = {"customer_id": shared.customer()["id"], **fields}
    [fault] = problem(shared.post("/v1/checkout/sessions", body), 422, "validation.failed")["errors"]
    assert (fault["field"], fault["code"]) == (field, code)


def test_unknown_things(shared: Api) -> None:
    customer = shared.customer()
    problem(shared.get("/v1/checkout/sessions/cs_x"), 404, "checkout_session.not_found")
    problem(
        shared.post("/v1/checkout/sessions", {"customer_id": "cus_x", "plan_code": "pro"}), 404, "customer.not_found"
    )
    body = {"customer_id": customer["id"]}
    problem(shared.post("/v1/checkout/sessions", {**body, "plan_code": "x"}), 404, "plan.not_found")
    problem(
        shared.post("/v1/checkout/sessions", {**body, "plan_code": "pro", "coupons": ["x"]}), 404, "coupon.not_found"
    )


def test_a_portal_session(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    body = {"customer_id": customer["id"], "return_url": "https://shop.example/", "locale": "de"}
    made = api.ok("/v1/portal/sessions", body)
    assert (made["id"][:3], made["expires_at"], made["locale"]) == ("ps_", "2026-11-01T01:00:00.000Z", "de")
    assert api.browser.get(made["url"]).status_code == 303
    api.browser.cookies.clear()
    assert api.browser.get(made["url"]).status_code == 410  # it opens once
    other = api.ok("/v1/portal/sessions", body)
    clock.advance(minutes=60)
    assert api.browser.get(other["url"]).status_code == 410
    problem(api.post("/v1/portal/sessions", {"customer_id": "cus_x"}), 404, "customer.not_found")


def test_a_card_that_was_stored_at_checkout_pays_later(api: Api) -> None:
    customer = api.customer()
    api.browser.post(session(api, customer, mode="setup")["url"], data=CARD)
    second = card(api, customer)
    invoice, payment = paid(api, customer)
    assert (invoice["status"], payment["payment_method_id"] != second["id"]) == ("paid", True)


def test_a_trial_begins_with_nothing_to_pay(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    made = session(api, customer, plan_code="starter", trial_days=10)
    assert api.browser.get(made["url"]).status_code == 200
    assert api.browser.post(made["url"], data=CARD).status_code == 303
    subscription = api.current(customer)
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", "2026-11-11T00:00:00.000Z")
    assert (again(api, made)["status"], again(api, made)["invoice_id"], api.invoices(customer)) == (
        "complete",
        None,
        [],
    )
    clock.advance(days=10)
    assert api.current(customer)["status"] == "active"
    assert [invoice["status"] for invoice in api.invoices(customer)] == ["paid"]


def test_a_trial_of_none_beats_the_plans(api: Api) -> None:
    customer = api.customer()
    api.browser.post(session(api, customer, plan_code="starter", trial_days=0)["url"], data=CARD)
    assert api.current(customer)["status"] == "active"
