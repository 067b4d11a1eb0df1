"""A person in front of the example: what they do and see, in the words of the pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, Request, expect

ACCOUNTS = json.loads((Path(__file__).parents[2] / "examples/python/pages/accounts.json").read_text())
GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"


class Person:
    """Drives one tab of a browser profile, and keeps what our own pages said in the console and asked of the relay."""

    def __init__(self, context: BrowserContext, app_url: str) -> None:
        self.context, self.app_url = context, app_url
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.calls: list[Request] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self._hear(message.type, message.text, message.location["url"]))
        self.page.on("request", self._see)

    def _hear(self, kind: str, text: str, source: str) -> None:
        if kind in ("error", "warning") and source.startswith(self.app_url):
            self.errors.append(f"{source}: {text}")

    def _see(self, request: Request) -> None:
        if "/api/paylera/" in request.url:
            self.calls.append(request)

    def called(self, route: str, method: str = "POST") -> list[Request]:
        """Return the relay calls so far to one route."""
        return [c for c in self.calls if c.method == method and urlsplit(c.url).path == f"/api/paylera/{route}"]

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def open(self, path: str) -> None:
        self.page.goto(self.app_url + path)

    def sign_in(self, username: str) -> None:
        """Sign in on the login page that is open."""
        self.page.get_by_label("Name").fill(username)
        self.page.get_by_label("Password").fill(ACCOUNTS["password"])
        self.at("sign-in").click()
        expect(self.at("who")).to_be_attached()

    def come_as(self, username: str, path: str = "/") -> None:
        """Sign in and go to `path`."""
        self.open(f"/login?next={path}")
        self.sign_in(username)

    def choose(self, plan: str) -> None:
        """Choose a plan that costs something, and arrive at the hosted checkout."""
        self.at(f"choose-{plan}").click()
        self.page.wait_for_url(re.compile("/checkout/"))

    def pay_with(self, card: str) -> None:
        self.page.get_by_label("Card number").fill(card)
        self.page.get_by_label("Expires").fill("12/39")
        self.page.get_by_label("Security code").fill("123")
        self.page.get_by_label("Name on the card").fill("A Person")
        self.page.get_by_role("button", name=re.compile("Pay")).click()

    def subscribe(self, username: str, plan: str) -> None:
        """Sign in, subscribe with a good card, and arrive at the dashboard."""
        self.come_as(username)
        self.choose(plan)
        self.pay_with(GOOD_CARD)
        expect(self.at("step-plan")).to_have_attribute("data-state", "done", timeout=15_000)
        self.at("to-dashboard").click()
        expect(self.at("balance-api_calls")).to_be_visible()

    def event(self, kind: str) -> Locator:
        """Return the newest line of the webhook feed with this type."""
        return self.page.locator(f'[data-testid="event"][data-type="{kind}"]').first

    def has_no_sideways_scroll(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
