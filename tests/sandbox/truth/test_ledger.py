"""The books can be caught lying: every check of the ledger complains about what it is there for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from sandbox.truth.histories import CATALOGUE
from sandbox.truth.ledger import CHECKS, breaks
from sandbox.truth.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A customer who subscribed, renewed once, got some money back and has a wallet."""
    world = World(CATALOGUE)
    customer = world.made("/v1/customers", {"email": "ada@example.com"})
    card = {"type": "card", "token": "tok_visa_success", "set_as_default": True}
    world.made(f"/v1/customers/{customer['id']}/payment-methods", card)
    world.made("/v1/subscriptions", {"customer_id": customer["id"], "plan_code": "large", "coupons": ["THIRD"]})
    world.advance(timedelta(days=40))
    paid = world.get("/v1/invoices", customer_id=customer["id"]).json["data"][0]
    world.made(f"/v1/payments/{paid['payments'][0]}/refunds", {"amount": "1.00"})
    world.made(f"/v1/invoices/{paid['id']}/credit-notes", {"reason": "other", "amount": "1.00"})
    wallet = world.made("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"})
    world.made(f"/v1/wallets/{wallet['id']}/credits", {"amount": "5.00"})
    world.made(f"/v1/wallets/{wallet['id']}/debits", {"amount": "2.00"})
    yield world
    world.close()


def tamper(world: World, table: str, change: Callable[[dict], object]) -> None:
    """Change the newest object of a table behind the sandbox's back."""
    [(identifier, text)] = world.engine.store.execute(f"SELECT id, doc FROM {table} ORDER BY seq DESC LIMIT 1")
    doc = json.loads(text)
    change(doc)
    world.engine.store.save(table, {**doc, "id": identifier})


def repeat(world: World, table: str) -> None:
    """Store the newest object of a table a second time."""
    [(text,)] = world.engine.store.execute(f"SELECT doc FROM {table} ORDER BY seq DESC LIMIT 1")
    world.engine.store.insert(table, {**json.loads(text), "id": "again"})


LIES: dict[str, tuple[str, Callable[[dict], object]]] = {
    "lines_are_rounded_each": ("invoices", lambda doc: doc["lines"][0].update(tax_amount="1.00")),
    "totals_add_up": ("invoices", lambda doc: doc.update(total="1.00")),
    "paid_is_what_payments_brought": ("payments", lambda doc: doc.update(amount="1.00")),
    "refunds_are_covered": ("refunds", lambda doc: doc.update(amount="1000.00")),
    "credit_notes_are_covered": ("credit_notes", lambda doc: doc.update(total="-1000.00")),
    "no_more_goes_back_than_came": ("payments", lambda doc: doc.update(amount_refunded="1000.00")),
    "invoices_tell_what_is_lost": ("invoices", lambda doc: doc.update(amount_charged_back="1.00")),
    "one_payment_waits": ("payments", lambda doc: doc.update(status="requires_action")),
    "wallets_keep_their_floor": ("wallet_entries", lambda doc: doc.update(amount="-6.00")),
    "credit_is_never_negative": ("customers", lambda doc: doc.update(credit_balances={"USD": "-1.00"})),
    "periods_are_billed_once": ("invoices", lambda doc: doc.update(lines=doc["lines"] * 2)),
    "invoice_numbers_have_no_gaps": ("invoices", lambda doc: doc.update(number="INV-2026-000099")),
    "states_follow_the_table": ("subscriptions", lambda doc: doc.update(status="paused")),
    "events_sort_as_they_happened": ("events", lambda doc: doc.update(occurred_at="2026-01-01T00:00:00.000Z")),
    "updates_say_what_was": ("events", lambda doc: doc.update(type="wallet.updated", previous_attributes={})),
    "debts_alone_keep_a_pause_of_dunning": (
        "subscriptions",
        lambda doc: doc.update(
            status="paused",
            pause_reason="payment_failed",
            dunning={"invoice_id": doc["latest_invoice_id"], "exhausted_at": doc["created_at"]},
        ),
    ),
    "one_subscription_at_a_time": ("subscriptions", lambda doc: doc.update(plan_code="small")),
    "what_never_began_costs_nothing": ("subscriptions", lambda doc: doc.update(status="incomplete_expired")),
}
REPEATED = {"one_payment_waits": "payments", "one_subscription_at_a_time": "subscriptions"}


def test_an_honest_sandbox_has_nothing_to_explain(world: World) -> None:
    assert breaks(world.engine.store) == []


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_each_check_catches_its_lie(world: World, check: str) -> None:
    """A check that cannot fail would prove nothing."""
    tamper(world, *LIES[check])
    if check in REPEATED:
        repeat(world, REPEATED[check])
    assert any(fault.startswith(f"{check}:") for fault in breaks(world.engine.store))
