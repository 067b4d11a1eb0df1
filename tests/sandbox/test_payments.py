"""Payments of stored methods: declines, 3-D Secure, chargebacks, refunds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.money import card, draft, invoice_events, opened, paid
from sandbox.support import CARD, CAREFUL, ONCE, Api, ManualClock, problem

BACK = "http://127.0.0.1:9/back"


@pytest.mark.parametrize(
    ("token", "code", "retriable"),
    [("tok_visa_decline", "card_declined", False), ("tok_visa_insufficient_funds", "insufficient_funds", True)],
)
def test_a_decline_is_a_refusal_and_a_fact(api: Api, token: str, code: str, retriable: bool) -> None:
    customer = api.customer()
    method = card(api, customer, token)
    invoice = opened(api, customer)
    document = problem(api.post(f"/v1/invoices/{invoice['id']}/pay", key="once"), 402, "payment.declined")
    assert document["decline_code"] == code
    payment = api.get(f"/v1/payments/{document['payment_id']}").json()
    assert (payment["status"], payment["payment_method_id"], payment["amount"]) == ("failed", method["id"], "108.00")
    assert set(payment["last_error"]) == {
        "code",
        "decline_code",
        "provider_message",
        "user_message",
        "is_retriable",
        "retriable_after",
    }
    assert (payment["last_error"]["decline_code"], payment["last_error"]["is_retriable"]) == (code, retriable)
    after = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (after["status"], after["amount_due"], after["payments"]) == ("open", "108.00", [payment["id"]])
    assert invoice_events(api, invoice)[-1] == "invoice.payment_failed"
    assert invoice_events(api, payment) == ["payment.created", "payment.failed"]
    assert api.post(f"/v1/invoices/{invoice['id']}/pay", key="once").json() == document
    assert len(api.get("/v1/payments").json()["data"]) == 1
    card(api, customer, set_as_default=True)
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["status"] == "succeeded"


def test_the_bank_asks_once(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    invoice = opened(api, customer)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay", {"return_url": BACK})
    assert (payment["status"], payment["problem"]) == ("requires_action", "payment.requires_action")
    assert "problem" not in api.get(f"/v1/payments/{payment['id']}").json()
    assert payment["next_action"]["type"] == "redirect_to_url"
    url = payment["next_action"]["url"]
    assert api.get(f"/v1/payments/{payment['id']}/action-url").json()["url"] == url
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "open"
    assert "108.00 USD" in api.browser.get(url).text
    done = api.browser.post(url, data={"answer": "approve"})
    assert (done.status_code, done.headers["location"]) == (303, BACK)
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "paid"
    assert invoice_events(api, payment) == [
        "payment.created",
        "payment.requires_action",
        "payment.action_completed",
        "payment.succeeded",
    ]
    assert api.browser.post(url, data={"answer": "approve"}).status_code == 303  # a second click
    problem(api.get(f"/v1/payments/{payment['id']}/action-url"), 422, "payment.no_action")
    assert paid(api, customer)[1]["status"] == "succeeded"  # the second charge is not asked about
    assert len(api.get("/v1/payments", status="succeeded").json()["data"]) == 2


def test_the_payer_refuses(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    invoice = opened(api, customer)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    refused = api.browser.post(payment["next_action"]["url"], data={"answer": "refuse"})
    assert (refused.status_code, "did not go through" in refused.text) == (200, True)
    payment = api.get(f"/v1/payments/{payment['id']}").json()
    assert (payment["status"], payment["last_error"]["decline_code"]) == ("failed", "authentication_failed")
    assert invoice_events(api, invoice)[-1] == "invoice.payment_failed"
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["status"] == "requires_action"  # it asks again


@pytest.mark.parametrize("action", ["void", "mark-uncollectible", "pay"])
def test_a_waiting_payment_is_given_up_with_its_reason(api: Api, action: str) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    invoice = opened(api, customer)
    waiting = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    other = card(api, customer)
    api.ok(f"/v1/invoices/{invoice['id']}/{action}", {"payment_method_id": other["id"]} if action == "pay" else None)
    assert api.get(f"/v1/payments/{waiting['id']}").json()["status"] == "canceled"
    page = api.browser.post(waiting["next_action"]["url"], data={"answer": "approve"})
    assert "not needed" in page.text
    charged = [payment["amount"] for payment in api.get("/v1/payments", status="succeeded").json()["data"]]
    assert charged == (["108.00"] if action == "pay" else [])


def test_canceling_a_payment(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    invoice = opened(api, customer)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    canceled = api.ok(f"/v1/payments/{payment['id']}/cancel")
    assert (canceled["status"], canceled["next_action"]) == ("canceled", None)
    problem(api.post(f"/v1/payments/{payment['id']}/cancel"), 422, "payment.invalid_transition")
    problem(api.post(f"/v1/payments/{payment['id']}/refunds"), 422, "payment.invalid_transition")
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "open"


def test_a_chargeback_comes_after_a_minute(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_chargeback")
    _, payment = paid(api, customer)
    clock.advance(seconds=59)
    assert api.get(f"/v1/payments/{payment['id']}").json()["status"] == "succeeded"
    clock.advance(seconds=1)
    assert api.get(f"/v1/payments/{payment['id']}").json()["status"] == "charged_back"
    [event] = api.events(type="payment.charged_back")
    assert (event["aggregate_id"], event["occurred_at"]) == (payment["id"], "2026-11-01T00:01:00.000Z")
    problem(api.post(f"/v1/payments/{payment['id']}/refunds"), 422, "payment.invalid_transition")


def test_an_invoice_tells_what_a_chargeback_took(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_chargeback")
    invoice, payment = paid(api, customer)
    path = f"/v1/invoices/{invoice['id']}"
    api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "8.00"})
    clock.advance(minutes=5)
    after = api.get(path).json()
    amounts = (after["amount_paid"], after["amount_due"], after["amount_charged_back"])
    assert (after["status"], *amounts) == ("paid", "108.00", "0.00", "100.00")
    event = api.events(type="invoice.updated")[-1]
    assert (event["previous_attributes"], event["occurred_at"]) == (
        {"amount_charged_back": "0.00"},
        "2026-11-01T00:01:00.000Z",
    )
    for outcome in ("refund", "credit_balance"):
        note = {"amount": "1.00", "reason": "other", "outcome": {"kind": outcome}}
        problem(api.post(f"{path}/credit-notes", note), 422, "credit_note.too_large")


def test_a_chargeback_leaves_the_subscription_to_the_merchant(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_chargeback")
    made = api.ok("/v1/subscriptions", {"customer_id": customer["id"], "plan_code": "starter"})
    clock.advance(minutes=5)
    assert api.get(f"/v1/subscriptions/{made['id']}").json() == made
    [invoice] = api.invoices(customer)
    assert (invoice["status"], invoice["amount_charged_back"]) == ("paid", invoice["total"])


def test_a_dispute_is_won(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_dispute_won")
    _, payment = paid(api, customer)
    clock.advance(minutes=5)
    assert api.get(f"/v1/payments/{payment['id']}").json()["status"] == "succeeded"
    assert invoice_events(api, payment)[-2:] == ["payment.charged_back", "payment.dispute_won"]
    told = [event["data"]["amount_charged_back"] for event in api.events(type="invoice.updated")]
    assert told == ["108.00", "0.00"]
    assert [e["occurred_at"] for e in api.events(aggregate_id=payment["id"])][-2:] == [
        "2026-11-01T00:01:00.000Z",
        "2026-11-01T00:02:00.000Z",
    ]


def test_what_was_refunded_is_not_charged_back(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_chargeback")
    _, payment = paid(api, customer)
    api.ok(f"/v1/payments/{payment['id']}/refunds")
    clock.advance(minutes=5)
    assert api.get(f"/v1/payments/{payment['id']}").json()["status"] == "refunded"


def test_refunds_in_parts(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    _, payment = paid(api, customer)
    path = f"/v1/payments/{payment['id']}/refunds"
    first = api.ok(path, {"amount": "8.00", "reason": "duplicate"})
    assert (first["object"], first["amount"], first["reason"], first["destination"], first["status"]) == (
        "refund",
        "8.00",
        "duplicate",
        "card",
        "succeeded",
    )
    part = api.get(f"/v1/payments/{payment['id']}").json()
    assert (part["status"], part["amount_refunded"], part["refunds"]) == ("partially_refunded", "8.00", [first["id"]])
    problem(api.post(path, {"amount": "100.01"}), 422, "refund.too_large")
    second = api.ok(path)
    assert second["amount"] == "100.00"
    problem(api.post(path, {"amount": "0.01"}), 422, "payment.invalid_transition")
    whole = api.get(f"/v1/payments/{payment['id']}").json()
    assert (whole["status"], whole["amount_refunded"]) == ("refunded", "108.00")
    assert api.get(path).json()["data"] == [second, first]
    assert invoice_events(api, payment)[-2:] == ["payment.refunded", "payment.refunded"]


def test_refunds_of_a_subscription_are_told(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    refund = api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "1.00"})
    [event] = api.events(type="subscription.refund_processed")
    assert (event["aggregate_type"], event["aggregate_id"]) == ("subscription", subscription["id"])
    assert event["data"]["refund"] == refund


@pytest.mark.parametrize("destination", ["wallet", "credit_balance"])
def test_refunds_that_stay_with_us(api: Api, destination: str) -> None:
    customer = api.customer()
    card(api, customer)
    _, payment = paid(api, customer)
    api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "10.00", "destination": destination})
    credit = api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"]
    wallets = api.get("/v1/wallets", customer_id=customer["id"]).json()["data"]
    if destination == "wallet":
        assert ([wallet["balance"] for wallet in wallets], credit) == (["10.00"], {})
    else:
        assert (wallets, credit) == ([], {"USD": "10.00"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": "0"}, "amount"), ({"amount": "-1"}, "amount"), ({"amount": "1e2"}, "amount"),
        ({"amount": 1}, "amount"),
        ({"amount": "0.001"}, "amount"), ({"amount": "9" * 40}, "amount"), ({"destination": "cash"}, "destination"),
        ({"reason": ""}, "reason"), ({"customer_id": "cus_x"}, "customer_id"),
    ],
)  # fmt: skip
def test_faults_of_a_refund(shared: Api, body: dict, field: str) -> None:
    customer = shared.customer()
    card(shared, customer)
    _, payment = paid(shared, customer)
    assert (
        problem(shared.post(f"/v1/payments/{payment['id']}/refunds", body), 422, "validation.failed")["errors"][0][
            "field"
        ]
        == field
    )


def test_a_payment_of_a_checkout_that_is_canceled_frees_the_page(api: Api) -> None:
    customer = api.customer()
    url = api.attach(customer, "starter")["checkout_url"]
    asked = api.browser.post(
        url, data={"card_number": "4000000000003220", "expiry": "12/40", "cvc": "123", "name": "Ada"}
    )
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    action = api.get(f"/v1/payments/{payment['id']}/action-url").json()["url"]
    assert action.endswith(asked.headers["location"])
    elsewhere = api.browser.get(f"/payments/{payment['id']}/confirm")
    assert elsewhere.headers["location"] == action
    api.ok(f"/v1/payments/{payment['id']}/cancel")
    assert api.browser.get(url).status_code == 200
    problem(api.post("/v1/payments/pay_x/cancel"), 404, "payment.not_found")
    assert api.browser.get("/payments/pay_x/confirm").status_code == 404


def test_refunds_in_a_currency_without_cents(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    invoice = draft(api, customer, {"description": "x", "amount": "1000"}, currency="JPY")
    api.ok(f"/v1/invoices/{invoice['id']}/finalize")
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    refund = api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "80"})
    assert (payment["amount"], refund["amount"]) == ("1080", "80")
    assert Decimal(api.get(f"/v1/payments/{payment['id']}").json()["amount_refunded"]) == 80


def test_a_card_expires(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter", card={**CARD, "expiry": "12/26"})
    clock.advance(days=31)  # December: the card's last month
    assert api.current(customer)["status"] == "active"
    clock.advance(days=31)
    assert api.current(customer)["status"] == "past_due"
    [failed, *_] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert failed["last_error"]["decline_code"] == "expired_card"


def test_paying_by_hand_ends_dunning(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter", card=ONCE)
    clock.advance(days=31)
    assert api.current(customer)["status"] == "past_due"
    owed = api.invoices(customer)[0]
    other = card(api, customer)
    api.ok(f"/v1/invoices/{owed['id']}/pay", {"payment_method_id": other["id"]})
    assert api.current(customer)["status"] == "active"
    assert invoice_events(api, subscription)[-1] == "subscription.dunning_recovered"


def test_a_change_of_plan_waits_for_the_bank(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    card(api, customer, "tok_visa_3ds", set_as_default=True)
    document = problem(
        api.post(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro"}),
        402,
        "payment_method.required",
    )
    assert "confirmation" in document["detail"]
    assert api.current(customer)["plan_code"] == "starter"
    asked = api.browser.post(document["next_action"]["url"], data=CAREFUL)
    assert api.browser.post(asked.headers["location"], data={"answer": "approve"}).status_code == 303
    assert api.current(customer)["plan_code"] == "pro"
    assert [invoice["status"] for invoice in api.invoices(customer)] == ["paid", "paid"]


def test_a_stored_card_that_asks_activates_the_subscription_when_it_is_confirmed(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    body = {"customer_id": customer["id"], "plan_code": "starter"}
    subscription = api.ok("/v1/subscriptions", body)
    assert subscription["status"] == "pending_activation"
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    api.browser.post(payment["next_action"]["url"], data={"answer": "approve"})
    assert api.current(customer)["id"] == subscription["id"]
    assert api.current(customer)["status"] == "active"
