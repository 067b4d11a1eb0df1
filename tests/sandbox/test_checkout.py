"""From attach over the hosted page to an active subscription."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import httpx2
import pytest

from paylera_sandbox import Sandbox
from sandbox.support import CARD, CAREFUL, DECLINED, POOR, Api, ManualClock, problem

OK_URL = "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}&x=1"


def types(api: Api) -> list[str]:
    return [event["type"] for event in api.events()]


def test_free_plan_is_active_at_once(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "free")
    assert (answer["object"], answer["status"], answer["checkout_url"]) == ("attach", "active", None)
    subscription = api.get(f"/v1/subscriptions/{answer['subscription_id']}").json()
    assert (subscription["status"], subscription["plan_code"], subscription["latest_invoice_id"]) == (
        "active",
        "free",
        None,
    )
    assert types(api) == ["customer.created", "subscription.created", "subscription.activated"]
    assert api.invoices(customer) == []


def test_paid_plan_goes_over_the_page(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "starter", success_url=OK_URL)
    assert (answer["status"], answer["subscription_id"], answer["plan_code"]) == ("checkout_required", None, "starter")
    page = api.browser.get(answer["checkout_url"])
    assert page.status_code == 200
    assert "20.52 USD" in page.text  # 19.00 and 8 % tax
    paid = api.browser.post(answer["checkout_url"], data=CARD)
    assert paid.status_code == 303
    assert paid.headers["location"] == f"http://127.0.0.1:9/done?session={answer['checkout_session_id']}&x=1"

    subscription = api.current(customer)
    assert (subscription["status"], subscription["version"]) == ("active", 2)
    assert subscription["current_period_end"] == "2026-12-01T00:00:00.000Z"
    [invoice] = api.invoices(customer)
    assert invoice["id"] == subscription["latest_invoice_id"]
    assert (invoice["number"], invoice["status"]) == ("INV-2026-000001", "paid")
    amounts = [invoice[name] for name in ("subtotal", "discount", "tax", "total", "amount_paid", "amount_due")]
    assert amounts == ["19.00", "0.00", "1.52", "20.52", "20.52", "0.00"]
    payment = api.get(f"/v1/payments/{invoice['payments'][0]}").json()
    assert (payment["status"], payment["amount"], payment["invoice_id"]) == ("succeeded", "20.52", invoice["id"])
    [method] = api.get(f"/v1/customers/{customer['id']}/payment-methods").json()["data"]
    assert (method["card"]["last4"], method["is_default"]) == ("4242", True)
    assert method["id"] == api.get(f"/v1/customers/{customer['id']}").json()["default_payment_method_id"]
    assert api.get(f"/v1/payment-methods/{method['id']}").json() == method


def test_events_of_a_purchase(api: Api) -> None:
    api.subscribe(api.customer(), "starter")
    assert sorted(types(api)) == sorted(
        [
            "customer.created", "payment.created", "payment_method.attached", "customer.updated",
            "subscription.created", "invoice.created", "invoice.finalized", "payment.succeeded", "invoice.paid",
            "subscription.activated",
        ]
    )  # fmt: skip
    [paid] = api.events(type="invoice.paid")
    assert paid["data"]["amount_paid"] == "20.52"
    assert (paid["aggregate_type"], paid["aggregate_id"]) == ("invoice", paid["data"]["id"])
    assert not re.search(r'"_\w+":', str(api.events()).replace("'", '"'))  # nothing of the sandbox's own


@pytest.mark.parametrize(
    ("card", "words", "code"), [(DECLINED, "declined", "card_declined"), (POOR, "not enough", "insufficient_funds")]
)
def test_declined_card_says_why_and_lets_try_again(api: Api, card: dict, words: str, code: str) -> None:
    customer = api.customer()
    answer = api.attach(customer, "pro", success_url=OK_URL)
    refused = api.browser.post(answer["checkout_url"], data=card)
    assert refused.status_code == 402
    assert words in refused.text
    assert 'role="alert"' in refused.text
    assert api.get("/v1/subscriptions", customer_id=customer["id"]).json()["data"] == []
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert (payment["status"], payment["last_error"]["decline_code"]) == ("failed", code)
    assert [event["type"] for event in api.events(aggregate_id=payment["id"])] == ["payment.created", "payment.failed"]
    assert api.browser.post(answer["checkout_url"], data=CARD).status_code == 303
    assert api.current(customer)["plan_code"] == "pro"


@pytest.mark.parametrize("token", ["tok_visa_success", "5555555555554444"])
def test_tokens_and_other_brands(api: Api, token: str) -> None:
    assert api.subscribe(api.customer(), "starter", card={**CARD, "card_number": token})["status"] == "active"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("card_number", ""), ("card_number", "4111111111111111"), ("card_number", "\0"), ("card_number", "x" * 5000),
        ("expiry", "10/26"), ("expiry", "13/40"), ("expiry", "0/40"), ("expiry", "soon"), ("expiry", ""),
        ("cvc", "12"), ("cvc", "12345"), ("cvc", "١٢٣"), ("name", " "), ("name", "x" * 201),
    ],
)  # fmt: skip
def test_form_faults_are_shown_at_the_field(api: Api, field: str, value: str) -> None:
    answer = api.attach(api.customer(), "starter")
    page = api.browser.post(answer["checkout_url"], data={**CARD, field: value})
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    assert page.text.count('aria-invalid="true"') == 1


def test_three_d_secure_approved(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "starter", success_url=OK_URL)
    asked = api.browser.post(answer["checkout_url"], data=CAREFUL)
    assert (asked.status_code, asked.headers["location"].endswith("/confirm")) == (303, True)
    assert api.get("/v1/subscriptions", customer_id=customer["id"]).json()["data"] == []
    assert api.browser.get(answer["checkout_url"]).headers["location"] == asked.headers["location"]
    assert "20.52 USD" in api.browser.get(asked.headers["location"]).text
    done = api.browser.post(asked.headers["location"], data={"answer": "approve"})
    assert done.headers["location"].startswith("http://127.0.0.1:9/done")
    assert api.current(customer)["status"] == "active"
    [payment] = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert [event["type"] for event in api.events(aggregate_id=payment["id"])] == [
        "payment.created",
        "payment.requires_action",
        "payment.action_completed",
        "payment.succeeded",
    ]


def test_three_d_secure_refused(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "starter")
    confirm = api.browser.post(answer["checkout_url"], data=CAREFUL).headers["location"]
    refused = api.browser.post(confirm, data={"answer": "refuse"})
    assert (refused.status_code, "could not confirm" in refused.text) == (402, True)
    assert api.browser.get(confirm).headers["location"].endswith(answer["checkout_session_id"])
    assert api.browser.post(answer["checkout_url"], data=CARD).status_code == 303
    assert len(api.invoices(customer)) == 1


def test_another_card_instead_of_a_confirmation(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "starter")
    confirm = api.browser.post(answer["checkout_url"], data=CAREFUL).headers["location"]
    assert api.browser.post(answer["checkout_url"], data=CARD).status_code == 303
    assert api.browser.post(confirm, data={"answer": "approve"}).status_code == 303
    payments = api.get("/v1/payments", customer_id=customer["id"]).json()["data"]
    assert [payment["status"] for payment in payments] == ["succeeded", "canceled"]


def test_double_submit_charges_once(api: Api) -> None:
    customer = api.customer()
    answer = api.attach(customer, "starter", success_url=OK_URL)
    start, answers = threading.Barrier(8), []

    def pay() -> None:
        start.wait()
        answers.append(httpx2.post(answer["checkout_url"], data=CARD))

    threads = [threading.Thread(target=pay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(a.status_code, a.headers["location"]) for a in answers} == {
        (303, OK_URL.replace("{CHECKOUT_SESSION_ID}", answer["checkout_session_id"]))
    }
    assert len(api.get("/v1/payments", customer_id=customer["id"]).json()["data"]) == 1
    assert len(api.invoices(customer)) == 1


def test_two_sessions_make_one_subscription(api: Api) -> None:
    customer = api.customer()
    one, two = (api.attach(customer, "starter", cancel_url="http://127.0.0.1:9/back") for _ in range(2))
    assert api.browser.post(one["checkout_url"], data=CARD).status_code == 303
    page = api.browser.post(two["checkout_url"], data=CARD)
    assert (page.status_code, "http://127.0.0.1:9/back" in page.text) == (409, True)
    assert len(api.invoices(customer)) == 1


def test_session_expires_after_a_day(api: Api, clock: ManualClock) -> None:
    answer = api.attach(api.customer(), "starter")
    waiting = api.attach(api.customer(), "starter")
    confirm = api.browser.post(waiting["checkout_url"], data=CAREFUL).headers["location"]
    clock.advance(hours=24)
    assert api.browser.get(answer["checkout_url"]).status_code == 410
    assert api.browser.post(answer["checkout_url"], data=CARD).status_code == 410
    assert api.browser.post(confirm, data={"answer": "approve"}).status_code == 410
    assert api.get("/v1/subscriptions").json()["data"] == []


def test_paid_session_without_success_url_says_so(api: Api) -> None:
    answer = api.attach(api.customer(), "starter")
    paid = api.browser.post(answer["checkout_url"], data=CARD, follow_redirects=True)
    assert (paid.status_code, "This is paid" in paid.text) == (200, True)


def test_unknown_session_is_a_friendly_404(shared: Api) -> None:
    for path in ("/checkout/cs_x", "/checkout/%00", "/checkout/cs_x/confirm", "/checkout/" + "x" * 10_000):
        answer = shared.browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_attach_beside_a_subscription(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    body = {"customer_id": customer["id"]}
    problem(api.post("/v1/attach", {**body, "plan_code": "starter"}), 409, "subscription.already_active")
    document = problem(api.post("/v1/attach", {**body, "plan_code": "pro"}), 409, "subscription.exists")
    assert f"/v1/subscriptions/{subscription['id']}/change-plan" in document["detail"]


def test_plan_by_id_or_code_under_either_name(api: Api) -> None:
    plan = api.get("/v1/plans/free").json()
    for field, value in (("plan_id", "free"), ("plan_code", plan["id"]), ("plan_id", plan["id"])):
        assert api.ok("/v1/attach", {"customer_id": api.customer()["id"], field: value})["plan_code"] == "free"


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({}, "plan_id"),
        ({"plan_id": "pro", "plan_code": "free"}, "plan_code"),
        ({"plan_id": ["pro"]}, "plan_id"),
        ({"plan_id": "pro", "success_url": "/relative"}, "success_url"),
        ({"plan_id": "pro", "success_url": "javascript:alert(1)"}, "success_url"),
        ({"plan_id": "pro", "success_url": "https://a@b/c"}, "success_url"),
        ({"plan_id": "pro", "success_url": "http://"}, "success_url"),
        ({"plan_id": "pro", "success_url": "http://x:99999/"}, "success_url"),
        ({"plan_id": "pro", "success_url": "http://x/\r\nSet-Cookie: a"}, "success_url"),
        ({"plan_id": "pro", "cancel_url": "http://x\\@y/"}, "cancel_url"),
        ({"plan_id": "pro", "quantities": {"seats": "-1"}}, "quantities"),
        ({"plan_id": "pro", "quantities": {"seats": 1.5}}, "quantities"),
        ({"plan_id": "pro", "coupons": "WELCOME10"}, "coupons"),
        ({"plan_id": "pro", "price": "0.00"}, "price"),
    ],
)
def test_attach_faults(shared: Api, fields: dict, faulty: str) -> None:
    customer = shared.customer()
    document = problem(shared.post("/v1/attach", {"customer_id": customer["id"], **fields}), 422, "validation.failed")
    assert document["errors"][0]["field"] == faulty


def test_attach_unknown_things(shared: Api) -> None:
    customer = shared.customer()
    problem(shared.post("/v1/attach", {"customer_id": "cus_x", "plan_id": "pro"}), 404, "customer.not_found")
    problem(shared.post("/v1/attach", {"customer_id": customer["id"], "plan_id": "x"}), 404, "plan.not_found")
    body = {"customer_id": customer["id"], "plan_id": "pro", "coupons": ["NOPE"]}
    problem(shared.post("/v1/attach", body), 404, "coupon.not_found")


def test_coupon_takes_its_share_before_tax(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter", coupons=["WELCOME10"])
    [invoice] = api.invoices(customer)
    amounts = [invoice[name] for name in ("subtotal", "discount", "tax", "total")]
    assert amounts == ["19.00", "1.90", "1.37", "18.47"]  # 8 % of 17.10 is 1.368


def test_everything_off_is_active_at_once(tmp_path: Path) -> None:
    path = tmp_path / "gift.toml"
    path.write_text('[plans.a]\nname = "A"\namount = "5.00"\n[coupons.GIFT]\npercent_off = "100"\n')
    with Sandbox(catalogue=path) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        assert api.attach(customer, "a", coupons=["GIFT"])["status"] == "active"
        [invoice] = api.invoices(customer)
        api.close()
    amounts = [invoice[name] for name in ("subtotal", "discount", "tax", "total", "status")]
    assert amounts == ["5.00", "5.00", "0.00", "0.00", "paid"]


def test_credit_that_covers_everything_charges_no_card(api: Api) -> None:
    customer = api.customer()
    first = api.subscribe(customer, "pro_yearly")
    api.ok(f"/v1/subscriptions/{first['id']}/change-plan", {"plan_code": "free"})  # 529.20 of credit
    api.ok(f"/v1/subscriptions/{first['id']}/cancel", {"at_period_end": False})
    second = api.subscribe(customer, "starter")
    invoice = api.get(f"/v1/invoices/{second['latest_invoice_id']}").json()
    assert [invoice[name] for name in ("total", "credit_applied", "amount_paid", "status")] == [
        "20.52",
        "20.52",
        "0.00",
        "paid",
    ]
    assert len(api.get("/v1/payments").json()["data"]) == 1
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "508.68"}


def test_forms_are_small(api: Api) -> None:
    url = api.attach(api.customer(), "starter")["checkout_url"]
    assert api.browser.post(url, data={**CARD, "name": "x" * 70_000}).status_code == 413


def test_pages_carry_their_protection(api: Api) -> None:
    answer = api.attach(api.customer(name="<script>alert(1)</script>", email="a@b.c"), "starter")
    page = api.browser.get(answer["checkout_url"])
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    mirrored = api.browser.post(answer["checkout_url"], data={**CARD, "card_number": '"><script>x</script>'})
    assert "<script>" not in mirrored.text


def test_forms_from_elsewhere_are_refused(api: Api) -> None:
    answer = api.attach(api.customer(), "starter")
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        assert api.browser.post(answer["checkout_url"], data=CARD, headers={"Origin": origin}).status_code == 403
    own = {"Origin": api.sandbox.url}
    assert api.browser.post(answer["checkout_url"], data=CARD, headers=own).status_code == 303


def test_pages_answer_to_loopback_names_only(shared: Api) -> None:
    for host, status in (
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("localhost:1", 200),
        ("[::1]", 200),
    ):
        assert shared.browser.get("/", headers={"Host": host}).status_code == status


def test_invoice_pdf(api: Api) -> None:
    customer = api.customer(name="Zoë (Ltd)")
    api.subscribe(customer, "starter")
    [invoice] = api.invoices(customer)
    with_token = api.get(f"/v1/invoices/{invoice['id']}/pdf")
    from_page = api.browser.get(invoice["pdf_url"])
    assert with_token.content == from_page.content
    assert from_page.headers["content-type"] == "application/pdf"
    content = from_page.content
    start = int(content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref\n")
    assert b"INV-2026-000001" in content
    assert "Zoë \\(Ltd\\)".encode("cp1252") in content
    assert api.browser.get("/invoices/inv_x/pdf").status_code == 404


def test_reading_invoices_and_payments(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    [invoice] = api.get("/v1/invoices", subscription_id=subscription["id"], status="paid,open").json()["data"]
    assert api.get(f"/v1/invoices/{invoice['id']}").json() == invoice
    assert api.get("/v1/invoices", status="open").json()["data"] == []
    [payment] = api.get("/v1/payments", invoice_id=invoice["id"]).json()["data"]
    assert payment["status"] == "succeeded"
    problem(api.get("/v1/invoices/inv_x"), 404, "invoice.not_found")
    problem(api.get("/v1/payments/pay_x"), 404, "payment.not_found")
    problem(api.get("/v1/payment-methods/pm_x"), 404, "payment_method.not_found")


def checkout(api: Api, customer: dict, **fields: object) -> str:
    return api.ok("/v1/checkout/sessions", {"customer_id": customer["id"], **fields})["url"]


def test_card_fills_the_form_without_scripts(api: Api) -> None:
    url = api.attach(api.customer(name="Ada"), "starter")["checkout_url"]
    text = api.browser.get(url, params={"card": "tok_visa_3ds"}).text
    for value in ("4000 0000 0000 3220", "12/29", "123", "Ada"):
        assert f'value="{value}"' in text
    assert 'value="4000' not in api.browser.get(url, params={"card": "tok_nope"}).text


def test_page_says_what_comes_after_today(api: Api) -> None:
    url = api.attach(api.customer(), "starter", coupons=["WELCOME10"])["checkout_url"]
    text = " ".join(re.sub("<.*?>", "", api.browser.get(url).text).split())
    assert "18.47 USD today" in text
    assert "Then 20.52 USD with tax every month from 1 December 2026" in text
    assert "With WELCOME10" in text


def test_trial_costs_nothing_today(api: Api) -> None:
    customer = api.customer()
    url = checkout(api, customer, plan_code="starter", trial_days=14)
    text = " ".join(re.sub("<.*?>", "", api.browser.get(url).text).split())
    assert "You pay 0.00 USD today, and 20.52 USD every month from 15 November 2026" in text
    assert "Start the trial" in text
    assert api.browser.post(url, data=CARD).status_code == 303
    assert api.current(customer)["status"] == "trialing"


def test_promotion_code_on_the_page(api: Api) -> None:
    url = checkout(api, api.customer(), plan_code="starter", allow_promotion_codes=True)
    wrong = api.browser.post(f"{url}/promotion", data={"code": "NOPE"})
    assert (wrong.status_code, 'id="code-wrong"' in wrong.text) == (422, True)
    right = api.browser.post(f"{url}/promotion", data={"code": "WELCOME10"}, follow_redirects=True)
    assert "18.47 USD" in right.text
    closed = checkout(api, api.customer(), plan_code="starter")
    assert "Promotion code" not in api.browser.get(closed).text
    assert api.browser.post(f"{closed}/promotion", data={"code": "WELCOME10"}).status_code == 422


def test_paying_once(api: Api) -> None:
    customer = api.customer()
    items = [{"description": "Setting up", "quantity": "2", "unit_amount": "50.00"}]
    url = checkout(api, customer, mode="payment", currency="USD", line_items=items)
    assert "108.00 USD" in api.browser.get(url).text
    assert api.browser.post(url, data=CARD).status_code == 303
    [invoice] = api.invoices(customer)
    assert (invoice["status"], invoice["total"]) == ("paid", "108.00")


def methods(api: Api, customer: dict) -> list[dict]:
    return api.get(f"/v1/customers/{customer['id']}/payment-methods").json()["data"]


def test_storing_a_card(api: Api) -> None:
    customer = api.customer()
    url = checkout(api, customer, mode="setup", success_url=OK_URL)
    text = api.browser.get(url).text
    assert "Nothing is charged today" in text
    assert "Save the card" in text
    declined = api.browser.post(url, data=DECLINED)
    assert (declined.status_code, "The card was not saved" in declined.text) == (402, True)
    assert methods(api, customer) == []
    assert api.browser.post(url, data=CARD).status_code == 303
    assert [method["card"]["last4"] for method in methods(api, customer)] == ["4242"]
    assert "The card is saved" in api.browser.get(url).text
    assert api.get("/v1/payments").json()["data"] == []


def test_storing_a_card_that_the_bank_asks_about(api: Api) -> None:
    customer = api.customer()
    url = checkout(api, customer, mode="setup")
    asked = api.browser.post(url, data=CAREFUL).headers["location"]
    assert "keep your card" in api.browser.get(asked).text
    assert methods(api, customer) == []
    refused = api.browser.post(asked, data={"answer": "refuse"})
    assert (refused.status_code, "could not confirm" in refused.text) == (402, True)
    again = api.browser.post(url, data=CAREFUL).headers["location"]
    assert api.browser.post(again, data={"answer": "approve"}).status_code == 303
    assert [method["card"]["last4"] for method in methods(api, customer)] == ["3220"]
