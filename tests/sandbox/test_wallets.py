"""Wallets: the balance is the sum of the entries and never below the drift floor; top-ups; paying invoices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.money import card, draft, invoice_events, opened
from sandbox.support import Api, ManualClock, problem


def wallet(api: Api, customer: dict, balance: str | None = None, **fields: object) -> dict:
    made = api.ok("/v1/wallets", {"customer_id": customer["id"], "currency": "USD", **fields})
    if balance:
        api.ok(f"/v1/wallets/{made['id']}/credits", {"amount": balance})
    return api.get(f"/v1/wallets/{made['id']}").json()


def entries(api: Api, held: dict) -> list[dict]:
    return api.get(f"/v1/wallets/{held['id']}/entries").json()["data"]


def test_one_wallet_per_currency(api: Api) -> None:
    customer = api.customer()
    made = wallet(api, customer)
    assert (made["object"], made["balance"], made["auto_top_up"], made["drift_floor"]) == (
        "wallet",
        "0.00",
        None,
        "0.00",
    )
    problem(api.post("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"}), 409, "wallet.exists")
    other = wallet(api, customer, currency="JPY")
    assert other["balance"] == "0"
    assert api.get("/v1/wallets", customer_id=customer["id"]).json()["data"] == [other, made]
    assert api.get("/v1/wallets", currency="JPY").json()["data"] == [other]


def test_credits_and_debits(api: Api) -> None:
    held = wallet(api, api.customer())
    path = f"/v1/wallets/{held['id']}"
    credit = api.ok(f"{path}/credits", {"amount": "20.00", "reason": "promotional", "external_id": "gift-1"})
    assert (credit["amount"], credit["balance_after"], credit["kind"], credit["reason"]) == (
        "20.00",
        "20.00",
        "credit",
        "promotional",
    )
    debit = api.ok(f"{path}/debits", {"amount": "5.50"})
    assert (debit["amount"], debit["balance_after"], debit["kind"]) == ("-5.50", "14.50", "debit")
    document = problem(api.post(f"{path}/debits", {"amount": "14.51"}), 422, "wallet.insufficient_funds")
    assert "14.50" in document["detail"]
    assert api.get(path).json()["balance"] == "14.50"
    assert entries(api, held) == [debit, credit]
    assert invoice_events(api, held) == ["wallet.created", "wallet.updated", "wallet.updated"]
    assert api.events(type="wallet.updated")[-1]["previous_attributes"] == {"balance": "20.00"}


def test_an_external_id_counts_once(api: Api) -> None:
    held = wallet(api, api.customer())
    path, body = f"/v1/wallets/{held['id']}/credits", {"amount": "20.00", "external_id": "order-1"}
    assert api.ok(path, body) == api.ok(path, body)
    problem(api.post(path, {**body, "amount": "21.00"}), 409, "wallet.external_id_conflict")
    problem(api.post(f"/v1/wallets/{held['id']}/debits", body), 409, "wallet.external_id_conflict")
    other = wallet(api, api.customer())
    api.ok(f"/v1/wallets/{other['id']}/credits", body)  # another wallet's ids are its own
    assert [api.get(f"/v1/wallets/{one['id']}").json()["balance"] for one in (held, other)] == ["20.00", "20.00"]


def test_the_drift_floor(api: Api) -> None:
    held = wallet(api, api.customer(), "1.00", drift_floor="-5.00")
    path = f"/v1/wallets/{held['id']}"
    api.ok(f"{path}/debits", {"amount": "6.00"})
    assert api.get(path).json()["balance"] == "-5.00"
    problem(api.post(f"{path}/debits", {"amount": "0.01"}), 422, "wallet.insufficient_funds")
    raised = problem(api.client.patch(path, json={"drift_floor": "-4.99"}), 422, "validation.failed")
    assert raised["errors"][0]["code"] == "wallet.below_floor"
    assert api.client.patch(path, json={"drift_floor": "-10.00"}).json()["drift_floor"] == "-10.00"


def test_an_invoice_is_paid_from_the_wallet_first(api: Api) -> None:
    customer = api.customer()
    held = wallet(api, customer, "200.00")
    invoice = opened(api, customer)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    assert (payment["provider"], payment["payment_method_id"], payment["amount"], payment["status"]) == (
        "wallet",
        None,
        "108.00",
        "succeeded",
    )
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "paid"
    [debit, _] = entries(api, held)
    assert (debit["reason"], debit["invoice_id"], debit["payment_id"], debit["balance_after"]) == (
        "invoice_payment",
        invoice["id"],
        payment["id"],
        "92.00",
    )
    to_card = api.post(f"/v1/payments/{payment['id']}/refunds", {"destination": "card"})
    assert problem(to_card, 422, "validation.failed")["errors"][0]["code"] == "refund.destination"
    back = api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "8.00"})
    assert (back["destination"], api.get(f"/v1/wallets/{held['id']}").json()["balance"]) == ("wallet", "100.00")


def test_the_method_pays_the_rest(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    wallet(api, customer, "30.00")
    invoice = opened(api, customer)
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["amount"] == "78.00"
    done = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (done["status"], done["amount_paid"], len(done["payments"])) == ("paid", "108.00", 2)
    assert invoice_events(api, invoice) == ["invoice.created", "invoice.finalized", "invoice.updated", "invoice.paid"]
    changed = next(event for event in api.events(type="invoice.updated"))
    assert changed["previous_attributes"] == {
        "status": "open",
        "amount_paid": "0.00",
        "amount_due": "108.00",
        "payments": [],
    }


def test_what_the_wallet_gave_is_kept_when_the_method_fails(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_decline")
    wallet(api, customer, "30.00")
    invoice = opened(api, customer)
    path = f"/v1/invoices/{invoice['id']}"
    problem(api.post(f"{path}/pay"), 402, "payment.declined")
    part = api.get(path).json()
    assert (part["status"], part["amount_paid"], part["amount_due"]) == ("partially_paid", "30.00", "78.00")
    problem(api.post(f"{path}/void"), 422, "invoice.invalid_transition")
    card(api, customer, set_as_default=True)
    assert api.ok(f"{path}/pay")["amount"] == "78.00"
    assert api.get(path).json()["status"] == "paid"


def test_a_wallet_in_another_currency_stays_as_it_is(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    held = wallet(api, customer, "500.00")
    invoice = draft(api, customer, {"description": "x", "amount": "10.00"}, currency="EUR")
    api.ok(f"/v1/invoices/{invoice['id']}/finalize")
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["provider"] == "sandbox"
    assert api.get(f"/v1/wallets/{held['id']}").json()["balance"] == "500.00"


def top_up(method: dict, **fields: object) -> dict:
    return {"enabled": True, "trigger_at": "10.00", "amount": "50.00", "payment_method_id": method["id"], **fields}


def test_automatic_top_up(api: Api) -> None:
    customer = api.customer()
    held = wallet(api, customer, "20.00", auto_top_up=None)
    path = f"/v1/wallets/{held['id']}"
    changed = api.client.patch(path, json={"auto_top_up": top_up(card(api, customer))}).json()
    assert changed["balance"] == "20.00"  # above the trigger
    api.ok(f"{path}/debits", {"amount": "9.99"})
    assert api.get(path).json()["balance"] == "10.01"
    api.ok(f"{path}/debits", {"amount": "0.01"})
    assert api.get(path).json()["balance"] == "60.00"
    [entry] = api.get(f"{path}/entries", reason="auto_topup").json()["data"]
    payment = api.get(f"/v1/payments/{entry['payment_id']}").json()
    assert (payment["amount"], payment["status"], payment["invoice_id"]) == ("50.00", "succeeded", None)
    off = api.client.patch(path, json={"auto_top_up": {"enabled": False}}).json()
    assert (off["auto_top_up"]["enabled"], off["auto_top_up"]["amount"]) == (False, "50.00")
    api.ok(f"{path}/debits", {"amount": "60.00"})
    assert api.get(path).json()["balance"] == "0.00"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_visa_decline", "card_declined"),
        ("tok_visa_3ds", "authentication_required"),
        ("tok_visa_insufficient_funds", "insufficient_funds"),
    ],
)
def test_a_failed_top_up_is_told(api: Api, token: str, code: str) -> None:
    customer = api.customer()
    held = wallet(api, customer, auto_top_up=top_up(card(api, customer, token)))
    assert held["balance"] == "0.00"
    [event] = api.events(type="wallet.auto_topup_failed")
    assert (event["aggregate_type"], event["aggregate_id"]) == ("wallet", held["id"])
    assert event["data"]["last_error"]["decline_code"] == code
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert payment["status"] == "failed"


def test_a_top_up_is_refunded_only_as_far_as_it_is_there(api: Api) -> None:
    customer = api.customer()
    held = wallet(api, customer, auto_top_up=top_up(card(api, customer)))
    assert held["balance"] == "50.00"
    api.client.patch(f"/v1/wallets/{held['id']}", json={"auto_top_up": None})
    api.ok(f"/v1/wallets/{held['id']}/debits", {"amount": "20.00"})
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    path = f"/v1/payments/{payment['id']}/refunds"
    problem(api.post(path, {"amount": "30.01"}), 422, "refund.too_large")
    problem(api.post(path, {"amount": "1.00", "destination": "wallet"}), 422, "validation.failed")
    assert api.ok(path)["amount"] == "30.00"
    assert api.get(f"/v1/wallets/{held['id']}").json()["balance"] == "0.00"


def test_a_top_up_that_is_charged_back_leaves_the_wallet(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    held = wallet(api, customer, auto_top_up=top_up(card(api, customer, "tok_visa_dispute_won")))
    path = f"/v1/wallets/{held['id']}"
    api.client.patch(path, json={"auto_top_up": None})
    api.ok(f"{path}/debits", {"amount": "45.00"})
    clock.advance(seconds=60)
    assert api.get(path).json()["balance"] == "0.00"
    clock.advance(seconds=60)
    assert api.get(path).json()["balance"] == "5.00"
    assert [(e["reason"], e["amount"]) for e in entries(api, held)][:2] == [
        ("dispute_won", "5.00"),
        ("chargeback", "-5.00"),
    ]


def test_the_method_of_a_top_up_cannot_vanish(api: Api) -> None:
    customer = api.customer()
    method = card(api, customer)
    wallet(api, customer, auto_top_up=top_up(method))
    problem(api.client.delete(f"/v1/payment-methods/{method['id']}"), 409, "payment_method.in_use")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "usd"}, "currency"), ({"currency": None}, "currency"), ({"drift_floor": "1.00"}, "drift_floor"),
        ({"drift_floor": "-0.001"}, "drift_floor"), ({"drift_floor": "-1e9"}, "drift_floor"),
        ({"auto_top_up": []}, "auto_top_up"),
        ({"auto_top_up": {}}, "auto_top_up.enabled"), ({"auto_top_up": {"enabled": True}}, "auto_top_up.trigger_at"),
        ({"auto_top_up": {"enabled": False, "amount": "0"}}, "auto_top_up.amount"),
        ({"auto_top_up": {"enabled": False, "x": 1}}, "auto_top_up.x"), ({"balance": "5"}, "balance"),
    ],
)  # fmt: skip
def test_faults_of_a_wallet(shared: Api, fields: dict, field: str) -> None:
    body = {"customer_id": shared.customer()["id"], "currency": "USD", **fields}
    assert problem(shared.post("/v1/wallets", body), 422, "validation.failed")["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"), ({"amount": "0.00"}, "amount"), ({"amount": "-1"}, "amount"), ({"amount": "1e5"}, "amount"),
        ({"amount": "0.001"}, "amount"), ({"amount": "9" * 40}, "amount"), ({"amount": 5}, "amount"),
        ({"amount": "1", "reason": "because"}, "reason"), ({"amount": "1", "external_id": ""}, "external_id"),
    ],
)  # fmt: skip
def test_faults_of_a_credit(shared: Api, body: dict, field: str) -> None:
    held = wallet(shared, shared.customer())
    refused = shared.post(f"/v1/wallets/{held['id']}/credits", body)
    assert problem(refused, 422, "validation.failed")["errors"][0]["field"] == field


def test_another_customers_method_tops_up_nothing(shared: Api) -> None:
    method = card(shared, shared.customer())
    body = {"customer_id": shared.customer()["id"], "currency": "USD", "auto_top_up": top_up(method)}
    problem(shared.post("/v1/wallets", body), 404, "payment_method.not_found")
    problem(shared.get("/v1/wallets/wal_x"), 404, "wallet.not_found")
    problem(shared.post("/v1/wallets/wal_x/credits", {"amount": "1"}), 404, "wallet.not_found")


def test_large_balances_stay_exact(api: Api) -> None:
    held = wallet(api, api.customer())
    for _ in range(3):
        api.ok(f"/v1/wallets/{held['id']}/credits", {"amount": "999999999999999.99"})
    balance = api.get(f"/v1/wallets/{held['id']}").json()["balance"]
    assert (
        Decimal(balance)
        == sum(Decimal(entry["amount"]) for entry in entries(api, held))
        == Decimal("2999999999999999.97")
    )
