"""The pages in a real browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from sandbox.support import Api

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
