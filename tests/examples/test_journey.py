"""The main job, end to end, in a real browser, on every host: subscribe, use, upgrade, cancel, see webhooks arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from examples.person import DECLINED_CARD, GOOD_CARD, Person

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


@pytest.fixture(scope="module", params=["django", "fastapi"])
def demo(request: pytest.FixtureRequest, demos: Callable[..., Any]) -> Iterator[Any]:
    with demos(request.param, PYTHONWARNINGS="error") as running:
        yield running


@pytest.mark.parametrize("host", ["django-gunicorn", "django-asgi"])
def test_other_servers_serve_the_same(host: str, demos: Callable[..., Any], arrive: Arrive) -> None:
    with demos(host) as demo:
        ada = arrive(demo.url)
        ada.subscribe("ada", "starter")
        ada.at("run").click()
        expect(ada.at("balance-api_calls")).to_have_text("999 of 1,000 left")
        for kind in ("subscription.activated", "invoice.paid"):
            expect(ada.event(kind)).to_be_visible()
        assert ada.errors == []


def test_the_whole_journey(demo: Any, arrive: Arrive) -> None:
    ada = arrive(demo.url)
    sees_the_plans_without_an_account(ada)
    signs_in_and_lands_on_the_plan(ada)
    pays_after_a_declined_card(ada)
    spends_what_the_plan_includes(ada)
    upgrades(ada)
    sees_invoices_and_events(ada)
    cancels(ada)
    looks_at_the_portal(ada)
    assert ada.errors == []


def sees_the_plans_without_an_account(person: Person) -> None:
    person.open("/")
    expect(person.at("plan-starter")).to_contain_text("$19 a month")
    expect(person.at("plan-pro")).to_contain_text("10,000 API calls a month")
    assert {call.method for call in person.calls} == {"GET"}


def signs_in_and_lands_on_the_plan(person: Person) -> None:
    person.at("choose-starter").click()
    person.sign_in("ada")
    expect(person.at("choose-starter")).to_be_focused()


def pays_after_a_declined_card(person: Person) -> None:
    person.choose("starter")
    person.pay_with(DECLINED_CARD)
    expect(person.page.get_by_role("alert")).to_contain_text("declined")
    person.pay_with(GOOD_CARD)
    person.page.wait_for_url(re.compile("/welcome"))
    expect(person.at("welcome-title")).to_have_text("You are on Starter", timeout=20_000)
    expect(person.at("step-webhook")).to_have_attribute("data-state", "done", timeout=20_000)
    person.at("to-dashboard").click()


def spends_what_the_plan_includes(person: Person) -> None:
    expect(person.at("plan-name")).to_have_text("Starter")
    expect(person.at("plan-note")).to_contain_text("renews on")
    expect(person.at("balance-api_calls")).to_have_text("1,000 of 1,000 left")
    person.at("run").click()
    expect(person.at("balance-api_calls")).to_have_text("999 of 1,000 left")
    expect(person.at("result")).to_contain_text("999 calls left")
    person.at("run").click()
    expect(person.at("balance-api_calls")).to_have_text("998 of 1,000 left")
    keys = [call.headers["idempotency-key"] for call in person.called("track")]
    assert len(keys) == len(set(keys)) == 2
    assert len(person.called("csrf-token", "GET")) == 2  # One for the page that subscribed, one for this page.


def upgrades(person: Person) -> None:
    person.at("change-plan").click()
    person.at("to-pro").check()
    person.at("confirm-change").click()
    expect(person.at("notice")).to_contain_text("You are on Pro now")
    expect(person.at("plan-name")).to_have_text("Pro")
    expect(person.at("balance-api_calls")).to_have_text("9,998 of 10,000 left")


def sees_invoices_and_events(person: Person) -> None:
    expect(person.at("invoice")).to_have_count(2)
    expect(person.at("invoice").last).to_contain_text("$20.52")  # 19.00 and 8 % tax
    for kind in ("customer.created", "subscription.activated", "invoice.paid", "subscription.updated"):
        expect(person.event(kind)).to_be_visible()
    person.event("invoice.paid").locator("summary").click()
    expect(person.event("invoice.paid").locator("pre")).to_contain_text('"status": "paid"')


def cancels(person: Person) -> None:
    person.at("cancel-plan").click()
    expect(person.at("cancel-text")).to_contain_text(re.compile(r"Pro stays on until \d+ \w+ 20\d\d"))
    person.page.keyboard.press("Escape")
    expect(person.at("cancel-dialog")).to_be_hidden()
    person.at("cancel-plan").click()
    person.at("confirm-cancel").click()
    expect(person.at("notice")).to_contain_text("Your plan is canceled. You can use it until")
    expect(person.at("plan-note")).to_contain_text("Ends on")
    expect(person.at("cancel-plan")).to_be_hidden()
    person.page.reload()  # What the answer to the call said, the webhook says after a reload.
    expect(person.at("plan-note")).to_contain_text("Ends on")
    expect(person.at("balance-api_calls")).to_have_text("9,998 of 10,000 left")


def looks_at_the_portal(person: Person) -> None:
    person.at("portal").click()
    person.page.wait_for_url(re.compile("/portal/"))
    expect(person.page.get_by_text("ada@skyline.example")).to_be_visible()
    person.page.get_by_role("link", name="Back").click()
    expect(person.at("plan-name")).to_have_text("Pro")


def test_subscribing_with_the_keyboard_alone(demo: Any, arrive: Arrive) -> None:
    ben = arrive(demo.url)
    keys = ben.page.keyboard
    ben.open("/")
    keys.press("Tab")
    expect(ben.page.get_by_text("Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(ben.page.locator("main")).to_be_focused()
    tab_to(ben, "choose-starter")
    keys.press("Enter")
    expect(ben.page.get_by_label("Name")).to_be_focused()
    keys.type("ben")
    keys.press("Tab")
    keys.type("skyline-demo")
    keys.press("Enter")
    expect(ben.at("choose-starter")).to_be_focused()
    keys.press("Enter")
    ben.page.wait_for_url(re.compile("/checkout/"))
    ben.page.get_by_label("Card number").focus()
    for part in (GOOD_CARD, "12/39", "123", "Ben"):
        keys.type(part)
        keys.press("Tab")
    keys.press("Enter")
    expect(ben.at("welcome-title")).to_have_text("You are on Starter", timeout=20_000)
    tab_to(ben, "to-dashboard")
    keys.press("Enter")
    expect(ben.at("plan-name")).to_have_text("Starter")
    tab_to(ben, "run")
    keys.press("Enter")
    expect(ben.at("balance-api_calls")).to_have_text("999 of 1,000 left")
    expect(ben.at("run")).to_be_focused()  # Not lost while the button was disabled.
    assert ben.errors == []


def tab_to(person: Person, test_id: str) -> None:
    """Press Tab until the element has the focus, and a visible mark of it."""
    expect(person.at(test_id)).to_be_visible()
    for _ in range(30):
        person.page.keyboard.press("Tab")
        focused = person.page.evaluate(
            "[document.activeElement.dataset.testid, getComputedStyle(document.activeElement).outlineStyle]"
        )
        if focused == [test_id, "solid"]:
            return
    pytest.fail(f"{test_id} cannot be reached with Tab, or shows no focus")


def test_a_phone_shows_everything_without_sideways_scrolling(demo: Any, arrive: Arrive) -> None:
    cleo = arrive(demo.url, viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    for path in ("/", "/login"):
        cleo.open(path)
        assert cleo.has_no_sideways_scroll(), path
    cleo.subscribe("cleo", "pro")
    expect(cleo.event("subscription.activated")).to_be_attached()
    assert cleo.has_no_sideways_scroll()
    for button in ("change-plan", "portal", "cancel-plan", "run"):
        assert is_on_a_phone(cleo, button, height=40), button
    cleo.at("cancel-plan").tap()
    assert is_on_a_phone(cleo, "cancel-dialog", height=100)
    assert cleo.errors == []


def is_on_a_phone(person: Person, test_id: str, *, height: int) -> bool:
    """Tell whether an element is within 375 pixels and at least so high."""
    box = person.at(test_id).bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 375 and box["height"] >= height


def test_a_token_of_the_person_before_is_replaced(demo: Any, arrive: Arrive) -> None:
    dan = arrive(demo.url)
    dan.subscribe("dan", "starter")
    dan.at("run").click()
    expect(dan.at("balance-api_calls")).to_have_text("999 of 1,000 left")
    other_tab = Person(dan.context, demo.url)
    other_tab.open("/app")
    other_tab.at("sign-out").click()
    other_tab.subscribe("eve", "starter")
    tokens = len(dan.called("csrf-token", "GET"))
    with dan.page.expect_response(lambda answer: answer.url.endswith("/track") and answer.ok):
        dan.at("run").click()  # The page is Dan's, the session is Eve's by now.
    statuses = [call.response().status for call in dan.called("track")]  # type: ignore[union-attr]
    assert statuses == [200, 403, 200]
    assert len(dan.called("csrf-token", "GET")) == tokens + 1
    assert len({call.headers["idempotency-key"] for call in dan.called("track")[1:]}) == 1


def test_nobody_sees_events_of_others(demo: Any, arrive: Arrive) -> None:
    finn = arrive(demo.url)
    assert finn.context.request.get(f"{demo.url}/events").status == 401
    finn.come_as("finn", "/app")
    expect(finn.at("plan-name")).to_have_text("No plan yet")
    expect(finn.event("customer.created")).to_contain_text("finn@skyline.example")
    expect(finn.at("event")).to_have_count(1)
    for bad in ("x", "-1", "9" * 30, "%00", "1e3", ""):
        assert finn.context.request.get(f"{demo.url}/events?after={bad}").status in (400, 422), bad
