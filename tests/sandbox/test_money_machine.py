"""Whatever happens in whatever order: totals add up, nothing is paid, refunded or credited twice, wallets hold."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from paylera_sandbox.billing.machines import INVOICE, PAYMENT, Machine
from paylera_sandbox.money import CURRENCIES, minor_units, rounded
from sandbox.money import card, draft
from sandbox.support import Api

CENTS = st.integers(1, 30_000)
TOKENS = st.sampled_from(["tok_visa_success", "tok_visa_decline", "tok_visa_3ds", "tok_visa_decline_later"])
KINDS = st.sampled_from([None, "refund", "credit_balance", "applied_to_invoice"])
FINE = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)


def money(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):f}"


def total(docs: list[dict], name: str) -> Decimal:
    return sum((Decimal(doc[name]) for doc in docs), Decimal(0))


@FINE
@given(data=st.data(), currency=st.sampled_from(sorted(CURRENCIES)))
def test_an_invoice_adds_up_in_every_currency(shared: Api, data: st.DataObject, currency: str) -> None:
    """Each line is rounded on its own, and the totals are sums of the lines."""
    prices = st.tuples(st.decimals(-(10**6), 10**6, places=8), st.decimals("0.00000001", 10**4, places=8))
    given_lines = data.draw(st.lists(prices, min_size=1, max_size=8))
    lines = [
        {"description": "x", "unit_amount": f"{price:f}", "quantity": f"{count:f}"} for price, count in given_lines
    ]
    invoice = draft(shared, shared.customer(), *lines, currency=currency)
    for (price, count), line in zip(given_lines, invoice["lines"], strict=True):
        exact = Fraction(price) * Fraction(count)
        assert Decimal(line["amount"]) == rounded(exact, currency)
        assert Decimal(line["tax_amount"]) == rounded(Fraction(line["amount"]) * Fraction("0.08"), currency)
        assert -Decimal(line["amount"]).as_tuple().exponent == minor_units(currency)
    adds_up(invoice)


def adds_up(invoice: dict) -> None:
    lines = invoice["lines"]
    assert Decimal(invoice["subtotal"]) == total(lines, "amount")
    assert Decimal(invoice["discount"]) == total(lines, "discount_amount")
    assert Decimal(invoice["tax"]) == total(lines, "tax_amount") == total(invoice["tax_breakdown"], "amount")
    whole = Decimal(invoice["subtotal"]) - Decimal(invoice["discount"]) + Decimal(invoice["tax"])
    assert Decimal(invoice["total"]) == whole


class Money(RuleBasedStateMachine):
    """One customer's invoices, payments, credit notes and wallet."""

    api: Api
    invoices = Bundle("invoices")

    def __init__(self) -> None:
        super().__init__()
        self.customer = self.api.customer()
        card(self.api, self.customer)
        body = {"customer_id": self.customer["id"], "currency": "USD", "drift_floor": "-3.00"}
        self.wallet = self.api.ok("/v1/wallets", body)["id"]
        self.seen: dict[str, str] = {}

    @rule(target=invoices, cents=st.lists(CENTS, min_size=1, max_size=3))
    def write(self, cents: list[int]) -> str:
        lines = [{"description": "x", "amount": money(amount)} for amount in cents]
        return draft(self.api, self.customer, *lines)["id"]

    @rule(
        invoice=invoices, action=st.sampled_from(["finalize", "finalize", "pay", "pay", "void", "mark-uncollectible"])
    )
    def act(self, invoice: str, action: str) -> None:
        answer = self.api.post(f"/v1/invoices/{invoice}/{action}")
        assert answer.status_code in {200, 402, 422}, answer.text

    @rule(token=TOKENS)
    def change_card(self, token: str) -> None:
        card(self.api, self.customer, token, set_as_default=True)

    @rule(approve=st.booleans())
    def answer_the_bank(self, approve: bool) -> None:
        for payment in self.payments(status="requires_action"):
            self.api.browser.post(payment["next_action"]["url"], data={"answer": "approve" if approve else "refuse"})

    @rule(
        cents=st.none() | CENTS,
        pick=st.integers(0, 99),
        destination=st.sampled_from([None, "wallet", "credit_balance"]),
    )
    def refund(self, cents: int | None, pick: int, destination: str | None) -> None:
        if made := self.payments():
            body = {"amount": money(cents) if cents else None, "destination": destination}
            answer = self.api.post(f"/v1/payments/{made[pick % len(made)]['id']}/refunds", body)
            assert answer.status_code in {201, 422}, answer.text

    @rule(invoice=invoices, cents=st.none() | CENTS, kind=KINDS)
    def credit(self, invoice: str, cents: int | None, kind: str | None) -> None:
        body = {
            "reason": "other",
            "amount": money(cents) if cents else None,
            "outcome": {"kind": kind} if kind else None,
        }
        answer = self.api.post(f"/v1/invoices/{invoice}/credit-notes", body)
        assert answer.status_code in {201, 422}, answer.text

    @rule(invoice=invoices, cents=st.none() | CENTS, pick=st.integers(0, 9))
    def credit_a_line(self, invoice: str, cents: int | None, pick: int) -> None:
        lines = self.api.get(f"/v1/invoices/{invoice}").json()["lines"]
        wanted = {"line_id": lines[pick % len(lines)]["id"], "amount": money(cents) if cents else None}
        answer = self.api.post(f"/v1/invoices/{invoice}/credit-notes", {"reason": "other", "lines": [wanted]})
        assert answer.status_code in {201, 422}, answer.text

    @rule(on=st.booleans(), trigger=st.integers(0, 5000), cents=CENTS)
    def top_up(self, on: bool, trigger: int, cents: int) -> None:
        [method] = self.api.get(f"/v1/customers/{self.customer['id']}/payment-methods", limit=1).json()["data"]
        terms = {"trigger_at": money(trigger), "amount": money(cents), "payment_method_id": method["id"]}
        rule = {"enabled": True, **terms} if on else None
        assert self.api.client.patch(f"/v1/wallets/{self.wallet}", json={"auto_top_up": rule}).status_code == 200

    @rule(cents=CENTS, way=st.sampled_from(["credits", "debits"]))
    def move(self, cents: int, way: str) -> None:
        answer = self.api.post(f"/v1/wallets/{self.wallet}/{way}", {"amount": money(cents)})
        assert answer.status_code in {201, 422}, answer.text

    def payments(self, **query: object) -> list[dict]:
        return self.api.get("/v1/payments", customer_id=self.customer["id"], limit=100, **query).json()["data"]

    @invariant()
    def wallet_holds(self) -> None:
        wallet = self.api.get(f"/v1/wallets/{self.wallet}").json()
        entries = self.api.get(f"/v1/wallets/{self.wallet}/entries", limit=100).json()["data"]
        assert Decimal(wallet["balance"]) == total(entries, "amount") >= Decimal(wallet["drift_floor"])

    @invariant()
    def invoices_hold(self) -> None:
        made = self.payments()
        for invoice in self.api.get("/v1/invoices", customer_id=self.customer["id"], limit=100).json()["data"]:
            adds_up(invoice)
            self.moved(invoice, INVOICE)
            paid, owed = Decimal(invoice["amount_paid"]), Decimal(invoice["total"])
            notes = self.api.get(f"/v1/invoices/{invoice['id']}/credit-notes", limit=100).json()["data"]
            own = [payment for payment in made if payment["invoice_id"] == invoice["id"]]
            came = [payment for payment in own if payment["captured_at"]]
            assert 0 <= paid == total(came, "amount") <= owed
            assert sum(payment["status"] == "requires_action" for payment in own) <= 1
            assert -total(notes, "total") <= owed
            noted = [line for note in notes for line in note["lines"]]
            for line in invoice["lines"]:
                own_notes = [item for item in noted if item["invoice_line_id"] == line["id"]]
                assert -total(own_notes, "amount") <= Decimal(line["amount"]) - Decimal(line["discount_amount"])
                assert -total(own_notes, "tax_amount") <= Decimal(line["tax_amount"])
            given = [note for note in notes if note["outcome"]["kind"] == "credit_balance"]
            back = total(came, "amount_refunded") - total(given, "total")
            assert back <= paid + Decimal(invoice["credit_applied"])
            if invoice["status"] not in {"void", "draft"}:
                rest = owed - Decimal(invoice["credit_applied"]) - paid - Decimal(invoice["amount_credited"])
                assert Decimal(invoice["amount_due"]) == rest >= 0

    @invariant()
    def payments_hold(self) -> None:
        for payment in self.payments():
            self.moved(payment, PAYMENT)
            refunds = self.api.get(f"/v1/payments/{payment['id']}/refunds", limit=100).json()["data"]
            assert total(refunds, "amount") == Decimal(payment["amount_refunded"]) <= Decimal(payment["amount"])

    @invariant()
    def credit_holds(self) -> None:
        balances = self.api.get(f"/v1/customers/{self.customer['id']}").json()["credit_balances"]
        assert all(Decimal(balance) >= 0 for balance in balances.values())

    def moved(self, doc: dict, machine: Machine) -> None:
        """Only ways that the state machine has lead from what was seen before."""
        before = self.seen.get(doc["id"], doc["status"])
        assert doc["status"] == before or doc["status"] in reachable(machine, before), (before, doc["status"])
        self.seen[doc["id"]] = doc["status"]


def reachable(machine: Machine, start: str) -> set[str]:
    found, new = set(), {start}
    while new:
        found |= new
        new = {after for state in new for after in machine.transitions[state]} - found
    return found - {start} if start not in machine.transitions[start] else found


@pytest.mark.slow
def test_money_holds_in_any_order(shared: Api) -> None:
    machine = type("MoneyOfThisRun", (Money,), {"api": shared})
    case = machine.TestCase()
    case.settings = settings(FINE, max_examples=25, stateful_step_count=15)
    case.runTest()
