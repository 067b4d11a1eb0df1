"""Histories of usage: whatever arrives whenever, it is billed once, and the counters say what the events say."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from paylera_sandbox.api import customers, usage
from paylera_sandbox.billing import beginnings, methods, proration, subscriptions
from paylera_sandbox.billing import usage as entitlements
from paylera_sandbox.billing.cards import BY_NAME
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.catalogue import parse
from paylera_sandbox.clock import stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.operations import Call
from sandbox.support import ManualClock


def catalogue(late_events: str) -> Any:
    def price(model: str) -> dict[str, Any]:
        return {"model": "usage", "meter": "calls", "unit_amount": model, "late_events": late_events}

    def plan(name: str, amount: str, unit: str) -> dict[str, Any]:
        part = {"calls": {"pricing": price(unit)}}
        return {"name": name, "amount": amount, "features": {"calls": "unlimited"}, "components": part}

    return parse(
        {
            "tax_rate": "0",
            "features": {"calls": {"kind": "metered", "name": "Calls"}},
            "plans": {"one": plan("One", "5.00", "1.00"), "two": plan("Two", "7.00", "1.00")},
        }
    )


LATE = st.just(0) | st.integers(0, 1500)
STEP = st.tuples(st.integers(0, 400), st.integers(0, 9), LATE, st.integers(0, 4))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEP, min_size=1, max_size=25), st.sampled_from(["next_period", "rebill"]))
@example([(24, 5, 0, 0)], "next_period")
@example([(24, 0, 0, 0), (0, 1, 0, 1)], "next_period")
@example([(24, 0, 0, 0), (0, 1, 0, 0), (0, 2, 0, 0)], "rebill")
def test_everything_is_billed_once(steps: list[tuple[int, int, int, int]], late_events: str) -> None:
    clock = ManualClock()
    engine = Engine(clock=clock, catalogue=catalogue(late_events))
    with closing(engine.store):
        with engine.unit() as unit:
            customer = customers.create(Call(unit, {}, {}, {"email": "ada@example.com"}))
            card = methods.attach_card(unit, customer, BY_NAME["tok_visa_success"], exp_month=12, exp_year=2099)
            made = beginnings.start(unit, unit.customer(customer["id"]), unit.plan("one"), Terms(), method=card)
        sent: list[tuple[datetime, int]] = []
        for hours, quantity, late, other in steps:
            clock.advance(hours=hours)
            with engine.unit() as unit:
                held = subscriptions.get(unit, made["id"])
                at = clock.now() - timedelta(hours=late)
                if stamp(at) >= made["created_at"]:
                    event = {"subscription_id": made["id"], "meter": "calls", "timestamp": stamp(at)}
                    usage.report(Call(unit, {}, {}, {**event, "quantity": Decimal(quantity)}))
                    sent.append((at, quantity))
                if other == 0:
                    plan = unit.plan("two" if held["plan_code"] == "one" else "one")
                    proration.apply(unit, held, plan, Terms(), method=card)
        with engine.unit() as unit:
            held = subscriptions.get(unit, made["id"])
            plan = entitlements.plan_of(unit, held)
            found = entitlements.state(unit, held, "calls", plan["features"]["calls"])
            month = clock.now().strftime("%Y-%m")
            assert int(found["usage"]) == sum(quantity for at, quantity in sent if stamp(at).startswith(month))
            subscriptions.cancel(unit, held, at_period_end=False, reason=None)
        with engine.unit() as unit:
            lines = [line for invoice in unit.store.newest("invoices") for line in invoice["lines"]]
        billed = sum((Decimal(line["amount"]) for line in lines if line["code"] == "calls"), Decimal(0))
        assert billed == sum(quantity for _, quantity in sent)
