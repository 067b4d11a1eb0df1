"""Prices and discounts: every model against an oracle that counts unit by unit, and coupons to the cent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paylera_sandbox import Sandbox
from paylera_sandbox.billing.discounts import apply, spread
from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.billing.pricing import charge
from paylera_sandbox.fields import Invalid
from paylera_sandbox.forms.prices import pricing
from paylera_sandbox.money import amount_text, rounded
from sandbox.support import Api, ManualClock

UNHURRIED = settings(deadline=None)
PRICES = st.decimals(min_value=0, max_value=1000, places=4).map(lambda price: f"{price:f}")
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "CLF"])
PERIOD = ("2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z")

CATALOGUE = """
[plans.team]
name = "Team"
amount = "29.00"
[plans.team.components.seats]
name = "Seats"
pricing = { model = "per_unit", meter = "seats", unit_amount = "9.99", included_units = "2" }
[plans.team.components.storage]
name = "Storage"
pricing = { model = "tiered", meter = "gb", tiers = [{ up_to = "10", unit_amount = "1" }, { unit_amount = "0.5" }] }

[plans.bulk]
name = "Bulk"
[plans.bulk.components.seats]
name = "Seats"
pricing = { model = "volume", meter = "seats", tiers = [{ up_to = "10", unit_amount = "8" }, { unit_amount = "6" }] }
[plans.bulk.components.credits]
name = "Credits"
pricing = { model = "package", meter = "credits", package_size = "100", package_price = "3.00" }

