"""Dunning: when a payment of a period fails, what is tried when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from paylera_sandbox.billing import collection, invoices, methods
from sandbox.support import ONCE, Api, ManualClock, problem
from sandbox.test_life import advance, begin, read, told, totals, with_card

POLICY = "/v1/admin/dunning/policy"


def failing(api: Api) -> tuple[dict, dict]:
    """A customer whose card was charged once, on November 1, and is declined from then on."""
    customer = api.customer()
    return customer, api.subscribe(customer, "starter", card=ONCE)


def policy(api: Api, **members: object) -> dict:
    answer = api.client.put(POLICY, json=members)
    assert answer.status_code == 200, answer.text
    return answer.json()


def new_card(api: Api, customer: dict, token: str = "tok_visa_success") -> None:
    with api.sandbox.engine.unit() as unit:
        methods.attach_token(unit, unit.customer(customer["id"]), "card", token, default=True)


def payments(api: Api) -> list[tuple[str, str]]:
    return [(doc["created_at"][5:10], doc["status"]) for doc in api.get("/v1/payments").json()["data"][::-1]]


def test_a_failed_renewal_is_tried_on_four_more_days_and_then_given_up(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-22T00:00:00Z")
    assert told(api, subscription)[2:] == [
        ("updated", "2026-12-01T00:00:00.000Z"),
        ("past_due", "2026-12-01T00:00:00.000Z"),
        ("dunning_attempt", "2026-12-04T00:00:00.000Z"),
        ("dunning_attempt", "2026-12-09T00:00:00.000Z"),
        ("dunning_attempt", "2026-12-16T00:00:00.000Z"),
        ("dunning_attempt", "2026-12-22T00:00:00.000Z"),
        ("dunning_exhausted", "2026-12-22T00:00:00.000Z"),
        ("canceled", "2026-12-22T00:00:00.000Z"),
    ]
    failed = [(day, "failed") for day in ("12-01", "12-04", "12-09", "12-16", "12-22")]
    assert payments(api) == [("11-01", "succeeded"), *failed]
    ended = read(api, subscription)
    assert (ended["status"], ended["cancellation_reason"], ended["dunning"]) == ("canceled", "payment_failed", None)
    assert totals(api, customer)[1] == ("2026-12-01T00:00:00.000Z", "20.52", "uncollectible")
    advance(api, by="6mo")
    assert len(api.invoices(customer)) == 2


def test_the_case_is_told_with_its_attempts(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    assert read(api, subscription)["dunning"] == {
        "invoice_id": api.invoices(customer)[0]["id"],
        "attempts": 2,
        "started_at": "2026-12-01T00:00:00.000Z",
        "next_attempt_at": "2026-12-09T00:00:00.000Z",
        "exhausted_at": None,
    }
    [attempt] = api.events(type="subscription.dunning_attempt")
    assert attempt["data"]["dunning"]["attempts"] == 2
    failed = [event["occurred_at"] for event in api.events(type="invoice.payment_failed")]
    assert failed == ["2026-12-01T00:00:00.000Z", "2026-12-04T00:00:00.000Z"]


def test_another_card_recovers_at_once(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    new_card(api, customer)
    now = read(api, subscription)
    assert (now["status"], now["dunning"]) == ("active", None)
    assert (
        now["default_payment_method_id"]
        == api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"]
    )
    assert [kind for kind, _ in told(api, subscription)][-3:] == ["updated", "dunning_attempt", "dunning_recovered"]
    assert totals(api, customer)[1][2] == "paid"
    advance(api, by="30d")
    assert [status for *_, status in totals(api, customer)] == ["paid", "paid", "paid"]


def test_another_card_that_is_declined_counts_and_changes_no_day(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    new_card(api, customer, "tok_visa_insufficient_funds")
    case = read(api, subscription)["dunning"]
    assert (case["attempts"], case["next_attempt_at"]) == (3, "2026-12-09T00:00:00.000Z")
    advance(api, to="2026-12-09T00:00:00Z")
    assert read(api, subscription)["dunning"]["attempts"] == 4


def test_a_method_of_its_own_is_kept(api: Api) -> None:
    customer = with_card(api)
    own = api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"]
    subscription = begin(api, customer, default_payment_method_id=own)
    new_card(api, customer)
    assert read(api, subscription)["default_payment_method_id"] == own


def test_paying_the_invoice_in_another_way_recovers(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    owed = api.invoices(customer)[0]["id"]
    with api.sandbox.engine.unit() as unit:
        invoice = unit.need("invoices", owed, "invoice.not_found")
        good = methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_success", default=False)
        collection.collect(unit, invoice, None, good)
    assert told(api, subscription)[-1] == ("dunning_recovered", "2026-12-05T00:00:00.000Z")
    assert read(api, subscription)["status"] == "active"


def test_an_invoice_given_up_by_hand_is_not_tried_again(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    owed = api.invoices(customer)[0]["id"]
    with api.sandbox.engine.unit() as unit:
        invoices.write_off(unit, unit.need("invoices", owed, "invoice.not_found"))
    advance(api, to="2026-12-09T00:00:00Z")
    assert told(api, subscription)[-1] == ("dunning_recovered", "2026-12-09T00:00:00.000Z")
    assert len(payments(api)) == 3


@pytest.mark.parametrize(
    ("on_exhaustion", "status", "invoice"),
    [
        ("cancel_subscription", "canceled", "uncollectible"),
        ("pause_subscription", "paused", "open"),
        ("mark_uncollectible_only", "past_due", "uncollectible"),
        ("notify_only", "past_due", "open"),
    ],
)
def test_the_policy_says_what_follows(api: Api, on_exhaustion: str, status: str, invoice: str) -> None:
    assert policy(api, on_exhaustion=on_exhaustion, retry_days=[1, 2])["retry_days"] == [1, 2]
    customer, subscription = failing(api)
    advance(api, to="2026-12-03T00:00:00Z")
    assert read(api, subscription)["status"] == status
    assert totals(api, customer)[1][2] == invoice
    assert ("dunning_exhausted", "2026-12-03T00:00:00.000Z") in told(api, subscription)


def test_what_is_owed_comes_before_a_change_of_plan(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    document = problem(api.post(path, {"plan_code": "free"}), 402, "payment.declined")
    assert document["decline_code"] == "card_declined"
    still = read(api, subscription)
    assert (still["plan_code"], still["status"], still["dunning"]["attempts"]) == ("starter", "past_due", 3)
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {}
    new_card(api, customer)
    changed = api.ok(path, {"plan_code": "free"})
    assert (changed["plan_code"], changed["status"]) == ("free", "active")
    # 27 of 31 days, paid a moment ago: 19 * 27/31 = 16.548..., tax 1.324
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "17.87"}


def test_time_that_was_written_off_is_not_given_back(api: Api) -> None:
    policy(api, on_exhaustion="mark_uncollectible_only", retry_days=[1])
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "free"})
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {}


def test_a_plan_has_a_policy_of_its_own(api: Api) -> None:
    plan = api.get("/v1/plans/starter").json()["id"]
    own = api.client.patch(f"/v1/plans/{plan}", json={"dunning_policy": {"on_exhaustion": "pause_subscription"}})
    assert own.status_code == 200, own.text
    _, subscription = failing(api)
    advance(api, by="60d")
    assert told(api, subscription)[-1] == ("paused", "2026-12-22T00:00:00.000Z")


def test_a_subscription_that_stays_past_due_recovers_with_a_later_period(api: Api) -> None:
    policy(api, on_exhaustion="mark_uncollectible_only", retry_days=[1])
    customer, subscription = failing(api)
    advance(api, to="2026-12-03T00:00:00Z")
    with api.sandbox.engine.unit() as unit:  # a method that does nothing by itself, as the case is closed
        good = methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_success", default=True)
    assert read(api, subscription)["status"] == "past_due"
    advance(api, to="2027-01-01T00:00:00Z")
    assert told(api, subscription)[-1] == ("dunning_recovered", "2027-01-01T00:00:00.000Z")
    assert read(api, subscription)["default_payment_method_id"] == good["id"]


def test_notify_only_fails_anew_in_the_next_period(api: Api) -> None:
    policy(api, on_exhaustion="notify_only", retry_days=[])
    customer, subscription = failing(api)
    advance(api, to="2027-01-01T00:00:00Z")
    assert [kind for kind, _ in told(api, subscription)][2:] == [
        "updated", "past_due", "dunning_exhausted", "updated", "past_due", "dunning_exhausted",
    ]  # fmt: skip
    assert [status for *_, status in totals(api, customer)] == ["paid", "open", "open"]
    new_card(api, customer)
    assert read(api, subscription)["status"] == "active"
    assert {status for *_, status in totals(api, customer)} == {"paid"}


def test_no_method_at_all(api: Api) -> None:
    subscription = begin(api, api.customer(), trial_days=1)
    advance(api, by="30d")
    assert read(api, subscription)["status"] == "canceled"
    assert payments(api) == []


def test_a_pause_stops_the_attempts(api: Api) -> None:
    _, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    paused = api.ok(f"/v1/subscriptions/{subscription['id']}/pause")
    assert (paused["status"], paused["dunning"]) == ("paused", None)
    advance(api, by="60d")
    assert len(payments(api)) == 3


def test_what_was_owed_before_a_pause_is_collected_after_it(api: Api) -> None:
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/pause")
    again = api.ok(f"{path}/resume")
    assert (again["status"], again["dunning"]["attempts"]) == ("past_due", 1)
    api.ok(f"{path}/pause")
    new_card(api, customer)
    assert api.ok(f"{path}/resume")["status"] == "active"
    assert {status for *_, status in totals(api, customer)} == {"paid"}


# A pause that dunning began


def paused_by_dunning(api: Api) -> tuple[dict, dict]:
    """A customer whose period from December 1 could not be collected, and whose subscription rests since the 3rd."""
    policy(api, on_exhaustion="pause_subscription", retry_days=[2])
    customer, subscription = failing(api)
    advance(api, to="2026-12-05T00:00:00Z")
    paused = read(api, subscription)
    assert (paused["status"], paused["pause_reason"]) == ("paused", "payment_failed")
    assert paused["dunning"]["exhausted_at"] == "2026-12-03T00:00:00.000Z"
    return customer, subscription


def by_a_new_card(api: Api, customer: dict) -> None:
    new_card(api, customer)


def by_a_method_for_this_invoice(api: Api, customer: dict) -> None:
    with api.sandbox.engine.unit() as unit:
        good = methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_success", default=False)
    api.ok(f"/v1/invoices/{api.invoices(customer)[0]['id']}/pay", {"payment_method_id": good["id"]})


def by_the_wallet(api: Api, customer: dict) -> None:
    wallet = api.ok("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"})
    api.ok(f"/v1/wallets/{wallet['id']}/credits", {"amount": "50.00"})
    api.ok(f"/v1/invoices/{api.invoices(customer)[0]['id']}/pay")


def by_a_credit_note(api: Api, customer: dict) -> None:
    api.ok(f"/v1/invoices/{api.invoices(customer)[0]['id']}/credit-notes", {"reason": "service_outage"})


def on_the_banks_page(api: Api, customer: dict) -> None:
    with api.sandbox.engine.unit() as unit:
        card = methods.attach_token(unit, unit.customer(customer["id"]), "card", "tok_visa_3ds", default=False)
    asked = api.ok(f"/v1/invoices/{api.invoices(customer)[0]['id']}/pay", {"payment_method_id": card["id"]})
    assert api.browser.post(asked["next_action"]["url"], data={"answer": "approve"}).status_code < 400


PAID = [by_a_new_card, by_a_method_for_this_invoice, by_the_wallet, by_a_credit_note, on_the_banks_page]


@pytest.mark.parametrize("pay", PAID, ids=lambda pay: pay.__name__)
def test_a_pause_that_dunning_began_ends_when_what_is_owed_is_paid(api: Api, pay: Callable[..., None]) -> None:
    customer, subscription = paused_by_dunning(api)
    pay(api, customer)
    now = read(api, subscription)
    assert (now["status"], now["dunning"], now["paused_at"], now["resumes_at"]) == ("active", None, None, None)
    assert (now["pause_reason"], now["current_period_end"]) == (None, "2027-01-01T00:00:00.000Z")
    moment = "2026-12-05T00:00:00.000Z"
    assert told(api, subscription)[-2:] == [("dunning_recovered", moment), ("resumed", moment)]
    assert [status for *_, status in totals(api, customer)] == ["paid", "paid"]


def test_a_period_that_is_over_when_the_pause_of_dunning_ends_begins_anew(api: Api) -> None:
    customer, subscription = paused_by_dunning(api)
    advance(api, to="2027-02-10T00:00:00Z")
    new_card(api, customer)
    now = read(api, subscription)
    assert (now["status"], now["current_period_start"]) == ("active", "2027-02-10T00:00:00.000Z")
    assert [(day[:10], status) for day, _, status in totals(api, customer)] == [
        ("2026-11-01", "paid"), ("2026-12-01", "paid"), ("2027-02-10", "paid"),
    ]  # fmt: skip


def test_a_new_card_that_is_declined_leaves_the_pause_of_dunning(api: Api) -> None:
    customer, subscription = paused_by_dunning(api)
    new_card(api, customer, "tok_visa_insufficient_funds")
    now = read(api, subscription)
    assert (now["status"], now["dunning"]["attempts"]) == ("paused", 3)
    assert [kind for kind, _ in told(api, subscription)].count("dunning_exhausted") == 1
    new_card(api, customer)
    assert read(api, subscription)["status"] == "active"


def test_a_pause_that_the_merchant_wanted_is_not_ended_by_a_payment(api: Api) -> None:
    customer, subscription = paused_by_dunning(api)
    api.ok(f"/v1/subscriptions/{subscription['id']}/pause", {"reason": "away"})
    by_a_method_for_this_invoice(api, customer)
    now = read(api, subscription)
    assert (now["status"], now["pause_reason"], now["dunning"]) == ("paused", "away", None)


def test_all_that_is_owed_must_be_paid(api: Api) -> None:
    """A second period failed while the first was still owed: one paid invoice does not end the pause."""
    policy(api, on_exhaustion="notify_only", retry_days=[])
    customer, subscription = failing(api)
    advance(api, to="2026-12-15T00:00:00Z")
    policy(api, on_exhaustion="pause_subscription")
    advance(api, to="2027-01-02T00:00:00Z")
    assert read(api, subscription)["status"] == "paused"
    by_a_method_for_this_invoice(api, customer)
    assert read(api, subscription)["status"] == "paused"
    new_card(api, customer)
    assert read(api, subscription)["status"] == "active"


def test_the_policy_is_read_and_changed_in_parts(api: Api, clock: ManualClock) -> None:
    first = api.get(POLICY).json()
    assert (first["retry_days"], first["on_exhaustion"]) == ([3, 8, 15, 21], "cancel_subscription")
    assert policy(api, retry_days=[5, 2, 5])["retry_days"] == [2, 5]
    changed = policy(api, on_exhaustion="notify_only")
    assert (changed["retry_days"], changed["updated_at"]) == ([2, 5], "2026-11-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "body",
    [{"retry_days": [0]}, {"retry_days": "3"}, {"retry_days": [1.5]}, {"retry_days": [True]}, {"on_exhaustion": "sue"},
     {"retry_days": list(range(1, 30))}, {"attempts": 3}],
)  # fmt: skip
def test_policies_that_make_no_sense(api: Api, body: dict) -> None:
    problem(api.client.put(POLICY, json=body), 422, "validation.failed")
