"""The API reference: every operation, webhook and object has a page, and an operation can be tried from it."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from paylera_sandbox.openapi.document import document
from sandbox.support import Api

DOCUMENT = document("http://127.0.0.1:8787")


def page(api: Api, path: str) -> str:
    answer = api.browser.get(path)
    assert answer.status_code == 200, (path, answer.text)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.count("<h1>") == 1
    return answer.text


def links(text: str, under: str) -> list[str]:
    return [unquote(link) for link in re.findall(rf'href="({under}[A-Za-z/]+)"', text)]


def test_every_operation_webhook_and_object_has_a_page(shared: Api) -> None:
    index = page(shared, "/docs")
    found = {link.rsplit("/", 1)[1] for link in links(index, "/docs/")}
    operations = {told["operationId"] for methods in DOCUMENT["paths"].values() for told in methods.values()}
    webhooks = {methods["post"]["operationId"] for methods in DOCUMENT["webhooks"].values()}
    assert operations | webhooks | set(DOCUMENT["components"]["schemas"]) == found
    for link in links(index, "/docs/"):
        for inner in links(page(shared, link), "/docs/objects/"):
            assert inner.rsplit("/", 1)[1] in DOCUMENT["components"]["schemas"], (link, inner)


@pytest.mark.parametrize("path", ["/docs/Nope", "/docs/objects/Nope", "/docs/%3Cscript%3E", "/docs/a/b"])
def test_what_there_is_not(shared: Api, path: str) -> None:
    answer = shared.browser.get(path)
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_an_operation_says_what_it_takes_and_answers(shared: Api) -> None:
    text = page(shared, "/docs/ChangePlan")
    for word in ("POST /v1/subscriptions/{id}/change-plan", "quantities", "payment.declined", "Idempotency-Key", "402"):
        assert word in text
    webhook = page(shared, "/docs/InvoicePaidEvent")
    assert "invoice.paid" in webhook
    assert "/docs/objects/Invoice" in webhook


def test_the_pages_of_a_namespace_keep_to_it(api: Api) -> None:
    api.get("/v1/plans")
    created = api.client.post("/sandbox/namespaces", json={"name": "other"})
    assert created.status_code == 201, created.text
    text = page(api, "/n/other/docs/CreateCustomer")
    assert 'href="/n/other/docs"' in text
    assert 'value="pl_test_other"' in text
    assert f'data-origin="{api.sandbox.url}"' in text
    assert api.browser.get("/n/other/openapi/v1.json").json()["servers"][0]["url"] == api.sandbox.url


@pytest.fixture
def visitor(browser: Browser, api: Api) -> Page:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    visitor = context.new_page()
    visitor.set_default_timeout(15_000)
    return visitor


@pytest.mark.browser
def test_finding_an_operation(api: Api, visitor: Page) -> None:
    visitor.goto(f"{api.sandbox.url}/docs")
    visitor.get_by_label("Find").fill("customers post")
    expect(visitor.get_by_role("link", name="CreateCustomer", exact=True)).to_be_visible()
    expect(visitor.get_by_role("link", name="ListCustomers")).to_be_hidden()
    visitor.get_by_label("Find").fill("zzz")
    expect(visitor.get_by_role("status").filter(has_text="0 found")).to_be_visible()


@pytest.mark.browser
def test_trying_an_operation(api: Api, visitor: Page) -> None:
    visitor.goto(f"{api.sandbox.url}/docs/CreateCustomer")
    visitor.get_by_label("Body", exact=True).last.fill('{"email": "o\'neill@example.com"}')
    visitor.get_by_role("button", name="Copy as curl").click()
    expect(visitor.locator("[data-outcome]")).to_contain_text("Copied")
    copied = visitor.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl -X POST '{api.sandbox.url}/v1/customers'")
    assert "o'\\''neill@example.com" in copied
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator("[data-outcome]")).to_contain_text("201 Created")
    [customer] = api.get("/v1/customers").json()["data"]
    assert customer["id"] in visitor.get_by_role("region", name="Answer", exact=True).inner_text()
    visitor.get_by_role("button", name="Send").click()  # with a key of its own
    expect(visitor.locator("[data-outcome]")).to_contain_text("201 Created")
    visitor.goto(f"{api.sandbox.url}/docs/GetCustomer")
    visitor.get_by_label("id", exact=True).fill("a/../b")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator("[data-outcome]")).to_contain_text("404 Not Found")
