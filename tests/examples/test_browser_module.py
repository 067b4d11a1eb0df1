"""`paylera.js` in a real browser, against a relay whose answers are written down here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route

from examples.conftest import EXAMPLES

pytestmark = pytest.mark.browser

MODULE = (EXAMPLES / "pages" / "static" / "paylera.js").read_text()
PAGE = """<!doctype html><title>stub</title><script type="module">
import { createPaylera } from "/paylera.js";
globalThis.make = createPaylera;
globalThis.paylera = createPaylera({ baseUrl: "/api/paylera/" });
globalThis.outcome = (promise) => promise.then(
  (value) => ({ value }),
  ({ name, type, status, detail, requestId, retryAfter, message, errors, nextAction }) =>
    ({ name, type, status, detail, requestId, retryAfter, message, errors, nextAction }));
document.title = "ready";
</script>"""
LOST = object()  # The connection breaks.
SILENT = object()  # No answer ever comes.


@dataclass
class Answer:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, code: str, **more: Any) -> Answer:
    return Answer(status, {"type": code, "title": "T", "status": status, **more}, {"X-Request-Id": "req-12345678"})


MISMATCH = problem(403, "paylera.csrf_mismatch")


class Relay:
    """The other end: gives the answers listed per route, then plain successes; keeps the requests."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.script: dict[str, list[Any]] = {}
        self.seen: list[Request] = []
        self.tokens = 0
        page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        url = route.request.url
        if "/api/paylera/" not in url:
            is_module = url.endswith("/paylera.js")
            route.fulfill(
                body=MODULE if is_module else PAGE, content_type="text/javascript" if is_module else "text/html"
            )
            return
        self.seen.append(route.request)
        self._play(route, url.partition("/api/paylera/")[2].partition("?")[0])

    def _play(self, route: Route, name: str) -> None:
        answers = self.script.get(name, [])
        answer = answers.pop(0) if answers else self._success(name)
        if answer is LOST:
            route.abort("connectionreset")
        elif answer is not SILENT:
            body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            route.fulfill(
                status=answer.status, body=body, headers={"Content-Type": "application/json", **answer.headers}
            )

    def _success(self, name: str) -> Answer:
        if name != "csrf-token":
            return Answer(body={"ok": name})
        self.tokens += 1
        return Answer(body={"token": f"token-{self.tokens}"})

    def run(self, script: str) -> Any:
        """Run an expression in the page; failures of the module come back as their fields."""
        return self.page.evaluate(f"outcome((async () => ({script}))())")

    def posts(self) -> list[Request]:
        return [request for request in self.seen if request.method == "POST"]

    def sent_keys(self) -> list[str]:
        return [request.headers["idempotency-key"] for request in self.posts()]

    def sent_tokens(self) -> list[str]:
        return [request.headers["paylera-csrf-token"] for request in self.posts()]


@pytest.fixture
def relay(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Relay]:
    """Open the stub page, at `https://shop.example` unless the test asks for another origin."""
    context = browser.new_context()
    stub = Relay(context.new_page())
    stub.page.goto(getattr(request, "param", "https://shop.example"))
    stub.page.wait_for_function("document.title === 'ready'")
    yield stub
    context.close()


TRACK = "await paylera.track({feature_code: 'api_calls', quantity: '1'})"


def test_one_token_serves_all_calls(relay: Relay) -> None:
    relay.run(f"[{TRACK}, {TRACK}]")
    relay.run("await Promise.all([paylera.attach({plan_code: 'pro'}), paylera.billingPortal({return_url: '/'})])")
    assert relay.tokens == 1
    assert relay.sent_tokens() == ["token-1"] * 4
    assert len(set(relay.sent_keys())) == 4


def test_calls_made_together_share_the_first_token(relay: Relay) -> None:
    relay.run("await Promise.all([1, 2, 3].map((n) => paylera.track({feature_code: 'a', quantity: String(n)})))")
    assert relay.tokens == 1


