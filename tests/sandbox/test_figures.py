"""The figures of the console's overview: what they count, and that they read indexes only, however much there is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from paylera_sandbox.pages.console import figures
from sandbox.support import Api
from sandbox.test_life import advance, begin, with_card


def counts(api: Api) -> figures.Counts:
    with api.sandbox.engine.unit() as unit:
        return figures.counts(unit)


def test_what_recurs_is_the_sum_of_what_each_subscription_brings(api: Api) -> None:
    """Those that cost the same are priced once: with and without coupons, whenever those were redeemed."""
    api.ok("/v1/coupons", {"code": "EVER", "percent_off": "50", "duration": "forever"})
    api.ok("/v1/coupons", {"code": "ONCE", "percent_off": "50", "duration": "once"})
    api.ok("/v1/coupons", {"code": "TWO", "percent_off": "50", "duration": "repeating", "duration_in_months": 2})
    for coupons in ([], [], ["EVER"], ["ONCE"], ["TWO"]):
        begin(api, with_card(api), coupons=coupons)
    advance(api, by="5d")
    for coupons in (["EVER"], ["TWO"]):
        begin(api, with_card(api), coupons=coupons)
    assert counts(api).recurring == {"USD": str(Decimal("19.00") * 3 + Decimal("9.50") * 4)}
    with api.sandbox.engine.unit() as unit:
        assert len(unit.store.execute(figures._ALIKE)) == 4  # none and once, for ever, and two that began on two days
    advance(api, by="1mo")  # the repeating ones end with the next period
    assert counts(api).recurring == {"USD": str(Decimal("19.00") * 5 + Decimal("9.50") * 2)}


def test_a_change_of_plan_and_of_quantities_counts_at_once(api: Api) -> None:
    customer = with_card(api)
    held = begin(api, customer)
    assert counts(api).recurring == {"USD": "19.00"}
    api.ok(f"/v1/subscriptions/{held['id']}/change-plan", {"plan_code": "pro"})
    changed = counts(api)
    assert (changed.recurring, changed.by_status) == ({"USD": "49.00"}, {"active": 1})
    assert changed.events == api.sandbox.engine.store.count("events") > 0


def test_revenue_is_what_payments_brought_less_refunds(api: Api) -> None:
    customer = with_card(api)
    begin(api, customer)
    [payment] = api.get("/v1/payments").json()["data"]
    api.ok(f"/v1/payments/{payment['id']}/refunds", {"amount": "0.52"})
    with api.sandbox.engine.unit() as unit:
        told = [bar.text for bar in figures.revenue(unit).bars if bar.height]
    assert [Decimal(text) for text in told] == [Decimal("20.00")]


@pytest.mark.parametrize(("query", "most"), [("_ALIKE", 1), ("_TAKEN", 1), ("_EVENTS", 5)])
def test_no_object_is_read(api: Api, query: str, most: int) -> None:
    """Parsing 100,000 objects took the overview seconds."""
    plan = [row[3] for row in api.sandbox.engine.store.execute(f"EXPLAIN QUERY PLAN {getattr(figures, query)}")]
    read = [step for step in plan if ("SCAN" in step and "CONSTANT" not in step) or "SEARCH" in step]
    assert 0 < len(read) <= most
    assert all("COVERING INDEX" in step or step == "SEARCH events" for step in read), plan