[coupons.FIVE]
amount_off = "5.00"
currency = "USD"
duration = "forever"
"""


@st.composite
def tiers(draw: st.DrawFn) -> list[dict]:
    ends = sorted(draw(st.sets(st.integers(1, 60), max_size=5)))
    amounts = [draw(PRICES) for _ in range(len(ends) + 1)]
    return [
        {"up_to": None if end is None else str(end), "unit_amount": amount}
        for end, amount in zip([*ends, None], amounts, strict=True)
    ]


def tier_of(steps: list[dict], unit: int) -> Fraction:
    """What the unit number so many costs, counted from 1."""
    for tier in steps:
        if tier["up_to"] is None or unit <= int(tier["up_to"]):
            return Fraction(tier["unit_amount"])
    raise AssertionError(unit)


@UNHURRIED
@given(tiers(), st.integers(0, 80))
def test_tiered_adds_up_unit_by_unit(steps: list[dict], quantity: int) -> None:
    price = pricing({"model": "tiered", "meter": "m", "tiers": steps})
    expected = sum((tier_of(steps, unit) for unit in range(1, quantity + 1)), Fraction(0))
    assert charge(price, Decimal(quantity)).amount == expected


@UNHURRIED
@given(tiers(), st.integers(0, 80))
def test_volume_prices_every_unit_like_the_last(steps: list[dict], quantity: int) -> None:
    price = pricing({"model": "volume", "meter": "m", "tiers": steps})
    expected = sum((tier_of(steps, quantity) for _ in range(quantity)), Fraction(0))
    assert charge(price, Decimal(quantity)).amount == expected


@UNHURRIED
@given(st.integers(0, 500), st.integers(1, 50), PRICES)
def test_a_package_that_is_begun_is_paid(quantity: int, size: int, price: str) -> None:
    form = pricing({"model": "package", "meter": "m", "package_size": str(size), "package_price": price})
    packages = len(range(0, quantity, size))
    assert charge(form, Decimal(quantity)).amount == packages * Fraction(price)


@UNHURRIED
@given(st.integers(0, 100), st.integers(0, 100), PRICES)
def test_included_units_cost_nothing(quantity: int, included: int, price: str) -> None:
    form = pricing({"model": "per_unit", "meter": "m", "unit_amount": price, "included_units": str(included)})
    billed = [unit for unit in range(quantity) if unit >= included]
    cost = charge(form, Decimal(quantity))
    assert (cost.amount, cost.quantity) == (len(billed) * Fraction(price), len(billed))


@UNHURRIED
@given(tiers(), st.decimals(min_value=-50, max_value=80, places=1))
def test_part_units_are_exact_and_nothing_is_below_zero(steps: list[dict], quantity: Decimal) -> None:
    tenths = max(int(quantity * 10), 0)
    cost = charge(pricing({"model": "tiered", "meter": "m", "tiers": steps}), quantity)
    expected = sum((tier_of(steps, -(-part // 10)) for part in range(1, tenths + 1)), Fraction(0)) / 10
    assert cost.amount == expected
    assert not any(isinstance(value, float) for value in cost)


@UNHURRIED
@given(st.lists(st.integers(0, 10**6), max_size=12), st.integers(0, 10**7), CURRENCIES)
def test_a_fixed_discount_is_spread_without_losing_anything(units: list[int], total: int, currency: str) -> None:
    minor = Fraction(Decimal(amount_text(Decimal(0), currency)).as_tuple().exponent)
    step = Decimal(1).scaleb(int(minor))
    amounts = [unit * step for unit in units]
    parts = spread(total * step, amounts, currency)
    assert sum(parts) == min(total * step, sum(amounts))
    assert all(0 <= part <= amount for part, amount in zip(parts, amounts, strict=True))
    exact = [Fraction(min(total, sum(units))) * unit / sum(units) if sum(units) else 0 for unit in units]
    assert all(abs(Fraction(part / step) - share) < 1 for part, share in zip(parts, exact, strict=True))


DISCOUNTS = st.lists(
    st.one_of(
        st.integers(1, 100).map(lambda percent: {"percent_off": str(percent), "amount_off": None}),
        st.integers(1, 5000).map(lambda amount: {"percent_off": None, "amount_off": str(amount)}),
    ),
    max_size=4,
)


@UNHURRIED
@given(st.lists(st.fractions(min_value=0, max_value=10**4), max_size=8), DISCOUNTS, CURRENCIES)
def test_discounts_take_what_they_say_and_never_more(
    amounts: list[Fraction], discounts: list[dict], currency: str
) -> None:
    items = apply([Item("c", "C", amount, PERIOD) for amount in amounts], discounts, currency)
    lines = [(rounded(item.amount, currency), rounded(item.discount, currency)) for item in items]
    percent = min(sum(int(found["percent_off"] or 0) for found in discounts), 100)
    fixed = sum(int(found["amount_off"] or 0) for found in discounts)
    by_percent = sum((rounded(Fraction(amount) * percent / 100, currency) for amount, _ in lines), Decimal(0))
    left = sum((amount for amount, _ in lines), Decimal(0)) - by_percent
    assert sum((discount for _, discount in lines), Decimal(0)) == by_percent + min(Decimal(fixed), left)
    assert all(0 <= discount <= amount for amount, discount in lines)


BAD = [
    ({}, ".model"),
    ({"model": "free"}, ".model"),
    ({"model": "flat"}, ".amount"),
    ({"model": "flat", "amount": "-1"}, ".amount"),
    ({"model": "flat", "amount": "1e3"}, ".amount"),
    ({"model": "flat", "amount": "1" * 40}, ".amount"),
    ({"model": "flat", "amount": 19.0}, ".amount"),
    ({"model": "flat", "amount": "1", "meter": "m"}, ".meter"),
    ({"model": "per_unit", "unit_amount": "1"}, ".meter"),
    ({"model": "package", "meter": "m", "package_size": "0", "package_price": "1"}, ".package_size"),
    ({"model": "tiered", "meter": "m", "tiers": []}, ".tiers"),
    ({"model": "tiered", "meter": "m", "tiers": [{"up_to": "5", "unit_amount": "1"}]}, ".tiers[0].up_to"),
    ({"model": "volume", "meter": "m", "tiers": [{"unit_amount": "1"}, {"unit_amount": "2"}]}, ".tiers[0].up_to"),
    (
        {
            "model": "volume",
            "meter": "m",
            "tiers": [{"up_to": "5", "unit_amount": "1"}, {"up_to": "5", "unit_amount": "1"}, {"unit_amount": "2"}],
        },
        ".tiers[1].up_to",
    ),
    ({"model": "tiered", "meter": "m", "tiers": [{"unit_amount": "x"}]}, ".tiers[0].unit_amount"),
    ({"model": "usage", "meter": "m", "charge": "flat", "amount": "1"}, ".charge"),
    ({"model": "usage", "meter": "m", "unit_amount": "1", "aggregation": "unique_count"}, ".unique_by"),
    ({"model": "usage", "meter": "m", "unit_amount": "1", "unique_by": "user"}, ".unique_by"),
]


@pytest.mark.parametrize(("form", "at"), BAD)
def test_a_bad_price_is_refused_where_it_is_bad(form: dict, at: str) -> None:
    with pytest.raises(Invalid) as caught:
        pricing(form)
    assert caught.value.at == at


def lines(api: Api, invoice: dict) -> list[tuple[str, str, str, str, str]]:
    members = ("code", "quantity", "unit_amount", "amount", "discount_amount")
    return [tuple(line[name] for name in members) for line in invoice["lines"]]


@pytest.fixture
def shop(tmp_path: Path, clock: ManualClock):
    path = tmp_path / "catalogue.toml"
    path.write_text(CATALOGUE)
    with Sandbox(catalogue=path, clock=clock) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


def test_each_component_makes_a_line(shop: Api) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer, "team", quantities={"seats": "5", "gb": "12"}, coupons=["FIVE"])
    assert subscription["quantities"] == {"seats": "5", "gb": "12"}
    [invoice] = shop.invoices(customer)
    assert lines(shop, invoice) == [
        ("team", "1", "29.00", "29.00", "2.07"),
        ("seats", "3", "9.99", "29.97", "2.14"),
        ("storage", "12", "0.91666667", "11.00", "0.79"),  # 10 at 1, 2 at 0.5
    ]
    assert (invoice["subtotal"], invoice["discount"], invoice["total"]) == ("69.97", "5.00", "70.17")


def test_a_meter_that_nobody_named_counts_once(shop: Api) -> None:
    customer = shop.customer()
    assert shop.subscribe(customer, "bulk")["quantities"] == {"seats": "1", "credits": "1"}
    [invoice] = shop.invoices(customer)
    assert lines(shop, invoice) == [("seats", "1", "8.00", "8.00", "0.00"), ("credits", "1", "3.00", "3.00", "0.00")]


def test_other_quantities_are_prorated_to_the_cent(shop: Api, clock: ManualClock) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer, "team", quantities={"seats": "5"})
    clock.advance(days=10)
    body = {"plan_code": "team", "quantities": {"seats": "8"}}
    changed = shop.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", body)
    assert changed["quantities"] == {"seats": "8", "gb": "1"}
    invoice = shop.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert [(line["description"], line["quantity"], line["amount"]) for line in invoice["lines"]] == [
        ("Unused time on Seats", "3", "-19.98"),
        ("Remaining time on Seats", "6", "39.96"),
    ]
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == ("19.98", "1.60", "21.58")


def test_from_one_model_to_another(shop: Api, clock: ManualClock) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer, "team", quantities={"seats": "20"}, coupons=["FIVE"])
    clock.advance(days=15)
    body = {"plan_code": "bulk", "quantities": {"credits": "250"}}
    changed = shop.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", body)
    invoice = shop.get(f"/v1/invoices/{changed['latest_invoice_id']}").json()
    assert [(line["code"], line["amount"], line["discount_amount"]) for line in invoice["lines"]] == [
        ("team", "-14.50", "-0.34"),
        ("seats", "-89.91", "-2.14"),
        ("storage", "-0.50", "-0.01"),
        ("seats", "60.00", "2.32"),
        ("credits", "4.50", "0.18"),
    ]


REFUSED: list[tuple[str, Callable[[str], str], str]] = [
    ("no end", lambda text: text.replace('{ unit_amount = "0.5" }', '{ up_to = "9", unit_amount = "1" }'), "tiers[1]"),
    ("too fine", lambda text: text.replace('"3.00"', '"3.001"'), "plans.bulk.components.credits.pricing.package_price"),
    ("a number", lambda text: text.replace('"9.99"', "9.99"), "plans.team.components.seats.pricing.unit_amount"),
    ("a stranger", lambda text: text.replace("included_units", "free"), "plans.team.components.seats.pricing.free"),
    ("no currency", lambda text: text.replace('currency = "USD"', ""), "coupons.FIVE.currency"),
    ("no months", lambda text: text.replace('"forever"', '"repeating"'), "coupons.FIVE.duration_in_months"),
    ("twice", lambda text: text.replace("team.components.seats", "team.components.team"), "plans.team.components"),
]


@pytest.mark.parametrize(("spoil", "named"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_bad_price_in_the_catalogue_names_its_key(tmp_path: Path, spoil: Callable[[str], str], named: str) -> None:
    from paylera_sandbox.catalogue import CatalogueError, load

    path = tmp_path / "catalogue.toml"
    path.write_text(spoil(CATALOGUE))
    with pytest.raises(CatalogueError) as caught:
        load(path)
    assert named in str(caught.value)
