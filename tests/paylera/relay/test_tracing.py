"""Spans of relay calls: named as the contract says, with no secret and no more than 8 characters of a key."""

from __future__ import annotations

from typing import Any

from paylera.flow import run
from paylera.http import Request
from paylera.relay import PayleraCustomerIdentity, RelayCore
from support.stepping import Script, answer


class Spans:
    """A tracer that keeps what it is told."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, dict[str, Any]]] = []

    def start_span(self, name: str, *, attributes: dict[str, Any], **_kind: Any) -> Any:
        spans, known = self, dict(attributes)

        class Span:
            def set_attribute(self, key: str, value: Any) -> None:
                known[key] = value

            def end(self) -> None:
                spans.ended.append((name, known))

        return Span()


def core(tracer: Spans, **options: Any) -> RelayCore:
    identity = PayleraCustomerIdentity(customer_id="cus_1")
    settings = {"api_token": "pl_test_x", "identify": lambda _: identity, "csrf": False, "tracer": tracer}
    return RelayCore(settings | options)


def test_a_call_is_one_span() -> None:
    """Endpoint, ids, method, status and the beginning of the key."""
    spans = Spans()
    headers = (("content-type", "application/json"), ("idempotency-key", "0123456789"))
    request = Request("POST", "https://a.example/x", headers, b'{"plan_code": "pro"}')
    owned = answer(200, {"id": "sub_1", "customer_id": "cus_1"})
    run(core(spans).handle("subscription-upgrade", request, sub_id="sub_1"), Script([owned, answer()]))
    assert spans.ended == [
        ("Paylera.Relay.SubscriptionUpgrade", {
            "http.method": "POST", "http.status_code": 200, "paylera.customer_id": "cus_1",
            "paylera.subscription_id": "sub_1", "paylera.idempotency_key": "cus_1:01",
            "paylera.endpoint": "/v1/subscriptions/{subscription_id}/change-plan",
        }),
    ]  # fmt: skip


def test_a_refusal_carries_its_code() -> None:
    """The span ends however the call ends."""
    spans = Spans()
    run(core(spans).handle("me", Request("PUT", "https://a.example/x")), Script([]))
    (name, attributes), = spans.ended  # fmt: skip
    assert name == "Paylera.Relay.Me"
    assert attributes == {
        "http.method": "PUT", "http.status_code": 405, "paylera.problem.type": "paylera.method_not_allowed"
    }  # fmt: skip
