"""Every page in a real browser: axe finds nothing, nothing is wider than the screen, no script complains."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from sandbox.console import Scene, furnish
from sandbox.support import CAREFUL, Api, Receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def scene(api: Api, receiver: Receiver) -> Scene:
    return furnish(api, receiver.url)


@pytest.fixture(params=[("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark and narrow"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme, viewport = request.param
    with browser.new_context(color_scheme=scheme, viewport=viewport) as context:
        context.set_default_timeout(30_000)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert [each for each in complaints if "status of 4" not in each] == []


def flaws(page: Page, url: str) -> list[str]:
    """Open a page and say what is wrong with it."""
    page.goto(url)
    for details in page.locator("details").all():
        details.evaluate("each => { each.open = true }")
    found = [
        f"{url}: {violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in Axe().run(page).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{url}: wider than the screen")
    return found


def test_console(api: Api, scene: Scene, page: Page) -> None:
    api.ok("/sandbox/namespaces", {"name": "elsewhere"})
    api.ok("/sandbox/faults", {"action": "latency", "milliseconds": 1, "path": "/v1/nothing"})
    api.client.get(f"/v1/customers/{'w' * 10_000}", params={"q": "<script>\u202e"})
    last = f"/console/requests/{api.sandbox.requests[-1].number}"
    wrong = [flaw for path in [*scene.paths(), last] for flaw in flaws(page, api.sandbox.url + path)]
    assert wrong == []


def test_console_without_anything(api: Api, page: Page) -> None:
    paths = [path for path in Scene({}).paths() if not path.endswith(("/x", "/3"))]
    wrong = [flaw for path in paths for flaw in flaws(page, api.sandbox.url + path)]
    assert wrong == []


def test_reference(api: Api, page: Page) -> None:
    paths = ["/docs", "/docs/CreateCustomer", "/docs/ListInvoices", "/docs/ChangePlan", "/docs/InvoicePaidEvent"]
    paths += ["/docs/objects/Invoice", "/docs/objects/Problem", "/docs/GetInvoicePdf"]
    wrong = [flaw for path in paths for flaw in flaws(page, api.sandbox.url + path)]
    assert wrong == []


def test_customers_pages(api: Api, scene: Scene, page: Page) -> None:
    customer = scene.ids["customers"]
    other = api.customer(email="new@example.com")
    checkout = api.attach(other, "starter", coupons=["WELCOME10"], cancel_url="http://127.0.0.1:9/")["checkout_url"]
    asked = api.attach(api.customer(email="careful@example.com"), "pro")["checkout_url"]
    confirm = api.browser.post(asked, data=CAREFUL).headers["location"]
    portal = api.ok(f"/v1/customers/{customer}/billing-portal-sessions", {"return_url": "http://127.0.0.1:9/"})["url"]
    urls = [checkout, f"{checkout}?card=tok_visa_decline", api.sandbox.url + confirm, portal]
    urls += [f"{portal}/change-plan?plan=starter", f"{portal}/change-plan?plan=pro_yearly"]
    urls += [f"{portal}?done=resume", f"{portal}/change-plan?plan=nope", f"{api.sandbox.url}/nowhere"]
    wrong = [flaw for url in urls for flaw in flaws(page, url)]
    assert wrong == []


def test_faults_of_the_checkout_form(api: Api, page: Page) -> None:
    page.goto(api.attach(api.customer(), "starter")["checkout_url"])
    page.get_by_role("button", name="Pay").click()
    page.get_by_text("not a test card").wait_for()
    assert Axe().run(page).response["violations"] == []