def test_a_refused_token_is_replaced_once_under_the_same_key(relay: Relay) -> None:
    relay.script["track"] = [MISMATCH]
    assert relay.run(TRACK) == {"value": {"ok": "track"}}
    assert relay.sent_tokens() == ["token-1", "token-2"]
    assert len(set(relay.sent_keys())) == 1


def test_two_refused_tokens_are_a_failure(relay: Relay) -> None:
    relay.script["track"] = [MISMATCH, MISMATCH]
    failure = relay.run(TRACK)
    assert (failure["type"], failure["status"], failure["requestId"]) == ("paylera.csrf_mismatch", 403, "req-12345678")
    assert "Reload" in failure["message"]
    assert len(relay.posts()) == 2


def test_another_identity_gets_another_token(relay: Relay) -> None:
    relay.run(TRACK)
    relay.page.evaluate("paylera.identityChanged()")
    relay.run(TRACK)
    assert relay.sent_tokens() == ["token-1", "token-2"]


def test_a_token_that_could_not_be_fetched_is_fetched_again(relay: Relay) -> None:
    relay.script["csrf-token"] = [LOST]
    assert relay.run(TRACK)["type"] == "client.unreachable"
    assert relay.posts() == []
    assert relay.run(TRACK) == {"value": {"ok": "track"}}


UNKNOWN = [LOST, problem(503, "paylera.upstream_unavailable"), problem(504, "paylera.upstream_timeout"),
           problem(429, "paylera.rate_limited"), problem(409, "paylera.idempotency_in_progress")]  # fmt: skip


@pytest.mark.parametrize("failure", UNKNOWN, ids=["lost", "503", "504", "429", "in-progress"])
def test_a_call_of_unknown_outcome_keeps_its_key(relay: Relay, failure: Any) -> None:
    relay.script["track"] = [failure, failure]
    for _ in range(4):
        relay.run(TRACK)
    keys = relay.sent_keys()
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] != keys[2]  # Done: the next click is a new intent.


@pytest.mark.parametrize("status", [400, 402, 404, 422])
def test_a_refused_call_gets_a_new_key(relay: Relay, status: int) -> None:
    relay.script["track"] = [problem(status, "x")]
    relay.run(TRACK)
    relay.run(TRACK)
    assert len(set(relay.sent_keys())) == 2


def test_another_body_is_another_intent(relay: Relay) -> None:
    relay.script["track"] = [LOST]
    relay.run(TRACK)
    relay.run("await paylera.track({feature_code: 'api_calls', quantity: '2'})")
    relay.run(TRACK)
    keys = relay.sent_keys()
    assert keys[0] == keys[2] != keys[1]


def test_a_key_of_the_caller_is_used(relay: Relay) -> None:
    relay.run("await paylera.track({feature_code: 'a'}, {key: 'order-7'})")
    assert relay.sent_keys() == ["order-7"]


@pytest.mark.parametrize("relay", ["https://shop.example", "http://shop.example"], indirect=True)
def test_keys_are_random_with_and_without_tls(relay: Relay) -> None:
    assert relay.page.evaluate("'randomUUID' in crypto") == relay.page.url.startswith("https")
    relay.run(f"[{TRACK}, {TRACK}]")
    assert len(set(relay.sent_keys())) == 2
    for key in relay.sent_keys():
        assert len(key.replace("-", "")) == 32
        int(key.replace("-", ""), 16)


