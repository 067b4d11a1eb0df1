"""What no case can state: clocks that jump, and a tracer without OpenTelemetry."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from paylera.flow import run
from paylera.http import Request
from paylera.relay import PayleraCustomerIdentity, RelayCore
from support.stepping import Clock, Script, answer

ME = Request("GET", "https://shop.example/me")


def relay(clock: Clock, **options: Any) -> RelayCore:
    settings = {"api_token": "pl_test_x", "identify": lambda _: PayleraCustomerIdentity(customer_id="cus_1")}
    return RelayCore(settings | {"system": clock.system()} | options)


def test_no_call_starts_after_the_deadline() -> None:
    """An `identify` that takes all the time leaves none: 504, and nothing goes upstream."""
    clock = Clock()

    def slow(_request: object) -> PayleraCustomerIdentity:
        clock.time += 11
        return PayleraCustomerIdentity(customer_id="cus_1")

    script = Script([], clock)
    assert run(relay(clock, identify=slow).handle("me", ME), script).status == 504
    assert script.sent == []


def test_every_upstream_call_gets_what_is_left_of_the_time() -> None:
    """The deadline is that of the whole call."""
    clock = Clock()

    def later(_request: Request) -> Any:
        clock.time += 4
        return answer(200, {"data": []})

    script = Script([later, answer()], clock)
    query = Request("GET", "https://shop.example/entitlements")
    assert run(relay(clock, timeout=10).handle("entitlements", query), script).status == 200
    assert script.timeouts == [10.0]
    with_subscription = Request("GET", "https://shop.example/entitlements?subscription_id=sub_1")
    script = Script([lambda r: later(r) and answer(200, {"id": "sub_1", "customer_id": "cus_1"}), answer()], clock)
    assert run(relay(clock, timeout=10).handle("entitlements", with_subscription), script).status == 200
    assert script.timeouts == [10.0, 6.0]


def test_an_owner_is_forgotten_after_an_hour() -> None:
    """A memory has an age limit."""
    clock = Clock()
    core = relay(clock)
    request = Request("GET", "https://shop.example/entitlements?subscription_id=sub_1")
    mine = answer(200, {"id": "sub_1", "customer_id": "cus_1"})
    for pause, calls in ((0, 2), (3599, 1), (2, 2)):
        clock.time += pause
        script = Script([mine, answer()] if calls == 2 else [answer()], clock)
        run(core.handle("entitlements", request), script)
        assert len(script.sent) == calls


def test_a_tracer_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer of the merchant's own making needs no package of anybody's."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    seen: list[Any] = []

    class Span:
        def set_attribute(self, name: str, value: Any) -> None:
            seen.append((name, value))

        def end(self) -> None:
            seen.append("end")

    class Tracer:
        def start_span(self, name: str, **more: Any) -> Span:
            seen.append((name, sorted(more)))
            return Span()

    clock = Clock()
    run(relay(clock, tracer=Tracer()).handle("me", ME), Script([answer()], clock))
    assert seen[0] == ("Paylera.Relay.Me", ["attributes"])
    assert ("http.status_code", 200) in seen
    assert seen[-1] == "end"


@pytest.mark.parametrize("known", ["customer_id", "external_id", "email"])
def test_whoever_has_a_name_is_not_anonymous(known: str) -> None:
    """One fact is enough; a display name is none."""
    assert PayleraCustomerIdentity(name="Ada").is_anonymous
    assert not PayleraCustomerIdentity(**{known: "x"}).is_anonymous
