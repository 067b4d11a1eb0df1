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
    assert live.update_webhook_endpoint(made["id"], status="disabled")["status"] == "disabled"
    assert live.items(live.client.list_webhook_deliveries(made["id"])) == []
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
