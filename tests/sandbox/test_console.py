"""The console: what it shows, what it does, and what it refuses."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.pages.routes import CONSOLE, PAGES
from sandbox.console import HOSTILE, Scene, furnish
from sandbox.support import CARD, Api, ManualClock, Receiver


@pytest.fixture
def scene(api: Api, receiver: Receiver) -> Scene:
    return furnish(api, receiver.url)


def page(api: Api, path: str, /, **query: str) -> str:
    answer = api.browser.get(path, params=query or None)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


def press(api: Api, path: str, /, **form: str) -> str:
    """Send a form and follow to the page after it."""
    answer = api.browser.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return page(api, answer.headers["location"])


def test_every_page_answers_and_changes_nothing(api: Api, scene: Scene) -> None:
    before = api.sandbox.engine.store.changes
    for path in scene.paths():
        text = page(api, path)
        assert text.count("<h1>") == 1, path
        assert "<main" in text
        head = api.browser.head(path)
        assert (head.status_code, head.content) == (200, b"")
    assert api.sandbox.engine.store.changes == before


def test_hostile_names_are_only_text(api: Api, scene: Scene) -> None:
    for path in scene.paths():
        text = page(api, path)
        assert HOSTILE[:20] not in text, path
        assert 'alert("' not in text, path
        assert not re.search(r"<script(?! src=\"/static/sandbox\.js\" defer>)", text), path
    assert "&lt;script&gt;" in page(api, f"/console/customers/{scene.ids['customers']}")


def test_pages_run_no_script_but_the_own_one(api: Api, scene: Scene) -> None:
    for path in scene.paths():
        answer = api.browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"\s(on\w+|style)=", answer.text), path


@pytest.mark.parametrize("path", [path for path, views in {**CONSOLE, **PAGES}.items() if "POST" in views])
def test_forms_from_elsewhere_are_refused(shared: Api, path: str) -> None:
    target = path.replace("{id}", "x")
    before = shared.sandbox.engine.store.changes
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = shared.browser.post(target, data={"email": "a@b.c"}, headers=headers)
        assert (answer.status_code, "another site" in answer.text) == (403, True)
    assert shared.sandbox.engine.store.changes == before


@pytest.mark.parametrize("path", {**CONSOLE, **PAGES})
def test_only_loopback_names_are_answered(shared: Api, path: str) -> None:
    target = re.sub(r"{\w+}", "x", path)
    method = "GET" if "GET" in {**CONSOLE, **PAGES}[path] else "POST"
    assert shared.browser.request(method, target, headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("path", [path for path, views in CONSOLE.items() if "{" in path and "GET" in views])
@pytest.mark.parametrize("identifier", ["x", "%00", "9" * 30, "%3Cscript%3E"])
def test_unknown_things_are_a_friendly_404(shared: Api, path: str, identifier: str) -> None:
    answer = shared.browser.get(re.sub(r"{\w+}", identifier, path))
    assert (answer.status_code, "<h1>" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["/console/customers", "/console/events", "/console/requests", "/console/invoices"])
@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "before=" + "9" * 40, "status=%00", "q=%25%5F!%22%5C", "type=*"]
)
def test_odd_queries_are_read_leniently(shared: Api, path: str, query: str) -> None:
    assert shared.browser.get(f"{path}?{query}").status_code == 200


def test_overview_counts(api: Api, scene: Scene) -> None:
    text = page(api, "/console")
    assert "98.00" in text  # two subscriptions to Pro, 49.00 each
    assert "Revenue in USD by day" in text
    assert re.search(
        r'<th scope="row">1 November 2026</th><td class="number">105\.84</td>', text
    )  # twice 49.00 and tax
    assert re.search(r'<th scope="row">November 2026</th><td class="number">12</td>', text)


def test_overview_of_an_empty_sandbox(api: Api) -> None:
    text = page(api, "/console")
    assert "Nothing metered yet" in text
    assert "No app has called the API yet" in text


def names(text: str) -> list[str]:
    return re.findall(r'<tr data-row="cus_\w+">.*?<bdi[^>]*>(.*?)</bdi>', text)


def test_pages_of_a_list_lead_there_and_back(api: Api) -> None:
    for number in range(120):
        api.customer(name=f"N{number}")
    first = page(api, "/console/customers")
    assert names(first) == [f"N{number}" for number in range(119, 69, -1)]
    assert 'rel="prev"' not in first

    def follow(text: str, rel: str) -> str:
        [link] = re.findall(rf'rel="{rel}" href="(.*?)"', text)
        return page(api, "/console/customers" + link.replace("&amp;", "&"))

    second = follow(first, "next")
    third = follow(second, "next")
    assert names(third) == [f"N{number}" for number in range(19, -1, -1)]
    assert 'rel="next"' not in third
    assert names(follow(third, "prev")) == names(second)
    assert names(follow(second, "prev")) == names(first)
    assert 'rel="prev"' not in follow(second, "prev")


@pytest.mark.parametrize(
    ("search", "found"),
    [("love", ["Ada Lovelace"]), ("ADA@", ["Ada Lovelace"]), ("user_1", ["Ada Lovelace"]), ("user%1", []), ("name", []),
     ('"quoted" \\', ['The &#34;quoted&#34; \\']), ("example.com", ["The &#34;quoted&#34; \\", "Ada Lovelace"])],
)  # fmt: skip
def test_search(api: Api, search: str, found: list[str]) -> None:
    api.customer(name="Ada Lovelace", email="ada@example.com", external_id="user_1")
    api.customer(name='The "quoted" \\', email="q@example.com")
    text = page(api, "/console/customers", q=search)
    assert names(text) == found
    assert ("Nobody is called that" in text) == (not found)


def test_search_by_id(api: Api) -> None:
    customer = api.customer(name="Ada Lovelace")
    assert names(page(api, "/console/customers", q=customer["id"])) == ["Ada Lovelace"]


def test_a_customer_is_created_and_subscribed_by_hand(api: Api) -> None:
    text = press(api, "/console/customers", email="ada@example.com", name="Ada", external_id="")
    assert "Ada" in text
    [customer] = api.get("/v1/customers").json()["data"]
    home = f"/console/customers/{customer['id']}"
    checkout = api.browser.post(f"{home}/attach", data={"plan_code": "starter", "coupon": "WELCOME10"})
    assert "18.47 USD" in page(api, checkout.headers["location"])
    portal = api.browser.post(f"{home}/portal")
    assert portal.headers["location"].startswith(f"{api.sandbox.url}/portal/ps_")
    press(api, f"{home}/attach", plan_code="free")
    assert api.current(customer)["plan_code"] == "free"


def test_refusals_are_the_api_s(api: Api) -> None:
    answer = api.browser.post("/console/customers", data={"email": "nobody"})
    assert (answer.status_code, "must be an e-mail address" in answer.text) == (422, True)
    assert 'aria-label="Console"' in answer.text
    api.subscribe(customer := api.customer(), "starter")
    again = api.browser.post(f"/console/customers/{customer['id']}/attach", data={"plan_code": "starter"})
    assert (again.status_code, "has the plan" in again.text) == (409, True)


def test_subscription_actions(api: Api) -> None:
    subscription = api.subscribe(customer := api.customer(), "starter")
    home = f"/console/subscriptions/{subscription['id']}"
    press(api, home, action="cancel")
    assert api.current(customer)["cancel_at_period_end"] is True
    press(api, home, action="resume")
    assert api.current(customer)["cancel_at_period_end"] is False
    press(api, f"{home}/change-plan", plan_code="pro")
    assert api.current(customer)["plan_code"] == "pro"
    assert "Paused" in press(api, home, action="pause")
    press(api, home, action="resume")
    assert api.current(customer)["status"] == "active"
    text = press(api, home, action="cancel_now")
    assert "Canceled" in text
    assert api.get(f"/v1/subscriptions/{subscription['id']}").json()["status"] == "canceled"


def test_what_needs_a_card_leads_to_the_page_that_takes_one(api: Api) -> None:
    subscription = api.subscribe(customer := api.customer(), "free")
    answer = api.browser.post(f"/console/subscriptions/{subscription['id']}/change-plan", data={"plan_code": "pro"})
    assert answer.status_code == 402
    [checkout] = re.findall(r'<a class="button" href="(.*?/checkout/cs_\w+)">Open that page', answer.text)
    assert api.browser.post(checkout, data=CARD).status_code == 303
    assert api.current(customer)["plan_code"] == "pro"


def test_trials_are_extended_and_commitments_told(api: Api) -> None:
    customer = api.customer()
    fields = {"customer_id": customer["id"], "plan_code": "starter", "trial_days": 7}
    subscription = api.ok("/v1/subscriptions", fields)
    home = f"/console/subscriptions/{subscription['id']}"
    text = press(api, f"{home}/extend-trial", trial_end="2026-11-20T00:00")
    assert '<time datetime="2026-11-20T00:00:00.000Z"' in text
    assert api.current(customer)["trial_end"] == "2026-11-20T00:00:00.000Z"
    assert api.browser.post(f"{home}/extend-trial", data={"trial_end": "soon"}).status_code == 422


def test_timeline_is_the_whole_story_newest_first(api: Api, clock: ManualClock) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    clock.advance(days=2)
    api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro"})
    other = api.subscribe(api.customer(email="b@example.com"), "pro")
    text = page(api, f"/console/subscriptions/{subscription['id']}")
    told = re.findall(r'href="/console/events/evt_\w+">([\w.]+)</a> <bdi>(.*?)</bdi>', text)
    assert told[0] == ("subscription.updated", "pro, active")
    assert [name for name, _ in told].count("invoice.paid") == 2
    assert ("invoice.paid", "INV-2026-000001, 20.52 USD, paid") in told
    assert told.index(("subscription.activated", "starter, active")) > told.index(told[0])
    assert "Plan code: starter → pro" in text
    assert text.index("3 November 2026") < text.index(">1 November 2026")
    assert "INV-2026-000003" not in text
    assert other["id"] not in text


def test_long_timelines_have_pages(api: Api) -> None:
    subscription = api.subscribe(api.customer(), "starter")
    for _ in range(30):
        api.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {})
        api.ok(f"/v1/subscriptions/{subscription['id']}/resume", {})
    home = f"/console/subscriptions/{subscription['id']}"
    first = page(api, home)
    [link] = re.findall(r'rel="next" href="(.*?)"', first)
    second = page(api, home + link)
    rows = [re.findall(r'data-row="(evt_\w+)"', text) for text in (first, second)]
    assert len(rows[0]) == 50
    assert not set(rows[0]) & set(rows[1])
    assert "subscription.created" in second


def test_event_with_body_and_send_again(api: Api, scene: Scene, receiver: Receiver) -> None:
    home = f"/console/events/{scene.ids['events']}"
    text = page(api, home)
    assert '<span class="j-key">&#34;type&#34;</span>: <span class="j-text">&#34;invoice.paid&#34;</span>' in text
    count = len(receiver.received)
    press(api, f"{home}/send", endpoint_id=scene.ids["webhooks"])
    again = receiver.wait_for(count + 1)[-1]
    assert again.headers["paylera-event-id"] == scene.ids["events"]


def test_resend_with_one_click(api: Api, scene: Scene, receiver: Receiver) -> None:
    count = len(receiver.received)
    press(api, f"/console/deliveries/{scene.ids['deliveries']}/resend")
    again = receiver.wait_for(count + 1)[-1]
    assert again.headers["paylera-delivery-id"] == scene.ids["deliveries"]
    api.sandbox.wait_idle()
    text = page(api, f"/console/deliveries/{scene.ids['deliveries']}")
    assert re.findall(r'<th scope="row">(\d)</th><td><span class="badge good">200', text) == ["1", "2"]


def test_failed_attempts_say_why(api: Api, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    api.customer()
    api.sandbox.wait_idle()
    listed = page(api, "/console/deliveries", status="pending")
    [delivery] = re.findall(r'data-row="(del_\w+)"', listed)
    text = page(api, f"/console/deliveries/{delivery}")
    assert '<span class="badge bad">500</span>' in text
    assert "Next attempt" in text
    assert "None like that" in page(api, "/console/deliveries", status="succeeded")


def test_filters_of_events(api: Api, scene: Scene) -> None:
    def types(**query: str) -> set[str]:
        text = page(api, "/console/events", **query)
        return set(re.findall(r'<a href="/console/events/evt_\w+">([\w.]+)</a>', text))

    assert types(type="invoice.paid") == {"invoice.paid"}
    assert types(type="invoice.*") == {f"invoice.{what}" for what in ("created", "finalized", "paid", "updated")}
    assert "subscription.updated" in types(aggregate_id=scene.ids["subscriptions"])
    assert types(type="nothing.at_all") == set()


def test_endpoints_are_registered_rotated_switched_and_removed(api: Api) -> None:
    text = press(
        api, "/console/webhooks", url="http://127.0.0.1:9/", events="invoice.*, customer.created", secret="whsec_a"
    )
    assert "whsec_a" in text
    [endpoint] = api.get("/v1/admin/webhook-endpoints").json()["data"]
    assert endpoint["events"] == ["invoice.*", "customer.created"]
    home = f"/console/webhooks/{endpoint['id']}"
    text = press(api, f"{home}/rotate")
    assert len(re.findall(r"whsec_\w+", text)) == 2
    assert "webhook_endpoint.ping" in press(api, f"{home}/ping")
    press(api, f"{home}/switch", status="disabled")
    assert api.get(f"/v1/admin/webhook-endpoints/{endpoint['id']}").json()["status"] == "disabled"
    press(api, f"{home}/switch", status="enabled")
    assert "No endpoints yet" in press(api, f"{home}/delete")


def test_request_log(api: Api, scene: Scene) -> None:
    def rows(**query: str) -> list[str]:
        return re.findall(r'<code class="clip">(\w+ [^<]*)</code>', page(api, "/console/requests", **query))

    assert rows(method="GET", q="/v1/admin/events") == ["GET /v1/admin/events"]
    assert len(rows(q="upgrade-1")) == 2
    assert len(rows(q="upgrade-1", outcome="replayed")) == 1
    api.get("/v1/customers/cus_x")
    assert rows(outcome="refused") == ["GET /v1/customers/cus_x"]
    assert rows(outcome="failed") == []
    assert "No requests yet" in press(api, "/console/requests/clear")


def test_request_shows_bodies_and_hides_the_token(api: Api) -> None:
    api.post("/v1/customers", {"email": "ada@example.com"}, key="k-1")
    text = page(api, "/console/requests/1")
    for expected in ("k-1", "201", "ada@example.com", "Bearer pl_te…"):
        assert expected in text
    assert api.sandbox.token not in text


def test_long_logs_have_pages(api: Api) -> None:
    for _ in range(60):
        api.get("/v1/plans")
    first = page(api, "/console/requests")
    [link] = re.findall(r'rel="next" href="(.*?)"', first)
    assert len(re.findall("data-row", page(api, "/console/requests" + link))) == 10


def test_clock_is_moved_and_stopped(api: Api) -> None:
    customer = api.customer()
    api.subscribe(customer, "starter")
    api.ok(f"/v1/subscriptions/{api.current(customer)['id']}/cancel", {})
    assert "This is the real time" in page(api, "/console/clock")
    text = press(api, "/console/clock/advance", by="1d")
    assert "Time runs on from where it was moved to" in text
    assert "2 Nov 2026, 00:00:00" in text
    assert "Subscription" in text[text.index("What happens next") :]
    assert "stands still" in press(api, "/console/clock", mode="pinned", at="2026-11-03T10:30")
    text = press(api, "/console/clock/advance", to="2026-12-05T10:30:00")
    assert '<time datetime="2026-12-05T10:30:00.000Z">' in text
    assert "Advanced to 5 Dec 2026" in text
    assert api.get("/v1/subscriptions").json()["data"][0]["status"] == "canceled"
    assert "Pinned" in page(api, "/console/customers")
    refused = api.browser.post("/console/clock/advance", data={"by": "soon"})
    assert (refused.status_code, "must be a duration" in refused.text) == (422, True)


def test_invoices_are_finalized_paid_and_written_off(api: Api) -> None:
    api.subscribe(customer := api.customer(), "starter")
    line = {"description": "Extra work", "quantity": "1", "unit_amount": "10.00"}

    def draft() -> str:
        return api.ok("/v1/invoices", {"customer_id": customer["id"], "currency": "USD", "lines": [line]})["id"]

    home = f"/console/invoices/{draft()}"
    assert "Open" in press(api, home, action="finalize")
    assert "Paid" in press(api, home, action="pay")
    other = f"/console/invoices/{draft()}"
    press(api, other, action="finalize")
    assert "Uncollectible" in press(api, other, action="mark-uncollectible")
    assert api.browser.post(other, data={"action": "void"}).status_code == 422


def test_refunds(api: Api) -> None:
    api.subscribe(api.customer(), "starter")
    [payment] = api.get("/v1/payments").json()["data"]
    home = f"/console/payments/{payment['id']}"
    assert "Partially refunded" in press(api, f"{home}/refund", amount="5.00", reason="too slow")
    text = press(api, f"{home}/refund")
    assert "15.52 USD" in text
    assert "Refunded" in text
    assert api.browser.post(f"{home}/refund").status_code == 422
    assert re.search(r'<th scope="row">1 November 2026</th><td class="number">0\.00</td>', page(api, "/console"))


def test_credit_notes_are_found_from_their_invoice(api: Api, scene: Scene) -> None:
    note = api.get(f"/v1/credit-notes/{scene.ids['credit-notes']}").json()
    home = f'href="/console/credit-notes/{note["id"]}"'
    for path in (f"/console/invoices/{note['invoice_id']}", "/console/credit-notes"):
        assert home in page(api, path), path
    text = page(api, f"/console/credit-notes/{note['id']}")
    for word in (note["number"], "-1.00 USD", f'href="/console/invoices/{note["invoice_id"]}"'):
        assert word in text
    assert home not in page(api, "/console/credit-notes", customer_id="cus_other")


def test_a_wallet_shows_its_entries_newest_first(api: Api, scene: Scene) -> None:
    wallet = scene.ids["wallets"]
    assert f'href="/console/wallets/{wallet}"' in page(api, f"/console/customers/{scene.ids['customers']}")
    text = page(api, f"/console/wallets/{wallet}")
    entries = [text.index(amount) for amount in (">-2.00 USD", ">12.50 USD")]
    assert entries == sorted(entries)
    assert ">10.50 USD" in text
    for _ in range(50):
        api.ok(f"/v1/wallets/{wallet}/credits", {"amount": "1.00"})
    first = page(api, f"/console/wallets/{wallet}")
    assert ">-2.00 USD" not in first
    older = html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    assert ">-2.00 USD" in page(api, f"/console/wallets/{wallet}{older}")


def test_a_plan_shows_what_it_is_made_of(api: Api, scene: Scene) -> None:
    plan, product = (f"/console/{name}/{scene.ids[name]}" for name in ("plans", "products"))
    text = page(api, plan)
    for word in ("19.00 USD", "Included units", "no end", "Package size", "Volume", f'href="{product}"'):
        assert word in text, word
    assert f'href="{plan}"' in page(api, product)
    catalogue = page(api, "/console/catalogue")
    assert f'href="{plan}"' in catalogue
    assert f'href="{product}"' in catalogue
    api.ok(f"/v1/plans/{scene.ids['plans']}/archive")
    assert "Archived" in page(api, plan)


def test_faults_are_added_by_click_and_form(api: Api) -> None:
    assert "Everything works" in page(api, "/console/faults")
    press(api, "/console/faults", preset="The next request fails with 503")
    assert api.get("/v1/plans").status_code == 503
    assert api.get("/v1/plans").status_code == 200
    assert "Used up" in page(api, "/console/faults")
    assert "/v1/plans" in page(api, "/console/requests", outcome="fault_made")
    form = page(api, "/console/faults", action="latency")
    assert 'name="milliseconds" value="1000"' in form
    text = press(api, "/console/faults", action="latency", milliseconds="5", path="/v1/track", method="")
    [fault] = [each for each in api.get("/sandbox/faults").json()["data"] if each["action"] == "latency"]
    assert (fault["milliseconds"], fault["path"]) == (5, "/v1/track")
    assert text.count("data-row") == 2
    press(api, f"/console/faults/{fault['id']}/remove")
    assert "Everything works" in press(api, "/console/faults/clear")
    assert api.browser.post("/console/faults", data={"action": "nope"}).status_code == 422


def test_events_on_demand(api: Api, receiver: Receiver) -> None:
    api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    text = press(api, "/console/events/trigger", type="invoice.paid", object_id="")
    assert "<h1>invoice.paid</h1>" in text
    assert receiver.wait_for(1)[0].headers["paylera-event-type"] == "invoice.paid"


def test_an_empty_sandbox_is_filled_by_one_click() -> None:
    with Sandbox() as sandbox:
        api = Api(sandbox)
        assert "Nothing here yet" in page(api, "/console")
        press(api, "/console/seed")
        deadline = time.monotonic() + 60
        while api.get("/sandbox/seed").json()["status"] == "running":
            assert time.monotonic() < deadline
        assert "Nothing here yet" not in page(api, "/console")
        api.close()


def test_start_over(api: Api, scene: Scene) -> None:
    text = press(api, "/console/reset")
    assert '<h2>Customers</h2><p class="big">0</p>' in text
    assert api.get("/v1/customers").json()["data"] == []


@pytest.fixture
def other(api: Api) -> Iterator[Api]:
    """The same server through the token of a namespace."""
    made = api.ok("/sandbox/namespaces", {"name": "elsewhere"})
    caller = Api(api.sandbox)
    caller.client.headers["Authorization"] = f"Bearer {made['token']}"
    yield caller
    caller.close()


def test_pages_of_a_namespace_stay_in_it(api: Api, other: Api) -> None:
    customer = other.customer(name="Only there")
    text = page(api, "/n/elsewhere/console/customers")
    assert names(text) == ["Only there"]
    assert names(page(api, "/console/customers")) == []
    for name, url in (("default", ""), ("elsewhere", "/n/elsewhere")):
        assert f'<a href="{api.sandbox.url}{url}/console"' in page(api, "/console"), name
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page(api, f"/n/elsewhere/console/customers/{customer['id']}"))
    assert links
    assert all(link.startswith("/n/elsewhere/") for link in links)
    assert page(api, "/n/elsewhere/static/sandbox.css")
    made = api.browser.post("/n/elsewhere/console/customers", data={"email": "b@example.com"})
    assert made.headers["location"].startswith("/n/elsewhere/console/customers/cus_")


def test_large_sandboxes_remember_their_figures() -> None:
    with Sandbox() as sandbox:
        api = Api(sandbox)
        engine = sandbox.engine
        page(api, "/console")
        memo = engine.memo["counts"]
        engine.memo["counts"] = memo._replace(good_until=float("inf"))
        api.customer()
        assert '<p class="big">0</p>' in page(api, "/console")
        engine.memo["counts"] = memo._replace(good_until=0.0)
        assert '<h2>Customers</h2><p class="big">1</p>' in page(api, "/console")
        api.close()
