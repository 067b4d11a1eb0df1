from __future__ import annotations

import re

import httpx2
import pytest

from sandbox.support import CARD, CAREFUL, ONCE, Api, ManualClock, problem


def open_portal(api: Api, customer: dict, **fields: object) -> str:
    """Open the portal in the browser and return its address."""
    session = api.ok(f"/v1/customers/{customer['id']}/billing-portal-sessions", fields)
    entered = api.browser.get(session["url"])
    assert entered.status_code == 303
    return session["url"]


def press(api: Api, page: str, action: str, **form: str) -> httpx2.Response:
    return api.browser.post(f"{page}/{action}", data=form, follow_redirects=True)


def test_session_has_its_link(api: Api) -> None:
    customer = api.customer()
    body = {"return_url": "http://127.0.0.1:9/back", "locale": "de"}
    answer = api.post(f"/v1/customers/{customer['id']}/billing-portal-sessions", body)
    session = answer.json()
    assert answer.status_code == 201
    assert (session["object"], session["customer_id"]) == ("billing_portal_session", customer["id"])
    assert session["url"] == f"{api.sandbox.url}/portal/{session['id']}"
    assert session["expires_at"] == "2026-11-01T01:00:00.000Z"
    assert (session["return_url"], session["locale"]) == ("http://127.0.0.1:9/back", "de")


