"""What customers pay with: attached, changed, verified, removed; and setup intents."""

from __future__ import annotations

import pytest

from sandbox.money import card, opened
from sandbox.support import Api, ManualClock, problem


def methods(api: Api, customer: dict) -> str:
    return f"/v1/customers/{customer['id']}/payment-methods"


@pytest.mark.parametrize(
    ("kind", "token", "details"),
    [
        ("card", "tok_visa_success", {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030}),
        ("card", "tok_mastercard_success", {"brand": "mastercard", "last4": "4444"}),
        ("bank_account", "tok_bank_success", {"last4": "6789"}),
        ("wallet", "tok_apple_pay", {"kind": "apple_pay"}),
        ("paypal", "tok_paypal_success", None),
    ],
)
def test_each_type_has_its_details(api: Api, kind: str, token: str, details: dict | None) -> None:
    method = card(api, api.customer(), token, type=kind)
    assert (method["object"], method["type"], method["verified"]) == ("payment_method", kind, kind != "bank_account")
    assert {name for name in ("card", "bank_account", "wallet") if method[name]} == ({kind} if details else set())
    assert details is None or details.items() <= method[kind].items()
    assert [event["type"] for event in api.events()] == [
        "customer.created",
        "payment_method.attached",
        "customer.updated",
    ]


def test_the_first_is_the_default_and_others_may_become_it(api: Api) -> None:
    customer = api.customer()
    first, second = card(api, customer), card(api, customer)
    assert (first["is_default"], second["is_default"]) == (True, False)
    third = card(api, customer, set_as_default=True)
    assert api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"] == third["id"]
    assert [method["is_default"] for method in api.get(methods(api, customer)).json()["data"]] == [True, False, False]
    chosen = api.client.patch(f"/v1/payment-methods/{second['id']}", json={"is_default": True}).json()
    assert chosen["is_default"]
    assert api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"] == second["id"]
    api.client.patch(f"/v1/customers/{customer['id']}", json={"default_payment_method_id": first["id"]})
    assert api.get(f"/v1/payment-methods/{first['id']}").json()["is_default"]
    assert not api.get(f"/v1/payment-methods/{second['id']}").json()["is_default"]
    refused = api.client.patch(f"/v1/payment-methods/{first['id']}", json={"is_default": False})
    assert problem(refused, 422, "validation.failed")["errors"][0]["code"] == "payment_method.is_default"


def test_a_change_that_is_none_is_no_event(api: Api) -> None:
    method = card(api, api.customer())
    before = len(api.events())
    path = f"/v1/payment-methods/{method['id']}"
    assert api.client.patch(path, json={"is_default": True, "metadata": {}, "billing_address": None}).json() == method
    assert len(api.events()) == before
    changed = api.client.patch(path, json={"metadata": {"a": 1}, "billing_address": {"city": "Rome"}}).json()
    assert (changed["metadata"], changed["billing_address"]) == ({"a": 1}, {"city": "Rome"})
    [event] = api.events(type="payment_method.updated")
    assert event["previous_attributes"] == {"metadata": {}, "billing_address": None}
    assert (event["aggregate_type"], event["aggregate_id"]) == ("customer", method["customer_id"])


def test_what_is_charged_cannot_vanish(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    [method] = api.get(methods(api, customer)).json()["data"]
    document = problem(api.client.delete(f"/v1/payment-methods/{method['id']}"), 409, "payment_method.in_use")
    assert subscription["id"] in document["detail"]
    api.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {"at_period_end": False})
    assert api.client.delete(f"/v1/payment-methods/{method['id']}").status_code == 204
    problem(api.get(f"/v1/payment-methods/{method['id']}"), 404, "payment_method.not_found")
    assert api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"] is None
    assert [event["type"] for event in api.events()][-2:] == ["payment_method.detached", "customer.updated"]


