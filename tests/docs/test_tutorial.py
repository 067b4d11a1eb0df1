"""A person follows the tutorial, with a browser: at its end an invoice is paid and the webhook has told so."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from docs.tutorial import PATIENCE_SECONDS, Tutorial

README = Path(__file__).resolve().parents[2] / "README.md"
SNIPPET = re.compile(r"<!-- runs: page -->\n```js\n(.*?)```", re.DOTALL)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def pay(page: Page, card: str) -> None:
    for label, text in {"Card number": card, "Expires": "12/39", "Security code": "123", "Name": "Ada"}.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name=re.compile("Pay")).click()


def subscribe_and_use(page: Page, tutorial: Tutorial) -> None:
    """Do step 7."""
    expect(page.locator("#plan")).to_have_text("none")
    page.get_by_role("button", name="Subscribe to Pro").click()
    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_contain_text("did not go through")
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url(f"{tutorial.shop}/")
    expect(page.locator("#plan")).to_have_text("pro")
    before = int(page.locator("#left").inner_text())
    page.get_by_role("button", name="Use one API call").click()
    expect(page.locator("#left")).to_have_text(str(before - 1))


def webhook_was_printed(page: Page, tutorial: Tutorial) -> None:
    """See the line of the last step; the sandbox's own page says when the delivery has arrived."""
    page.goto(tutorial.sandbox)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not re.search(r"paid: INV-\d{4}-\d{6} 52\.92 USD", tutorial.log.read_text()):
        assert time.monotonic() < deadline, tutorial.log.read_text()
        page.reload()
    assert "Traceback" not in tutorial.log.read_text()


def test_django(tmp_path: Path, page: Page) -> None:
    """Every command and every file, in the page's order."""
    tutorial = Tutorial(tmp_path)
    tutorial.run("project")
    tutorial.write("shop/settings.py", within="shop")
    tutorial.write("shop/urls.py", within="shop")
    tutorial.write("templates/shop.html", within="shop")
    sandbox = tutorial.serving("sandbox", tutorial.sandbox)
    with sandbox, tutorial.serving("run", tutorial.shop, within="shop"):
        page.goto(tutorial.shop)
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill("pw")
        page.get_by_role("button", name="Log in").click()
        subscribe_and_use(page, tutorial)
        webhook_was_printed(page, tutorial)


def test_fastapi(tmp_path: Path, page: Page) -> None:
    """The variant at the end."""
    tutorial = Tutorial(tmp_path)
    tutorial.write("main.py")
    tutorial.write("templates/shop.html", target="shop.html")
    sandbox = tutorial.serving("sandbox", tutorial.sandbox)
    with sandbox, tutorial.serving("fastapi", tutorial.shop):
        page.goto(tutorial.shop)
        subscribe_and_use(page, tutorial)
        webhook_was_printed(page, tutorial)
        assert '"allowed":true' in tutorial.run("curl")


def test_the_snippet_of_the_readme(tmp_path: Path, page: Page) -> None:
    """It leads to the checkout, and for a plan that costs nothing to the page after it."""
    tutorial = Tutorial(tmp_path)
    tutorial.write("main.py")
    tutorial.write("templates/shop.html", target="shop.html")
    [snippet] = SNIPPET.findall(README.read_text())
    sandbox = tutorial.serving("sandbox", tutorial.sandbox)
    with sandbox, tutorial.serving("fastapi", tutorial.shop):
        page.goto(tutorial.shop)
        page.evaluate("async () => {" + snippet + "}")
        page.wait_for_url(re.compile("/checkout/"))
        page.goto(tutorial.shop)
        page.evaluate("async () => {" + snippet.replace('"pro"', '"free"') + "}")
        page.wait_for_url(f"{tutorial.shop}/welcome")
