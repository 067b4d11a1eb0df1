"""Generated histories: what merchants, customers and time may do to a sandbox, in any order. After each history the
books are examined (`ledger`). A refusal is a fine answer; a 5xx, a waiting request or a broken invariant is not.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sandbox.truth.ledger import breaks
from sandbox.truth.world import Answer, World

CARDS = (
    "tok_visa_success",
    "tok_visa_decline_later",
    "tok_visa_3ds",
    "tok_visa_insufficient_funds",
    "tok_visa_chargeback",
    "tok_visa_dispute_won",
)
PERIODS = [
    timedelta(seconds=61),
    timedelta(hours=7),
    timedelta(days=3),
    timedelta(days=15),
    timedelta(days=31, hours=5),
]
CATALOGUE = """
currency = "USD"
[features.api_calls]
kind = "metered"
name = "API calls"
hard_limit = false
[plans.free]
name = "Free"
amount = "0.00"
[plans.small]
name = "Small"
amount = "9.99"
[plans.large]
name = "Large"
amount = "333.33"
dunning_policy = { on_exhaustion = "pause_subscription" }
[plans.yearly]
name = "Yearly"
amount = "1000.01"
interval = "year"
[plans.metered]
name = "Metered"
amount = "5.00"
features = { api_calls = "100" }
[plans.metered.components.seats]
name = "Seats"
pricing = { model = "per_unit", meter = "seats", unit_amount = "3.335", included_units = "2" }
[plans.metered.components.storage]
name = "Storage"
pricing = { model = "tiered", meter = "gb", tiers = [{ up_to = "7", unit_amount = "0.333" }, { unit_amount = "0.05" }] }
[plans.metered.components.calls]
name = "Calls"
pricing = { model = "usage", meter = "api_calls", charge = "package", package_size = "100", package_price = "1.11" }
[coupons.THIRD]
percent_off = "33.3"
duration = "repeating"
duration_in_months = 2
[coupons.FIVE]
amount_off = "5.00"
currency = "USD"
duration = "forever"
"""
PLANS = ("small", "large", "yearly", "free", "metered")
COUPONS = st.sampled_from([[], [], ["THIRD"], ["FIVE"], ["THIRD", "FIVE"]])
QUANTITIES = st.fixed_dictionaries({}, optional={"seats": st.integers(0, 9), "gb": st.sampled_from(["0", "7.5", "40"])})
COMMITMENTS = st.sampled_from(
    [None, None]
    + [{"months": 3, "billing": billing, "early_cancel": "forbid"} for billing in ("monthly", "quarterly", "upfront")]
)
NUMBERS = ("4242424242424242", "4000000000000002", "4000000000003220", "4000000000000341")
amounts = st.integers(1, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


class Faults(logging.Handler):
    """What the sandbox logs while it works by itself: a job that breaks tells nobody else."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(f"{record.getMessage()} {record.exc_info}")


