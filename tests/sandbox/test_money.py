"""Arithmetic: rounding, proration shares, calendars."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera_sandbox import Sandbox
from paylera_sandbox.billing.periods import later, month_of, unused_share
from paylera_sandbox.money import amount_text, quantity_text, rounded
from sandbox.support import CARD, Api, ManualClock


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Fraction(5, 1000), "USD", "0.00"),
        (Fraction(15, 1000), "USD", "0.02"),
        (Fraction(25, 1000), "USD", "0.02"),
        (Fraction(-15, 1000), "USD", "-0.02"),
        (Fraction(38, 3), "USD", "12.67"),
        (Fraction(5, 2), "JPY", "2"),
        (Fraction(7, 2), "KRW", "4"),
        (Fraction(25, 10000), "KWD", "0.002"),
        (Decimal(10**20), "USD", "1" + "0" * 20 + ".00"),
    ],
)
def test_half_even_at_the_minor_unit(amount: Fraction | Decimal, currency: str, text: str) -> None:
    assert amount_text(amount, currency) == text


@given(st.fractions(min_value=-(10**9), max_value=10**9), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_rounding_is_to_the_nearest(amount: Fraction, currency: str) -> None:
    unit = Fraction(rounded(Decimal(1), currency).as_tuple().exponent)
    assert abs(Fraction(rounded(amount, currency)) - amount) <= Fraction(10) ** int(unit) / 2


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("1.0", "1"), ("100", "100"), ("0.50", "0.5"), ("0.00", "0"), ("-0", "0"), ("-0.10", "-0.1"), ("1E+3", "1000")],
)
def test_quantities_have_one_form(quantity: str, text: str) -> None:
    assert quantity_text(Decimal(quantity)) == text


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ((2026, 1, 31), "month", 1, (2026, 2, 28)),
        ((2028, 1, 31), "month", 1, (2028, 2, 29)),
        ((2026, 12, 15), "month", 1, (2027, 1, 15)),
        ((2028, 2, 29), "year", 1, (2029, 2, 28)),
        ((2026, 11, 30), "month", 3, (2027, 2, 28)),
    ],
)
def test_periods_end_on_the_same_day_or_the_last(start: tuple, interval: str, count: int, end: tuple) -> None:
    assert later(datetime(*start, tzinfo=UTC), interval=interval, count=count) == datetime(*end, tzinfo=UTC)


def test_month_of_december() -> None:
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )


def test_unused_share_is_exact_and_bounded() -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert unused_share(datetime(2026, 11, 11, tzinfo=UTC), start, end) == Fraction(2, 3)
    assert unused_share(start, start, end) == 1
    assert unused_share(end, start, end) == 0
    assert unused_share(datetime(2027, 1, 1, tzinfo=UTC), start, end) == 0


def test_each_line_is_rounded_on_its_own(tmp_path: Path) -> None:
    """Half of one cent and half of three: 0.005 becomes 0.00 and 0.015 becomes 0.02, half-even, each line alone."""
    path = tmp_path / "cents.toml"
    path.write_text('[plans.a]\nname = "A"\namount = "0.01"\n[plans.b]\nname = "B"\namount = "0.03"\n')
    clock = ManualClock()
    with Sandbox(catalogue=path, clock=clock) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        subscription = api.subscribe(customer, "a", card=CARD)
        clock.advance(days=15)
        api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_id": "b"})
        invoice, _ = api.invoices(customer)
        api.close()
    assert [line["amount"] for line in invoice["lines"]] == ["0.00", "0.02"]
    assert invoice["total"] == "0.02"


SOURCES = Path(__file__).resolve().parents[2] / "packages/paylera-sandbox/src/paylera_sandbox"
EXACT = [SOURCES / "money.py", *sorted((SOURCES / "billing").glob("*.py")), *sorted((SOURCES / "forms").glob("*.py"))]
SECONDS = {"jobs.py"}  # how long a batch of jobs may run


@pytest.mark.parametrize("source", [path for path in EXACT if path.name not in SECONDS], ids=lambda path: path.stem)
def test_money_and_quantities_are_never_floats(source: Path) -> None:
    nodes = list(ast.walk(ast.parse(source.read_text())))
    literals = [node.lineno for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    names = [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == "float"]
    assert (literals, names) == ([], [])
