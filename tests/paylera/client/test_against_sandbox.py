"""Both clients against the sandbox, the other reading of the protocol: no scripted answers here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from paylera import errors
from paylera_sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def live(face: Any, sandbox: Sandbox) -> Any:
    """A client that is connected to the sandbox."""
    return face.connect(sandbox.url, api_token="pl_test_sandbox")


@pytest.fixture
def customer(live: Any) -> Any:
    return live.create_customer(email="person@example.com")


def test_customers_are_created_found_and_changed(live: Any, customer: Any) -> None:
    assert re.fullmatch(r"cus_[0-9a-f]{32}", customer["id"])
    assert live.get_customer(customer["id"]) == customer
    assert live.update_customer(customer["id"], name="Person")["name"] == "Person"
    assert live.update_customer(customer["id"], name=None)["name"] is None
    found = live.items(live.client.list_customers(email="PERSON@example.com", limit=1))
    assert customer["id"] in {one["id"] for one in found}


def test_lists_are_walked_page_by_page(live: Any) -> None:
    whole = live.list_plans().data
    assert len(whole) > 2
    assert live.items(live.client.list_plans(limit=1)) == whole
    assert live.get_plan(whole[0]["code"]) == whole[0]


def test_metering_counts_one_key_once(live: Any, customer: Any) -> None:
    subscription = live.attach(customer_id=customer["id"], plan_code="free")["subscription_id"]
    metered = [
        code for code, kind in live.get_entitlements(subscription)["features"].items() if kind["kind"] == "metered"
    ]
    call = {"customer_id": customer["id"], "feature_code": metered[0], "quantity": 1, "idempotency_key": customer["id"]}
    assert live.track(**call) == live.track(**call)
    with pytest.raises(errors.IdempotencyConflictError):
        live.track(**call | {"quantity": 2})
    assert live.check(customer_id=customer["id"], feature_code=metered[0])["usage"] == "1"


def test_checkout_to_cancellation(live: Any, customer: Any) -> None:
    started = live.attach(customer_id=customer["id"], plan_code="pro", success_url="https://shop.example/ok")
    assert started["status"] == "checkout_required"
    assert httpx2.get(started["checkout_url"], trust_env=False).status_code == 200
    assert live.list_subscriptions(customer_id=customer["id"]).data == []
    live.attach(customer_id=customer["id"], plan_code="free")
    (subscription,) = live.items(live.client.list_subscriptions(customer_id=customer["id"], status=["active"]))
    with pytest.raises(errors.PreconditionFailedError) as caught:
        live.cancel_subscription(subscription["id"], version=99)
    assert caught.value.code == "subscription.version_mismatch"
    ended = live.cancel_subscription(subscription["id"], version=subscription["version"], at_period_end=False)
    assert ended["status"] == "canceled"
    assert live.items(live.client.list_invoices(customer["id"])) == []


def test_webhook_endpoints(live: Any) -> None:
    made = live.create_webhook_endpoint(url="http://127.0.0.1:9/x", events=["invoice.*"])
    assert live.rotate_webhook_secret(made["id"])["secret"] != made["secret"]
    ping = live.ping_webhook_endpoint(made["id"])
    assert ping["event_type"] == "webhook_endpoint.ping"
    assert {"request", "event_type"} <= live.get_webhook_delivery(made["id"], ping["id"]).keys()
    assert live.update_webhook_endpoint(made["id"], status="disabled")["status"] == "disabled"
    (found,) = live.items(live.client.list_webhook_deliveries(made["id"]))
    assert found["id"] == ping["id"]
    assert live.delete_webhook_endpoint(made["id"]) is None
    with pytest.raises(errors.NotFoundError):
        live.get_webhook_endpoint(made["id"])


def test_refusals_have_their_class(face: Any, live: Any, sandbox: Sandbox) -> None:
    with pytest.raises(errors.NotFoundError) as missing:
        live.get_subscription("sub_nobody")
    assert missing.value.code == "subscription.not_found"
    with pytest.raises(errors.ValidationError) as invalid:
        live.create_customer(email="nonsense")
    assert invalid.value.errors[0]["field"] == "email"
    with pytest.raises(errors.ValidationError) as keyless:
        live.request("POST", "/v1/customers", json={})
    assert keyless.value.code == "idempotency.required"
    face.shut()
    with pytest.raises(errors.AuthenticationError):
        face.connect(sandbox.url, api_token="pl_test_somebody_else").list_plans()


def test_an_invoice_from_draft_to_refund(live: Any, customer: Any) -> None:
    live.create_payment_method(customer["id"], type="card", token="tok_visa_success")
    draft = live.create_invoice(
        customer_id=customer["id"], currency="EUR", lines=[{"description": "a", "amount": "5.00"}]
    )
    line = live.add_invoice_line(draft["id"], description="b", quantity=3, unit_amount="1.005", discount_amount="0.02")
    assert (line["amount"], line["tax_amount"]) == ("3.02", "0.24")  # 3.015 is half-even 3.02
    live.delete_invoice_line(draft["id"], draft["lines"][0]["id"])
    assert live.recompute_invoice_tax(draft["id"])["total"] == "3.24"
    assert live.update_invoice(draft["id"], due_at=None, metadata={"order": "7"})["metadata"] == {"order": "7"}
    assert live.finalize_invoice(draft["id"])["status"] == "open"
    payment = live.pay_invoice(draft["id"], return_url="https://shop.example/")
    assert (payment["status"], live.get_invoice(draft["id"])["status"]) == ("succeeded", "paid")
    note = live.create_credit_note(draft["id"], reason="other", amount="1.00", outcome={"kind": "refund"})
    refund = live.create_refund(payment["id"], destination="credit_balance")
    assert (note["outcome"]["amount_refunded"], refund["amount"]) == ("1.00", "2.24")
    assert live.get_payment(payment["id"])["refunds"] == [note["outcome"]["refund_id"], refund["id"]]
    assert live.items(live.client.list_refunds(payment["id"]))[0] == refund
    assert live.items(live.client.list_credit_notes(invoice_id=draft["id"])) == [live.get_credit_note(note["id"])]
    assert live.get_invoice_pdf(draft["id"]).startswith(b"%PDF")
    other = live.create_invoice(customer_id=customer["id"], currency="EUR")
    assert live.delete_invoice(other["id"]) is None


def test_a_decline_and_a_confirmation(live: Any, customer: Any) -> None:
    line = {"description": "a", "amount": "5.00"}
    invoice = live.create_invoice(customer_id=customer["id"], currency="USD", lines=[line])["id"]
    live.finalize_invoice(invoice)
    declined = live.create_payment_method(customer["id"], type="card", token="tok_visa_decline")
    with pytest.raises(errors.PayleraError) as caught:
        live.pay_invoice(invoice, payment_method_id=declined["id"])
    assert (caught.value.status, caught.value.code) == (402, "payment.declined")
    assert live.get_payment(caught.value.problem["payment_id"])["last_error"]["decline_code"] == "card_declined"
    asks = live.create_payment_method(customer["id"], type="card", token="tok_visa_3ds")
    waiting = live.pay_invoice(invoice, payment_method_id=asks["id"])
    assert live.get_payment_action_url(waiting["id"])["url"] == waiting["next_action"]["url"]
    assert live.cancel_payment(waiting["id"])["status"] == "canceled"
    assert live.void_invoice(invoice)["status"] == "void"
    assert live.update_payment_method(asks["id"], is_default=True)["is_default"] is True
    assert live.delete_payment_method(declined["id"]) is None


def test_wallets(live: Any, customer: Any) -> None:
    wallet = live.create_wallet(customer_id=customer["id"], currency="JPY", drift_floor=-100)
    live.credit_wallet(wallet["id"], amount=500, reason="promotional", external_id="gift")
    assert live.debit_wallet(wallet["id"], amount=600)["balance_after"] == "-100"
    with pytest.raises(errors.ValidationError) as caught:
        live.debit_wallet(wallet["id"], amount=1)
    assert caught.value.code == "wallet.insufficient_funds"
    assert live.update_wallet(wallet["id"], drift_floor="-200")["drift_floor"] == "-200"
    assert live.items(live.client.list_wallets(customer_id=customer["id"])) == [live.get_wallet(wallet["id"])]
    assert [entry["amount"] for entry in live.items(live.client.list_wallet_entries(wallet["id"]))] == ["-600", "500"]


def test_sessions_and_setups(live: Any, customer: Any) -> None:
    item = {"description": "Mug", "quantity": "2", "unit_amount": "4.50"}
    url = "https://shop.example/ok"
    made = live.create_checkout_session(
        customer_id=customer["id"], success_url=url, mode="payment", currency="USD", line_items=[item]
    )
    assert live.get_checkout_session(made["id"]) == made
    planned = live.create_checkout_session(customer_id=customer["id"], success_url=url, plan_code="pro", trial_days=7)
    assert httpx2.get(planned["url"], trust_env=False).status_code == 200
    assert live.create_portal_session(customer_id=customer["id"])["customer_id"] == customer["id"]
    intent = live.create_setup_intent(customer_id=customer["id"], payment_method_types=["bank_account"])
    bank = live.confirm_setup_intent(
        intent["id"],
        client_secret=intent["client_secret"],
        type="bank_account",
        token="tok_bank_success",
    )
    assert live.get_setup_intent(intent["id"])["payment_method_id"] == bank["id"]
    assert live.verify_payment_method(bank["id"], amounts=["0.32", "0.45"])["verified"] is True
    assert live.get_payment_method(bank["id"])["verified"] is True


def test_a_catalogue_usage_and_tax_ids(live: Any, customer: Any) -> None:
    code = customer["id"]
    product = live.create_product(code=code, name="Suite", tax_code="saas")
    assert product["id"] in {one["id"] for one in live.items(live.client.list_products())}
    price = {"model": "usage", "meter": "gb", "unit_amount": "0.50", "aggregation": "max"}
    plan = live.create_plan(
        product_code=code,
        code=code,
        currency="USD",
        interval="month",
        components=[{"code": "storage", "pricing": price}],
    )
    assert live.get_plan(code) == plan
    subscription = live.attach(customer_id=customer["id"], plan_code="free")["subscription_id"]
    event = {"subscription_id": subscription, "meter": "api_calls", "external_id": "one"}
    first = live.report_usage(**event, quantity="2")
    assert live.report_usage(**event, quantity="3") == first
    batch = live.report_usage_batch([{**event, "quantity": 1}, {**event, "quantity": 1, "external_id": "two"}])
    assert (batch["accepted"], batch["duplicates"]) == (1, 1)
    with pytest.raises(errors.ValidationError, match=r"events\[0\]\.meter"):
        live.report_usage_batch([{**event, "quantity": 1, "meter": "nothing", "external_id": "three"}])
    assert live.get_subscription_usage(subscription)["components"] == []
    made = live.create_tax_id(customer["id"], type="eu_vat", value="DE 123 456 789")
    assert (made["value"], made["status"]) == ("DE123456789", "verified")
    assert live.items(live.client.list_tax_ids(customer["id"])) == [made]