class History(RuleBasedStateMachine):
    """What all histories share: one customer with a card, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(CATALOGUE)
        self._last: tuple[str, Any, str, Answer] | None = None
        self._last_at = self.now()
        self._faults = Faults()
        logging.getLogger("paylera_sandbox").addHandler(self._faults)

    @initialize(card=st.sampled_from(CARDS))
    def begin(self, card: str) -> None:
        self.customer = self.world.made("/v1/customers", {"email": "ada@example.com", "name": "Ada Lovelace"})
        self.use_card(card=card)

    @rule(card=st.sampled_from(CARDS))
    def use_card(self, card: str) -> None:
        path = f"/v1/customers/{self.customer['id']}/payment-methods"
        self.attempt(path, {"type": "card", "token": card, "set_as_default": True})

    @rule(by=st.sampled_from(PERIODS))
    def time_passes(self, by: timedelta) -> None:
        self.world.advance(by)

    @rule(approved=st.booleans())
    def answer_the_bank(self, approved: bool) -> None:
        """Answer the question of the bank on the page that a payment leads to."""
        waiting = self.newest("payments", status="requires_action")
        if waiting is not None:
            self.submit(waiting["next_action"]["url"], answer="approve" if approved else "decline")

    @rule()
    def send_the_last_again(self) -> None:
        """Within 24 hours the same key gives the same answer, and nothing happens."""
        if self._last is None or self.now() - self._last_at >= timedelta(hours=24):
            return
        path, body, key, first = self._last
        before = self.happenings()
        again = self.world.post(path, body, key=key)
        assert (again.status, again.body) == (first.status, first.body)
        assert self.happenings() == before

    def teardown(self) -> None:
        try:
            self.happenings()  # what is due now is done
            assert breaks(self.world.engine.store) == []
            assert self._faults.told == []
        finally:
            logging.getLogger("paylera_sandbox").removeHandler(self._faults)
            self.world.close()

    def attempt(self, path: str, body: object = None) -> Answer:
        """Post something that may be refused; a refusal changes nothing, unless it says that a payment was declined."""
        before, key = self.happenings(), f"key-{self.world.count()}"
        answer = self.world.post(path, body, key=key)
        assert answer.status < 500, answer.body
        if not answer.ok and answer.status != 402:
            assert self.happenings() == before, answer.body
        self._last, self._last_at = (path, body, key, answer), self.now()
        return answer

    def submit(self, url: str, **form: str) -> None:
        """Send the form of a page."""
        answer = self.world.submit(url, **form)
        assert answer.status < 500, answer.body

    def now(self) -> datetime:
        return self.world.engine.time.now()

    def happenings(self) -> int:
        """Return how many events there have been, those of what is due by now included."""
        with self.world.engine.unit():
            pass
        return int(self.world.engine.store.execute("SELECT count(*) FROM events")[0][0])

    def newest(self, resource: str, **query: object) -> dict[str, Any] | None:
        """Return the customer's newest object of a kind."""
        found = self.world.get(f"/v1/{resource}", customer_id=self.customer["id"], limit=1, **query).json["data"]
        return found[0] if found else None

    def act(self, resource: str, action: str, body: object = None, **query: object) -> Answer | None:
        """Do something to the newest object of a kind, if there is one."""
        doc = self.newest(resource, **query)
        return None if doc is None else self.attempt(f"/v1/{resource}/{doc['id']}/{action}", body)


class SubscriptionLife(History):
    """A customer subscribes, changes, pauses, fails to pay, comes back and leaves."""

    @rule(
        plan=st.sampled_from(PLANS),
        trial_days=st.sampled_from([0, 0, 14]),
        coupons=COUPONS,
        quantities=QUANTITIES,
        commitment=COMMITMENTS,
        now=st.booleans(),
    )
    def subscribe(
        self, plan: str, trial_days: int, coupons: list[str], quantities: dict[str, Any], commitment: object, now: bool
    ) -> None:
        body = {"customer_id": self.customer["id"], "plan_code": plan, "trial_days": trial_days, "coupons": coupons}
        body |= {} if now else {"require_payment_method": False}
        more = {"commitment": commitment} if commitment else {}
        self.attempt("/v1/subscriptions", {**body, "quantities": quantities, **more})

    @rule(plan=st.sampled_from(PLANS), coupons=COUPONS, number=st.sampled_from(NUMBERS), approved=st.booleans())
    def buy_on_the_page(self, plan: str, coupons: list[str], number: str, approved: bool) -> None:
        """Attach a plan and pay on the checkout page; a bank that asks is answered."""
        answer = self.attempt("/v1/attach", {"customer_id": self.customer["id"], "plan_code": plan, "coupons": coupons})
        url = answer.json.get("checkout_url")
        if url:
            self.submit(url, card_number=number, expiry="12/40", cvc="123", name="Ada Lovelace")
            self.submit(f"{url}/confirm", answer="approve" if approved else "decline")

    @rule(plan=st.sampled_from(PLANS), quantities=QUANTITIES)
    def change_plan(self, plan: str, quantities: dict[str, Any]) -> None:
        self.act("subscriptions", "change-plan", {"plan_code": plan, "quantities": quantities})

    @rule(at_period_end=st.booleans())
    def cancel(self, at_period_end: bool) -> None:
        self.act("subscriptions", "cancel", {"at_period_end": at_period_end})

    @rule(action=st.sampled_from(["pause", "resume"]))
    def pause_or_resume(self, action: str) -> None:
        self.act("subscriptions", action)

    @rule(days=st.integers(1, 40))
    def extend_trial(self, days: int) -> None:
        end = self.now() + timedelta(days=days)
        self.act("subscriptions", "extend-trial", {"trial_end": end.isoformat(timespec="milliseconds")})

    @rule(quantity=st.integers(1, 500))
    def use(self, quantity: int) -> None:
        body = {"customer_id": self.customer["id"], "feature_code": "api_calls", "quantity": str(quantity)}
        self.attempt("/v1/track", body)

    @rule(sort=st.sampled_from(["created_at:desc", "created_at:asc"]))
    def pay_what_is_open(self, sort: str) -> None:
        self.act("invoices", "pay", status="open,partially_paid", sort=sort)

    @rule(amount=amounts)
    def fill_the_wallet(self, amount: str) -> None:
        self.attempt("/v1/wallets", {"customer_id": self.customer["id"], "currency": "USD"})
        self.act("wallets", "credits", {"amount": amount})

    @rule(amount=st.none() | amounts)
    def refund(self, amount: str | None) -> None:
        self.act("payments", "refunds", {} if amount is None else {"amount": amount})


