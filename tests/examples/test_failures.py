"""Whatever goes wrong, the person reads it in plain words, and keeps what they had."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from examples.person import Person

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]
ENTITLED: dict[str, Any] = {
    "subscription_id": "sub_1",
    "plan_code": "starter",
    "features": {
        "api_calls": {
            "kind": "metered",
            "name": "API calls",
            "allowed": True,
            "included": "1000",
            "usage": "10",
            "balance": "990",
            "unlimited": False,
        }
    },
}


@pytest.fixture(scope="module")
def demo(demos: Callable[..., Any]) -> Iterator[Any]:
    with demos("fastapi") as running:
        yield running


def answer(person: Person, route: str, *answers: tuple[int, Any]) -> None:
    """Let a relay route give these answers, the last of them for ever."""
    script = list(answers)

    def play(call: Route) -> None:
        status, body = script.pop(0) if len(script) > 1 else script[0]
        headers = {"Content-Type": "application/json", "X-Request-Id": "req-for-support"}
        call.fulfill(status=status, body=json.dumps(body), headers=headers)

    person.page.route(re.compile(rf"/api/paylera/{route}(\?.*)?$"), play)


@pytest.fixture
def subscriber(demo: Any, arrive: Arrive) -> Person:
    """Return somebody on the dashboard, with a plan as far as the page knows."""
    person = arrive(demo.url)
    answer(person, "entitlements", (200, ENTITLED))
    person.come_as("ada", "/app")
    expect(person.at("balance-api_calls")).to_have_text("990 of 1,000 left")
    return person


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (402, "payment.declined", "The payment was declined"),
        (409, "paylera.idempotency_in_progress", "still being worked on"),
        (422, "usage.limit_reached", "used everything your plan includes"),
        (429, "paylera.rate_limited", "a little too fast"),
        (503, "paylera.upstream_unavailable", "billing service is not available"),
        (504, "paylera.upstream_timeout", "took too long"),
    ],
)
def test_a_refusal_is_told_with_the_request_id(subscriber: Person, status: int, code: str, words: str) -> None:
    answer(subscriber, "track", (status, {"type": code, "status": status, "detail": "internal words"}))
    subscriber.at("run").click()
    expect(subscriber.at("notice")).to_contain_text(words)
    expect(subscriber.at("request-id")).to_have_text("req-for-support")
    expect(subscriber.at("notice")).not_to_contain_text("internal words")
    expect(subscriber.at("run")).to_be_enabled()
    expect(subscriber.at("balance-api_calls")).to_have_text("990 of 1,000 left")


def test_a_retry_after_a_lost_connection_is_the_same_call(subscriber: Person) -> None:
    subscriber.page.route("**/api/paylera/track", lambda route: route.abort("connectionreset"), times=1)
    subscriber.at("run").click()
    expect(subscriber.at("notice")).to_contain_text("could not be reached")
    answer(subscriber, "track", (200, {"usage": "11", "balance": "989", "included": "1000", "unlimited": False}))
    subscriber.at("run").click()
    expect(subscriber.at("balance-api_calls")).to_have_text("989 of 1,000 left")
    expect(subscriber.at("notice")).to_be_empty()
    assert len({call.headers["idempotency-key"] for call in subscriber.called("track")}) == 1


def test_a_balance_read_before_the_last_click_is_not_shown(demo: Any, arrive: Arrive) -> None:
    person = arrive(demo.url)
    held: list[Route] = []

    def entitlements(call: Route) -> None:
        seen = len(person.called("entitlements", "GET"))
        held.append(call) if seen == 2 else call.fulfill(json=with_balance("990" if seen == 1 else "988"))

    person.page.route("**/api/paylera/entitlements", entitlements)
    event = {"seq": 1, "id": "evt_1", "type": "invoice.paid", "received_at": "2026-11-24T12:00:00Z", "data": {}}
    polls = iter([[], [event]])
    person.page.route("**/events?*", lambda route: route.fulfill(json={"events": next(polls, [])}))
    answer(person, "track", (200, {"usage": "11", "balance": "989", "included": "1000", "unlimited": False}))
    person.come_as("ada", "/app")
    expect(person.event("invoice.paid")).to_be_visible()  # It made the page read everything again; that answer is held.
    person.at("run").click()
    expect(person.at("balance-api_calls")).to_have_text("989 of 1,000 left")
    held[0].fulfill(json=with_balance("990"))
    expect(person.at("balance-api_calls")).to_have_text("988 of 1,000 left")


def with_balance(balance: str) -> dict[str, Any]:
    feature = {**ENTITLED["features"]["api_calls"], "balance": balance}
    return {**ENTITLED, "features": {"api_calls": feature}}


def test_offline_is_said_and_ends(subscriber: Person) -> None:
    subscriber.context.set_offline(True)
    expect(subscriber.at("feed-state")).to_have_text("No connection, trying again")
    subscriber.at("run").click()
    expect(subscriber.at("notice")).to_contain_text("You are offline")
    subscriber.context.set_offline(False)
    expect(subscriber.at("feed-state")).to_have_text("Live")


def test_the_end_of_the_session_leads_to_the_login_and_back(subscriber: Person) -> None:
    subscriber.context.clear_cookies()
    subscriber.at("run").click()
    expect(subscriber.at("notice")).to_contain_text("Your session is over")
    subscriber.at("notice").get_by_role("link", name="Sign in").click()
    subscriber.sign_in("ada")
    expect(subscriber.page).to_have_url(re.compile("/app$"))


def test_a_failure_in_a_dialog_is_shown_there(subscriber: Person) -> None:
    answer(subscriber, "subscriptions/sub_1/upgrade", (402, {"type": "payment.declined", "status": 402}))
    subscriber.at("change-plan").click()
    subscriber.at("to-pro").check()
    subscriber.at("confirm-change").click()
    expect(subscriber.at("change-dialog")).to_contain_text("The payment was declined")
    expect(subscriber.at("confirm-change")).to_be_enabled()


def test_from_a_free_plan_the_change_goes_through_the_checkout(demo: Any, arrive: Arrive) -> None:
    eve = arrive(demo.url)
    eve.come_as("eve")
    eve.at("choose-free").click()
    expect(eve.at("welcome-title")).to_have_text("You are on Free")
    eve.open("/?plan=pro")
    eve.at("choose-pro").click()
    expect(eve.at("to-pro")).to_be_checked()
    eve.at("confirm-change").click()
    eve.page.wait_for_url(re.compile("/checkout/"))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"status": "past_due"}, "The last payment failed"),
        ({"status": "trialing", "trial_end": "2026-12-01T12:00:00.000Z"}, "Free trial until 1 Dec 2026"),
        ({"status": "active", "current_period_end": "2026-12-24T12:00:00.000Z"}, "renews on 24 Dec 2026"),
        ({"status": "active", "cancel_at_period_end": True, "cancel_at": "2026-12-24T12:00:00.000Z"}, "Ends on 24 Dec"),
    ],
)
def test_webhooks_tell_what_the_entitlements_do_not(
    demo: Any, arrive: Arrive, facts: dict[str, Any], words: str
) -> None:
    person = arrive(demo.url)
    older = {"id": "sub_1", "version": 1, "status": "active", "current_period_end": "2020-01-01T12:00:00.000Z"}
    newer = {"id": "sub_1", "version": 2, **facts}
    events = [
        {
            "seq": n,
            "id": f"evt_{n}",
            "type": "subscription.updated",
            "received_at": "2026-11-24T12:00:00Z",
            "data": data,
        }
        for n, data in enumerate((newer, older), start=1)  # They may arrive in any order.
    ]
    person.page.route("**/events?after=0", lambda route: route.fulfill(json={"events": events}))
    answer(person, "entitlements", (200, ENTITLED))
    person.come_as("ada", "/app")
    expect(person.at("plan-note")).to_contain_text(words)


def test_names_from_elsewhere_are_text_and_nothing_more(demo: Any, arrive: Arrive) -> None:
    evil = "<img src=x onerror=document.title='owned'>"
    person = arrive(demo.url)
    plan = {
        "code": "x",
        "name": evil,
        "description": evil,
        "prices": [{"amount": "1.00", "currency": "USD"}],
        "features": {},
    }
    answer(person, "plans", (200, {"data": [plan]}))
    person.open("/")
    expect(person.at("plan-x").get_by_role("heading")).to_have_text(evil)
    assert person.page.locator("main img").count() == 0


def test_a_bank_that_asks_first(demo: Any, arrive: Arrive) -> None:
    finn = arrive(demo.url)
    finn.come_as("finn")
    finn.choose("pro")
    finn.pay_with("4000 0000 0000 3220")
    finn.page.get_by_role("button", name="Yes, pay").click()
    expect(finn.at("welcome-title")).to_have_text("You are on Pro", timeout=20_000)


def test_checkout_that_was_left_costs_nothing(demo: Any, arrive: Arrive) -> None:
    ben = arrive(demo.url)
    ben.come_as("ben")
    ben.choose("starter")
    ben.page.get_by_role("link", name=re.compile("Cancel|back")).click()
    expect(ben.at("notice")).to_contain_text("Nothing was charged")
    expect(ben.at("choose-starter")).to_be_enabled()


def test_the_success_page_waits_for_the_plan_and_not_for_the_webhook(demo: Any, arrive: Arrive) -> None:
    cleo = arrive(demo.url)
    answer(
        cleo, "entitlements", (200, {"features": {}}), (503, {"type": "x"}), (200, {"features": {}}), (200, ENTITLED)
    )
    cleo.page.route("**/events?*", lambda route: route.fulfill(json={"events": []}))
    cleo.come_as("cleo", "/welcome?plan=starter")
    expect(cleo.at("welcome-text")).to_contain_text("Waiting for Paylera")
    expect(cleo.at("welcome-title")).to_have_text("You are on Starter")
    expect(cleo.at("step-webhook")).to_have_attribute("data-state", "waiting")
    expect(cleo.at("to-dashboard")).to_be_visible()


def test_a_plan_that_stays_away_is_explained(demo: Any, arrive: Arrive) -> None:
    dan = arrive(demo.url)
    answer(dan, "entitlements", (200, {"features": {}}))
    dan.page.clock.install()
    dan.come_as("dan", "/welcome?plan=pro")
    expect(dan.at("welcome-text")).to_contain_text("Waiting for Paylera")
    for _ in range(10):
        dan.page.clock.run_for(3000)
    expect(dan.at("welcome-text")).to_contain_text("takes longer than usual")
    expect(dan.at("check-again")).to_be_visible()


def test_a_wrong_password_is_told(demo: Any, arrive: Arrive) -> None:
    person = arrive(demo.url)
    person.open("/login")
    person.page.get_by_label("Name").fill("ada")
    person.page.get_by_label("Password").fill("wrong")
    person.at("sign-in").click()
    expect(person.at("login-error")).to_contain_text("do not belong together")


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
)
def test_the_login_sends_nobody_to_another_site(demo: Any, arrive: Arrive, then: str) -> None:
    person = arrive(demo.url)
    person.page.goto(f"{demo.url}/login")
    person.page.locator('input[name="next"]').evaluate("(field, value) => { field.value = value; }", then)
    person.sign_in("ada")
    assert person.page.url.startswith(f"{demo.url}/")


@pytest.mark.parametrize("host", ["django", "fastapi"])
def test_without_the_billing_service_the_pages_stay_readable(
    host: str, demos: Callable[..., Any], arrive: Arrive
) -> None:
    with demos(host) as demo:
        ada = arrive(demo.url)
        ada.subscribe("ada", "starter")
        demo.sandbox.stop()
        ada.at("run").click()
        expect(ada.at("notice")).to_contain_text("The billing service is not available just now")
        expect(ada.at("request-id")).to_have_text(re.compile(r"[A-Za-z0-9._-]{8,64}"))
        expect(ada.at("balance-api_calls")).to_have_text("1,000 of 1,000 left")
        for path in ("/", "/app"):
            ada.open(path)
            expect(ada.at("retry")).to_be_visible()
