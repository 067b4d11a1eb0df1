"""The client as a type checker sees it."""

from decimal import Decimal
from typing import assert_type

from paylera import (
    AsyncPage,
    AsyncPayleraClient,
    NotFoundError,
    Page,
    PayleraClient,
    PayleraError,
    RateLimitError,
    TransportError,
)
from paylera.client.documents import Invoice
from paylera.client.models import Attach, Check, Customer, Entitlements, Plan, Subscription


def results(paylera: PayleraClient) -> None:
    """Results are dicts with known keys; a misspelt one is an error, an amount is text."""
    customer = paylera.create_customer(email="ada@example.com", external_id="user-1")
    assert_type(customer, Customer)
    assert_type(customer["id"], str)
    customer["idd"]  # type: ignore[misc]
    assert_type(paylera.attach(customer_id=customer["id"], plan_code="pro"), Attach)
    assert_type(paylera.attach(customer_id="cus_1", plan_code="pro").get("checkout_url"), str | None)
    assert_type(paylera.check(customer_id="cus_1", feature_code="seats"), Check)
    assert_type(paylera.check(customer_id="cus_1", feature_code="seats")["allowed"], bool)
    assert_type(paylera.get_entitlements("sub_1"), Entitlements)
    assert_type(paylera.get_entitlements("sub_1")["features"]["seats"].get("balance"), str | None)
    assert_type(paylera.get_subscription("sub_1")["version"], int)
    assert_type(paylera.change_plan("sub_1", plan_code="pro"), Subscription)
    paylera.track(customer_id="cus_1", feature_code="api_calls", quantity=Decimal("1.5"))


def pages(paylera: PayleraClient) -> None:
    """A list is a page that iterates over items of one type."""
    plans = paylera.list_plans()
    assert_type(plans, Page[Plan])
    assert_type(plans.data, list[Plan])
    assert_type(plans.next_cursor, str | None)
    assert_type(plans.next_page(), Page[Plan] | None)
    for invoice in paylera.list_invoices("cus_1", limit=10):
        assert_type(invoice, Invoice)
        assert_type(invoice["id"], str)


async def awaited() -> None:
    """The awaiting client has the same methods and results."""
    async with AsyncPayleraClient(api_token="pl_test_x") as paylera:
        assert_type(await paylera.get_customer("cus_1"), Customer)
        assert_type(await paylera.list_plans(limit=5), AsyncPage[Plan])
        async for plan in paylera.list_plans():
            assert_type(plan, Plan)
        paylera.get_customer("cus_1")["id"]  # type: ignore[index]
        await paylera.get_customer(1)  # type: ignore[arg-type]


def faults() -> None:
    """What a caller may get wrong."""
    PayleraClient("pl_test_x")  # type: ignore[call-arg]
    PayleraClient()  # type: ignore[call-arg]
    PayleraClient(api_token="pl_test_x", time_out=3)  # type: ignore[call-arg]
    with PayleraClient(api_token="pl_test_x") as paylera:
        assert_type(paylera, PayleraClient)
        paylera.attach(plan_code="pro")  # type: ignore[call-arg]
        paylera.attach(customer_id="cus_1", plan="pro")  # type: ignore[call-arg]
        paylera.get_custmer("cus_1")  # type: ignore[attr-defined]


def errors(error: PayleraError) -> None:
    """Facts are typed attributes, and those of a subclass are known in its branch."""
    assert_type(error.status, int | None)
    assert_type(error.request_id, str | None)
    assert_type(error.retryable, bool)
    match error:
        case RateLimitError():
            assert_type(error.retry_after, float | None)
        case TransportError():
            assert error.fault != "timeuot"  # type: ignore[comparison-overlap]
        case NotFoundError():
            assert_type(error, NotFoundError)
