"""Several subscriptions that wait for their first payment: the one that is paid first stays, and nothing that was paid
for another is lost."""

from __future__ import annotations

import threading

import pytest

from paylera_sandbox.billing import collection, methods
from sandbox.support import CARD, CAREFUL, Api, ManualClock, problem
from sandbox.test_life import advance, begin, read, told

ORDERS = pytest.mark.parametrize("first", [0, 1], ids=["in order", "the other way round"])


def pending(api: Api, customer: dict, plan: str = "starter") -> dict:
    made = begin(api, customer, plan, require_payment_method=False)
    assert made["status"] == "pending_activation"
    return made


def stored(api: Api, customer: dict, token: str = "tok_visa_success") -> str:
    """A method that is charged only when it is named."""
    with api.sandbox.engine.unit() as unit:
        return str(methods.attach_token(unit, unit.customer(customer["id"]), "card", token, default=False)["id"])


def statuses(api: Api, resource: str, customer: dict) -> list[str]:
    """What has become of a customer's objects, in no order."""
    return sorted(doc["status"] for doc in api.get(f"/v1/{resource}", customer_id=customer["id"]).json()["data"])


def invoice(api: Api, subscription: dict) -> dict:
    return api.get(f"/v1/invoices/{subscription['latest_invoice_id']}").json()


@ORDERS
@pytest.mark.parametrize("other_plan", ["starter", "pro"])
def test_the_one_that_is_paid_first_stays(api: Api, first: int, other_plan: str) -> None:
    customer = api.customer()
    both = [pending(api, customer), pending(api, customer, other_plan)]
    paid, other = both[first], both[1 - first]
    body = {"payment_method_id": stored(api, customer)}
    api.ok(f"/v1/invoices/{paid['latest_invoice_id']}/pay", body)
    assert (read(api, paid)["status"], invoice(api, paid)["status"]) == ("active", "paid")
    assert (read(api, other)["status"], invoice(api, other)["status"]) == ("incomplete_expired", "void")
    assert told(api, other)[-1] == ("updated", read(api, other)["ended_at"])
    path = f"/v1/invoices/{other['latest_invoice_id']}/pay"
    problem(api.post(path, body), 422, "invoice.invalid_transition")
    assert statuses(api, "payments", customer) == ["succeeded"]


def paid_at_once(api: Api, both: list[dict], body: dict) -> list[int]:
    """Pay the first invoices of two subscriptions from two threads; return the statuses."""
    start, answers = threading.Barrier(len(both)), []

    def pay(subscription: dict) -> None:
        start.wait()
        answers.append(api.post(f"/v1/invoices/{subscription['latest_invoice_id']}/pay", body).status_code)

    threads = [threading.Thread(target=pay, args=(each,)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def test_of_two_that_are_paid_at_once_one_is_paid(api: Api) -> None:
    for _ in range(6):
        customer = api.customer()
        both = [pending(api, customer), pending(api, customer)]
        assert paid_at_once(api, both, {"payment_method_id": stored(api, customer)}) == [200, 422]
        assert statuses(api, "subscriptions", customer) == ["active", "incomplete_expired"]
        assert statuses(api, "payments", customer) == ["succeeded"]


def test_what_was_paid_for_the_other_at_the_same_moment_goes_back(api: Api) -> None:
    """While an advance runs, both may be paid before either is settled."""
    customer = api.customer()
    both = [pending(api, customer), pending(api, customer, "pro")]
    with api.sandbox.engine.unit() as unit:
        card = methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_success", default=False)
        for each in both:
            owed = unit.need("invoices", each["latest_invoice_id"], "invoice.not_found")
            assert collection.collect(unit, owed, None, card)["status"] == "paid"
    assert [read(api, each)["status"] for each in both] == ["active", "incomplete_expired"]
    assert statuses(api, "payments", customer) == ["refunded", "succeeded"]
    [note] = api.get("/v1/credit-notes", invoice_id=both[1]["latest_invoice_id"]).json()["data"]
    assert (note["outcome"]["kind"], note["total"]) == ("refund", f"-{invoice(api, both[1])['total']}")


@ORDERS
def test_a_checkout_page_beside_one_that_waits(api: Api, first: int) -> None:
    customer = api.customer()
    waiting, page = pending(api, customer), api.attach(customer, "pro")["checkout_url"]
    if first == 0:
        assert api.browser.post(page, data=CARD).status_code == 303
        assert read(api, waiting)["status"] == "incomplete_expired"
        assert api.current(customer)["plan_code"] == "pro"
    else:
        body = {"payment_method_id": stored(api, customer)}
        api.ok(f"/v1/invoices/{waiting['latest_invoice_id']}/pay", body)
        assert api.browser.post(page, data=CARD).status_code == 409
        assert read(api, waiting)["status"] == "active"
    assert statuses(api, "payments", customer) == ["succeeded"]


@ORDERS
def test_two_tabs_in_which_the_bank_asks(api: Api, first: int) -> None:
    customer = api.customer()
    tabs = [api.attach(customer, "starter")["checkout_url"] for _ in range(2)]
    asked = [api.browser.post(tab, data=CAREFUL).headers["location"] for tab in tabs]
    assert statuses(api, "payments", customer) == ["requires_action", "requires_action"]
    assert api.browser.post(asked[first], data={"answer": "approve"}).status_code == 303
    assert statuses(api, "payments", customer) == ["canceled", "succeeded"]
    assert api.browser.post(asked[1 - first], data={"answer": "approve"}).status_code == 409
    assert statuses(api, "subscriptions", customer) == ["active"]


def test_a_trial_begins_and_the_others_are_given_up(api: Api) -> None:
    customer = api.customer()
    waiting = pending(api, customer)
    assert begin(api, customer, "pro", trial_days=7)["status"] == "trialing"
    assert (read(api, waiting)["status"], invoice(api, waiting)["status"]) == ("incomplete_expired", "void")


def test_a_payment_of_items_waits_on_beside_a_new_subscription(api: Api) -> None:
    customer = api.customer()
    items = [{"description": "A book", "amount": "5.00"}]
    body = {"customer_id": customer["id"], "mode": "payment", "currency": "USD", "line_items": items}
    asked = api.browser.post(api.ok("/v1/checkout/sessions", body)["url"], data=CAREFUL).headers["location"]
    api.subscribe(customer, "starter")
    assert statuses(api, "payments", customer) == ["requires_action", "succeeded"]
    assert api.browser.post(asked, data={"answer": "approve"}).status_code == 303
    assert statuses(api, "payments", customer) == ["succeeded", "succeeded"]


def test_what_the_wallet_gave_for_a_subscription_that_never_began_returns(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    waiting = pending(api, customer)
    wallet = api.ok("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"})
    api.ok(f"/v1/wallets/{wallet['id']}/credits", {"amount": "5.00"})
    poor = {"payment_method_id": stored(api, customer, "tok_visa_insufficient_funds")}
    problem(api.post(f"/v1/invoices/{waiting['latest_invoice_id']}/pay", poor), 402, "payment.declined")
    assert invoice(api, waiting)["status"] == "partially_paid"
    advance(api, by="1d")
    assert (read(api, waiting)["status"], invoice(api, waiting)["status"]) == ("incomplete_expired", "uncollectible")
    assert api.get(f"/v1/wallets/{wallet['id']}").json()["balance"] == "5.00"