def test_a_new_default_is_charged_from_now_on(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    other = card(api, customer, "tok_mastercard_success")
    api.client.patch(f"/v1/customers/{customer['id']}", json={"default_payment_method_id": other["id"]})
    clock.advance(days=31)
    assert api.current(customer)["default_payment_method_id"] == other["id"]
    [renewal, _] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert (renewal["payment_method_id"], renewal["status"]) == (other["id"], "succeeded")


def test_a_bank_account_is_verified_by_its_deposits(api: Api) -> None:
    customer = api.customer()
    method = card(api, customer, "tok_bank_success", type="bank_account")
    path = f"/v1/payment-methods/{method['id']}/verify"
    invoice = opened(api, customer)
    document = problem(api.post(f"/v1/invoices/{invoice['id']}/pay"), 402, "payment.declined")
    assert document["decline_code"] == "not_verified"
    assert problem(api.post(path), 422, "validation.failed")["errors"][0]["field"] == "amounts"
    problem(api.post(path, {"amounts": ["0.01", "0.02"]}), 422, "payment_method.verification_failed")
    verified = api.ok(path, {"amounts": ["0.45", "0.32"]})
    assert verified["verified"]
    assert api.ok(path, {"amounts": ["0.45", "0.32"]}) == verified
    assert len(api.events(type="payment_method.verified")) == 1
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["status"] == "succeeded"


def test_three_wrong_tries_end_it(api: Api) -> None:
    method = card(api, api.customer(), "tok_bank_success", type="bank_account")
    path = f"/v1/payment-methods/{method['id']}/verify"
    for _ in range(3):
        problem(api.post(path, {"amounts": ["1", "2"]}), 422, "payment_method.verification_failed")
    document = problem(api.post(path, {"amounts": ["0.32", "0.45"]}), 422, "payment_method.verification_failed")
    assert "anew" in document["detail"]
    assert not api.get(f"/v1/payment-methods/{method['id']}").json()["verified"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "type", "field.required"),
        ({"type": "card"}, "token", "field.required"),
        ({"type": "cheque", "token": "tok_visa_success"}, "type", "choice.invalid"),
        ({"type": "card", "token": "tok_none"}, "token", "token.unknown"),
        ({"type": "card", "token": "4242424242424242"}, "token", "token.unknown"),
        ({"type": "card", "token": "tok_apple_pay"}, "type", "payment_method.type_mismatch"),
        ({"type": "paypal", "token": "tok_visa_success"}, "type", "payment_method.type_mismatch"),
        ({"type": "card", "token": "tok_visa_success", "set_as_default": "yes"}, "set_as_default", "type.boolean"),
    ],
)
def test_faults_of_a_method(shared: Api, body: dict, field: str, code: str) -> None:
    document = problem(shared.post(methods(shared, shared.customer()), body), 422, "validation.failed")
    assert (document["errors"][0]["field"], document["errors"][0]["code"]) == (field, code)


@pytest.mark.parametrize("amounts", [["0.32"], "0.32", ["0.32", "x"], ["0.32", "0.45", "0.45"], [0.32, 0.45], []])
def test_faults_of_the_deposits(shared: Api, amounts: object) -> None:
    method = card(shared, shared.customer(), "tok_bank_success", type="bank_account")
    document = problem(
        shared.post(f"/v1/payment-methods/{method['id']}/verify", {"amounts": amounts}), 422, "validation.failed"
    )
    assert document["errors"][0]["field"] == "amounts"


def test_methods_of_nobody(shared: Api) -> None:
    problem(
        shared.post("/v1/customers/cus_x/payment-methods", {"type": "card", "token": "tok_visa_success"}),
        404,
        "customer.not_found",
    )
    problem(shared.client.patch("/v1/payment-methods/pm_x", json={}), 404, "payment_method.not_found")
    problem(shared.client.delete("/v1/payment-methods/pm_x"), 404, "payment_method.not_found")


TOKEN = {"type": "card", "token": "tok_visa_success"}


def test_a_setup_intent_works_once(api: Api) -> None:
    customer = api.customer()
    intent = api.ok("/v1/setup-intents", {"customer_id": customer["id"], "provider": "stripe"})
    assert (intent["id"][:3], intent["provider"], intent["expires_at"]) == ("si_", "stripe", "2026-11-01T00:10:00.000Z")
    path = f"/v1/setup-intents/{intent['id']}"
    assert "client_secret" not in api.get(path).json()
    wrong = problem(api.post(f"{path}/confirm", {**TOKEN, "client_secret": "x"}), 422, "validation.failed")
    assert wrong["errors"][0]["field"] == "client_secret"
    method = api.ok(f"{path}/confirm", {**TOKEN, "client_secret": intent["client_secret"]})
    assert (method["object"], method["customer_id"], method["is_default"]) == ("payment_method", customer["id"], True)
    done = api.get(path).json()
    assert (done["status"], done["payment_method_id"]) == ("complete", method["id"])
    problem(api.post(f"{path}/confirm", {**TOKEN, "client_secret": intent["client_secret"]}), 410, "setup_intent.used")
    assert len(api.get(methods(api, customer)).json()["data"]) == 1


def test_a_setup_intent_lasts_ten_minutes(api: Api, clock: ManualClock) -> None:
    intent = api.ok("/v1/setup-intents", {"customer_id": api.customer()["id"], "payment_method_types": ["paypal"]})
    path, secret = f"/v1/setup-intents/{intent['id']}", {"client_secret": intent["client_secret"]}
    clock.advance(minutes=9, seconds=59)
    refused = problem(api.post(f"{path}/confirm", {**TOKEN, **secret}), 422, "validation.failed")
    assert refused["errors"][0]["field"] == "type"
    clock.advance(seconds=1)
    paypal = {"type": "paypal", "token": "tok_paypal_success"}
    problem(api.post(f"{path}/confirm", {**paypal, **secret}), 410, "setup_intent.expired")
    assert api.get(path).json()["status"] == "expired"
    problem(api.get("/v1/setup-intents/si_x"), 404, "setup_intent.not_found")