def test_a_problem_becomes_an_error_with_its_facts(relay: Relay) -> None:
    fault = {"field": "plan_code", "code": "unknown", "message": "no such plan"}
    action = {"type": "redirect_to_url", "url": "https://pay.example"}
    relay.script["attach"] = [problem(402, "payment.declined", detail="why", errors=[fault], next_action=action)]
    failure = relay.run("await paylera.attach({plan_code: 'x'})")
    assert failure == {
        "name": "PayleraError",
        "type": "payment.declined",
        "status": 402,
        "detail": "why",
        "requestId": "req-12345678",
        "retryAfter": None,
        "message": "The payment was declined. Try another card.",
        "errors": [fault],
        "nextAction": action,
    }


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (problem(401, "paylera.unauthenticated"), "paylera.unauthenticated", "session is over"),
        (problem(409, "subscription.exists"), "subscription.exists", "already have a plan"),
        (problem(409, "something.new"), "something.new", "does not fit"),
        (problem(422, "usage.limit_reached"), "usage.limit_reached", "used everything"),
        (problem(500, "paylera.internal"), "paylera.internal", "not available"),
        (Answer(502, "<html>Bad gateway</html>"), "http.502", "not available"),
        (Answer(403, '"text"'), "http.403", "not allowed"),
        (Answer(418, "null"), "http.418", "went wrong"),
        (Answer(200, "<html>captive portal</html>"), "client.not_json", "cannot read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_failure_is_said_in_plain_words(relay: Relay, answer: Answer, code: str, words: str) -> None:
    relay.script["me"] = [answer]
    failure = relay.run("await paylera.me()")
    assert failure["type"] == code
    assert words in failure["message"]


@pytest.mark.parametrize(("header", "least", "most"), [("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 10**8, 10**10)])
def test_the_time_to_wait_is_told(relay: Relay, header: str, least: int, most: int) -> None:
    relay.script["plans"] = [Answer(429, {"type": "paylera.rate_limited"}, {"Retry-After": header})]
    failure = relay.run("await paylera.plans()")
    assert least <= failure["retryAfter"] <= most
    assert f"{failure['retryAfter']} seconds" in failure["message"]


def test_a_nonsensical_time_to_wait_is_ignored(relay: Relay) -> None:
    relay.script["plans"] = [Answer(429, {"type": "paylera.rate_limited"}, {"Retry-After": "soon"})]
    assert "Wait a moment" in relay.run("await paylera.plans()")["message"]


def test_silence_ends_with_the_timeout(relay: Relay) -> None:
    relay.script["me"] = [SILENT]
    failure = relay.run("await make({baseUrl: '/api/paylera', timeout: 50}).me()")
    assert (failure["type"], failure["status"]) == ("client.timeout", 0)


def test_the_caller_can_give_up(relay: Relay) -> None:
    relay.script["me"] = [SILENT]
    assert relay.run("await paylera.me({signal: AbortSignal.timeout(30)})")["type"] == "client.aborted"
    assert relay.run("await paylera.me({signal: AbortSignal.abort()})")["type"] == "client.aborted"


def test_without_a_network_it_says_so(relay: Relay) -> None:
    relay.page.context.set_offline(True)
    relay.script["me"] = [LOST]
    assert relay.run("await paylera.me()")["type"] == "client.offline"


CALLS: dict[str, tuple[str, str, Any]] = {
    "paylera.check({feature_code: 'a b', quantity: undefined})": ("GET", "check?feature_code=a+b", None),
    "paylera.entitlements()": ("GET", "entitlements", None),
    "paylera.entitlements({subscription_id: 'sub_1'})": ("GET", "entitlements?subscription_id=sub_1", None),
    "paylera.invoices({limit: 5})": ("GET", "invoices?limit=5", None),
    "paylera.upgrade('sub_1', {plan_code: 'pro'})": ("POST", "subscriptions/sub_1/upgrade", {"plan_code": "pro"}),
    "paylera.cancel('a/../b?c')": ("POST", "subscriptions/a%2F..%2Fb%3Fc/cancel", {"at_period_end": True}),
    "paylera.cancel('s', {at_period_end: false})": ("POST", "subscriptions/s/cancel", {"at_period_end": False}),
    "paylera.billingPortal()": ("POST", "billing-portal", {}),
}


@pytest.mark.parametrize("script", CALLS)
def test_each_method_calls_its_route(relay: Relay, script: str) -> None:
    method, path, body = CALLS[script]
    assert "value" in relay.run(f"await {script}")
    request = relay.seen[-1]
    assert request.method == method
    assert request.url.endswith(f"/api/paylera/{path}")
    assert request.post_data_json == body
    if method == "POST":
        assert request.headers["content-type"] == "application/json"


def test_reads_send_neither_token_nor_key(relay: Relay) -> None:
    relay.run("await paylera.me()")
    assert relay.tokens == 0
    assert not {"paylera-csrf-token", "idempotency-key"} & set(relay.seen[0].headers)