def test_page_shows_plan_invoices_and_card(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    page = api.browser.get(open_portal(api, customer, return_url="http://127.0.0.1:9/back")).text
    for text in (
        "Starter",
        "INV-2026-000001",
        "20.52 USD",
        "ending in 4242",
        "http://127.0.0.1:9/back",
        "1 December 2026",
    ):
        assert text in page


def test_page_without_anything(api: Api) -> None:
    page = api.browser.get(open_portal(api, api.customer())).text
    assert "no subscription" in page
    assert "no invoices" in page


def test_link_opens_once(api: Api) -> None:
    page = open_portal(api, api.customer())
    assert api.browser.get(page).status_code == 200
    assert httpx2.get(page, verify=False).status_code == 410
    assert httpx2.post(f"{page}/cancel", verify=False).status_code == 410


def test_cookie_is_bound_to_the_page(api: Api) -> None:
    customer = api.customer()
    session = api.ok(f"/v1/customers/{customer['id']}/billing-portal-sessions")
    cookie = api.browser.get(session["url"]).headers["set-cookie"]
    assert f"Path=/portal/{session['id']}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    other = api.ok(f"/v1/customers/{customer['id']}/billing-portal-sessions")
    stolen = cookie.split(";")[0]
    open_portal(api, customer)
    httpx2.get(other["url"], verify=False)
    assert httpx2.get(other["url"], headers={"Cookie": stolen}, verify=False).status_code == 410


def test_session_ends_after_an_hour(api: Api, clock: ManualClock) -> None:
    page = open_portal(api, api.customer())
    late = api.ok(f"/v1/customers/{api.customer()['id']}/billing-portal-sessions")["url"]
    clock.advance(minutes=60)
    assert api.browser.get(page).status_code == 410
    assert api.browser.get(late).status_code == 410
    assert api.browser.post(f"{page}/cancel").status_code == 410


def test_cancel_and_keep(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    page = open_portal(api, customer)
    assert "ends with its period" in press(api, page, "cancel").text
    assert api.current(customer)["cancel_at_period_end"] is True
    assert "goes on" in press(api, page, "resume").text
    assert api.current(customer)["cancel_at_period_end"] is False


def test_change_plan(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    page = open_portal(api, customer)
    plan = re.search(r'<option value="(plan_\w+)">Pro:', api.browser.get(page).text)
    assert plan
    assert "The plan is changed" in press(api, page, "change-plan", plan=plan[1]).text
    assert api.current(customer)["plan_code"] == "pro"


def test_change_plan_over_a_checkout_and_back(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "free")
    page = open_portal(api, customer)
    checkout = api.browser.post(f"{page}/change-plan", data={"plan": "pro"})
    assert "/checkout/" in checkout.headers["location"]
    paid = api.browser.post(checkout.headers["location"], data=CARD, follow_redirects=True)
    assert "The plan is changed" in paid.text
    assert api.current(customer)["plan_code"] == "pro"


def test_failures_are_said_on_the_page(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter", card=ONCE)
    page = open_portal(api, customer)
    refused = press(api, page, "change-plan", plan="pro")
    assert (refused.status_code, "declined" in refused.text) == (402, True)
    assert press(api, page, "change-plan", plan="nope").status_code == 404
    assert press(api, page, "change-plan").status_code == 404
    assert press(api, page, "change-plan", plan="starter").status_code == 422
    assert api.current(customer)["plan_code"] == "starter"


def test_no_subscription_to_act_on(api: Api) -> None:
    page = open_portal(api, api.customer())
    for action in ("cancel", "resume", "change-plan"):
        assert press(api, page, action).status_code == 422


@pytest.mark.parametrize(
    "path", ["/portal/ps_x", "/portal/%00", "/portal/ps_x/cancel", "/nowhere", "/static/nope", "/static/..%2fapp.py"]
)
def test_unknown_pages_are_friendly(shared: Api, path: str) -> None:
    answer = shared.browser.post(path) if path.endswith("cancel") else shared.browser.get(path)
    assert (answer.status_code, "<h1>" in answer.text) == (404, True)


def test_methods_of_pages(shared: Api) -> None:
    answer = shared.browser.delete("/checkout/x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert shared.browser.head("/").status_code == 200
    assert shared.browser.get("/portal/x/cancel").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "fields", [{"return_url": "/x"}, {"return_url": 5}, {"locale": "x" * 36}, {"customer_id": "cus_other"}]
)
def test_portal_faults(shared: Api, fields: dict) -> None:
    customer = shared.customer()
    answer = shared.post(f"/v1/customers/{customer['id']}/billing-portal-sessions", fields)
    assert problem(answer, 422, "validation.failed")["errors"][0]["field"] == next(iter(fields))


def test_index_shows_how_to_use_it(api: Api) -> None:
    api.subscribe(api.customer(), "starter")
    api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:1/"})
    api.customer()
    api.sandbox.wait_idle()
    page = api.browser.get("/").text
    for text in (api.sandbox.url, api.sandbox.token, "customer.created", "4242 4242 4242 4242", "pro_yearly"):
        assert text in page
    style = api.browser.get("/static/sandbox.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def text_of(page: str) -> str:
    return " ".join(re.sub("<.*?>", " ", page).split())


def test_preview_before_the_plan_is_changed(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    clock.advance(days=15)
    page = open_portal(api, customer)
    seen = text_of(api.browser.get(f"{page}/change-plan", params={"plan": "pro"}).text)
    for expected in ("From Starter to Pro", "Unused time on Starter -9.50 USD", "Remaining time on Pro 24.50 USD"):
        assert expected in seen
    assert "Change and pay 16.20 USD" in seen
    assert "From 1 December 2026 it costs 52.92 USD with tax every month" in seen
    assert api.current(customer)["plan_code"] == "starter"
    press(api, page, "change-plan", plan="pro")
    assert api.invoices(customer)[0]["total"] == "16.20"


def test_preview_of_a_downgrade_tells_of_the_credit(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "pro")
    page = open_portal(api, customer)
    seen = text_of(api.browser.get(f"{page}/change-plan", params={"plan": "starter"}).text)
    assert "32.40 USD are kept as your credit" in seen
    assert api.browser.get(f"{page}/change-plan", params={"plan": "nope"}).status_code == 404


def test_cancel_at_once(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    page = open_portal(api, customer)
    assert "has ended" in press(api, page, "cancel", when="now").text
    assert api.get(f"/v1/subscriptions/{subscription['id']}").json()["status"] == "canceled"
    assert "no subscription" in api.browser.get(page).text


def test_commitment_is_kept(api: Api) -> None:
    customer = api.customer()
    method = api.ok(f"/v1/customers/{customer['id']}/payment-methods", {"type": "card", "token": "tok_visa_success"})
    commitment = {"months": 12, "billing": "monthly", "early_cancel": "forbid"}
    fields = {"customer_id": customer["id"], "plan_code": "starter", "default_payment_method_id": method["id"]}
    api.ok("/v1/subscriptions", {**fields, "commitment": commitment})
    page = open_portal(api, customer)
    assert "committed to 12 months, until 1\u00a0November\u00a02027" in api.browser.get(page).text
    refused = press(api, page, "cancel", when="now")
    assert (refused.status_code, "committed until" in refused.text) == (422, True)
    assert "Ends on 1\u00a0November\u00a02027" in press(api, page, "cancel").text


def test_trial_and_pause_are_told(api: Api) -> None:
    customer = api.customer()
    subscription = api.ok("/v1/subscriptions", {"customer_id": customer["id"], "plan_code": "starter", "trial_days": 7})
    page = open_portal(api, customer)
    seen = text_of(api.browser.get(page).text)
    assert "Your trial runs until 8 November 2026. Then 20.52 USD every month" in seen
    assert subscription["status"] == "trialing"
    other = api.customer(email="paused@example.com")
    held = api.subscribe(other, "starter")
    api.ok(f"/v1/subscriptions/{held['id']}/pause", {})
    page = open_portal(api, other)
    assert "Nothing is charged until it goes on" in api.browser.get(page).text
    press(api, page, "resume")
    assert api.current(other)["status"] == "active"


def test_change_the_card_over_the_bank_s_question(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    page = open_portal(api, customer)
    store = api.browser.post(f"{page}/card").headers["location"]
    asked = api.browser.post(store, data=CAREFUL).headers["location"]
    done = api.browser.post(asked, data={"answer": "approve"}, follow_redirects=True)
    assert "The card is saved" in done.text
    assert "ending in 3220" in done.text


def owed(api: Api, customer: dict) -> dict:
    """Make an open invoice."""
    line = {"description": "Extra work", "quantity": "1", "unit_amount": "10.00"}
    draft = api.ok("/v1/invoices", {"customer_id": customer["id"], "currency": "USD", "lines": [line]})
    return api.ok(f"/v1/invoices/{draft['id']}/finalize")


def test_pay_an_open_invoice(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    invoice = owed(api, customer)
    page = open_portal(api, customer)
    assert f'value="{invoice["id"]}">Pay 10.80' in api.browser.get(page).text
    assert "The invoice is paid" in press(api, page, "pay", invoice=invoice["id"]).text
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "paid"
    assert press(api, page, "pay", invoice=invoice["id"]).status_code == 422


def test_pay_without_a_card_takes_one_first(api: Api) -> None:
    customer = api.customer()
    invoice = owed(api, customer)
    page = open_portal(api, customer)
    store = api.browser.post(f"{page}/pay", data={"invoice": invoice["id"]}).headers["location"]
    back = api.browser.post(store, data=CARD, follow_redirects=True)
    assert "The card is saved" in back.text
    assert "The invoice is paid" in press(api, page, "pay", invoice=invoice["id"]).text


def test_pay_with_a_card_that_is_declined(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter", card=ONCE)
    invoice = owed(api, customer)
    page = open_portal(api, customer)
    refused = press(api, page, "pay", invoice=invoice["id"])
    assert (refused.status_code, "declined" in refused.text) == (402, True)
    [failed] = api.get("/v1/payments", invoice_id=invoice["id"]).json()["data"]
    assert failed["status"] == "failed"


def test_nobody_pays_the_invoices_of_others(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    invoice = owed(api, api.customer(email="other@example.com"))
    page = open_portal(api, customer)
    assert press(api, page, "pay", invoice=invoice["id"]).status_code == 404
    for action in ("pay", "card"):
        assert httpx2.post(f"{page}/{action}", data={"invoice": invoice["id"]}, verify=False).status_code == 410