class InvoiceLife(History):
    """A merchant writes invoices by hand, and customers pay them, partly and late; money goes back."""

    @rule(currency=st.sampled_from(["USD", "JPY", "BHD"]), values=st.lists(amounts, max_size=4))
    def write(self, currency: str, values: list[str]) -> None:
        lines = [{"code": "work", "description": "Work", "unit_amount": v.partition(".")[0]} for v in values]
        self.attempt("/v1/invoices", {"customer_id": self.customer["id"], "currency": currency, "lines": lines})

    @rule(amount=amounts, quantity=st.sampled_from(["1", "3", "0.5", "7.25"]))
    def add_line(self, amount: str, quantity: str) -> None:
        line = {"code": "more", "description": "More work", "quantity": quantity, "unit_amount": amount}
        self.act("invoices", "lines", line, status="draft")

    @rule()
    def remove_line(self) -> None:
        doc = self.newest("invoices")
        if doc and doc["lines"]:
            before = self.happenings()
            answer = self.world.send("DELETE", f"/v1/invoices/{doc['id']}/lines/{doc['lines'][0]['id']}")
            assert answer.status < 500, answer.body
            assert answer.ok or self.happenings() == before

    @rule(action=st.sampled_from(["finalize", "finalize", "recompute-tax", "pay", "pay", "void", "mark-uncollectible"]))
    def proceed(self, action: str) -> None:
        self.act("invoices", action)

    @rule(
        amount=amounts,
        outcome=st.sampled_from(["refund", "credit_balance", "applied_to_invoice"]),
        reason=st.sampled_from(["duplicate", "other"]),
    )
    def credit(self, amount: str, outcome: str, reason: str) -> None:
        self.act("invoices", "credit-notes", {"amount": amount, "reason": reason, "outcome": {"kind": outcome}})

    @rule(amount=st.none() | amounts, destination=st.sampled_from(["card", "wallet", "credit_balance"]))
    def refund(self, amount: str | None, destination: str) -> None:
        body = {"destination": destination} | ({} if amount is None else {"amount": amount})
        self.act("payments", "refunds", body)


class WalletLife(InvoiceLife):
    """The same with money paid ahead: topped up by hand, by itself, by refunds; drawn by invoices."""

    @rule(currency=st.sampled_from(["USD", "JPY", "BHD"]), floor=st.sampled_from(["0", "-5", "-100"]))
    def open_wallet(self, currency: str, floor: str) -> None:
        body = {"customer_id": self.customer["id"], "currency": currency, "drift_floor": floor}
        self.attempt("/v1/wallets", body)

    @rule(amount=amounts, external_id=st.sampled_from([None, "one", "two"]))
    def top_up(self, amount: str, external_id: str | None) -> None:
        self.act("wallets", "credits", {"amount": amount} | ({"external_id": external_id} if external_id else {}))

    @rule(amount=amounts)
    def take_out(self, amount: str) -> None:
        self.act("wallets", "debits", {"amount": amount})

    @rule(trigger_at=st.sampled_from(["0", "10", "500"]), amount=st.sampled_from(["5", "50"]), enabled=st.booleans())
    def top_up_by_itself(self, trigger_at: str, amount: str, enabled: bool) -> None:
        wallet, method = self.newest("wallets"), self.method()
        if wallet and method:
            wanted = {"enabled": enabled, "trigger_at": trigger_at, "amount": amount, "payment_method_id": method}
            answer = self.world.send("PATCH", f"/v1/wallets/{wallet['id']}", {"auto_top_up": wanted})
            assert answer.status < 500, answer.body

    def method(self) -> str | None:
        found = self.world.get(f"/v1/customers/{self.customer['id']}/payment-methods").json["data"]
        return found[0]["id"] if found else None


LIVES = (SubscriptionLife, InvoiceLife, WalletLife)
