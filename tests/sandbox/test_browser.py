"""The pages in a real browser, by keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.support import Api, Receiver

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.set_default_timeout(15_000)
    yield page
    page.close()


def type_into(page: Page, label: str, text: str) -> None:
    """Reach a field with the Tab key and type into it."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.get_by_label(label, exact=True).evaluate("field => field === document.activeElement"):
            page.keyboard.press("Control+A")
            page.keyboard.type(text)
            return
    pytest.fail(f"the keyboard does not reach {label!r}")


def test_pay_by_keyboard_after_a_decline(api: Api, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    customer = api.customer()
    url = api.attach(customer, "starter", success_url=f"{api.sandbox.url}/?paid", cancel_url="http://127.0.0.1:9/")[
        "checkout_url"
    ]
    page.goto(url)
    type_into(page, "Card number", "4000000000000002")
    type_into(page, "Expires (MM/YY)", "12/40")
    type_into(page, "Security code", "123")
    type_into(page, "Name on the card", "Ada Lovelace")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert "declined" in page.get_by_role("alert").inner_text()
    type_into(page, "Card number", "4242424242424242")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{api.sandbox.url}/?paid")
    assert api.current(customer)["plan_code"] == "starter"
    assert [said for said in complaints if "402" not in said] == []  # no blocked resource, no script error


def test_portal_by_keyboard(api: Api, page: Page) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    page.goto(api.ok(f"/v1/customers/{customer['id']}/billing-portal-sessions")["url"])
    page.get_by_role("button", name="Cancel at the end of the period").focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert api.current(customer)["cancel_at_period_end"] is True
    page.get_by_label("New plan").select_option(label="Pro: 49.00 USD a month")
    page.get_by_role("button", name="See what it costs").press("Enter")
    page.get_by_text("Unused time on Starter").wait_for()
    assert api.current(customer)["plan_code"] == "starter"
    page.get_by_role("button", name="Change and pay").press("Enter")
    page.get_by_text("The plan is changed").wait_for()
    assert api.current(customer)["plan_code"] == "pro"


@pytest.mark.parametrize("path", ["/", "/checkout/cs_x"])
def test_nothing_is_wider_than_a_phone(api: Api, page: Page, path: str) -> None:
    page.goto(api.sandbox.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("h1").count() == 1


def test_console_by_keyboard(api: Api, page: Page, receiver: Receiver) -> None:
    api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    api.customer(name="Grace Hopper")
    ada = api.customer(name="Ada Lovelace")
    api.sandbox.wait_idle()
    page.goto(f"{api.sandbox.url}/console/customers")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("love")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/customers?q=love")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/customers/{ada['id']}")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/console/deliveries")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Resend").press("Enter")
    expect(page.get_by_role("rowheader", name="2")).to_be_visible()
    assert len(receiver.wait_for(3)) == 3


def test_keys_can_be_turned_off(api: Api, page: Page) -> None:
    page.goto(f"{api.sandbox.url}/console/customers")
    page.keyboard.press("?")
    page.get_by_label("These keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).not_to_be_focused()


def test_skip_to_the_content(api: Api, page: Page) -> None:
    page.goto(f"{api.sandbox.url}/console")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_lists_stay_fresh_unless_one_works_in_them(api: Api, page: Page) -> None:
    first = api.customer(name="First")
    page.goto(f"{api.sandbox.url}/console/customers")
    expect(page.get_by_role("button", name="Live: on")).to_be_visible()
    api.customer(name="Second")
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    page.get_by_role("link", name="First").focus()
    api.customer(name="Third")
    with page.expect_response(lambda answer: "Third" in answer.text()):
        pass
    expect(page.get_by_role("link", name="Third")).to_be_hidden()
    assert page.evaluate("document.activeElement.href").endswith(first["id"])
    page.get_by_role("button", name="Live: on").focus()
    expect(page.get_by_role("link", name="Third")).to_be_visible()


def test_lists_rest_when_motion_is_not_wanted(api: Api, browser: Browser) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{api.sandbox.url}/console/customers")
        page.get_by_role("button", name="Live: off").click()
        api.customer(name="Now")
        expect(page.get_by_role("link", name="Now")).to_be_visible(timeout=15_000)


def test_polling_an_unchanged_page_costs_no_rendering(api: Api, page: Page) -> None:
    page.goto(f"{api.sandbox.url}/console/customers")
    with page.expect_response(lambda answer: answer.status == 304):
        pass


@pytest.mark.parametrize("scripts", [True, False])
def test_a_test_card_fills_the_form(api: Api, browser: Browser, scripts: bool) -> None:
    url = api.attach(api.customer(), "starter")["checkout_url"]
    with browser.new_context(java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("link", name="4000 0000 0000 0002").click()
        expect(page.get_by_label("Card number")).to_have_value("4000 0000 0000 0002")
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("alert")).to_contain_text("declined")


def test_copying_a_body(api: Api, browser: Browser) -> None:
    api.customer(name="Ada")
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(f"{api.sandbox.url}/console/events")
        page.get_by_role("link", name="customer.created").click()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (copied["type"], copied["data"]["name"]) == ("customer.created", "Ada")
