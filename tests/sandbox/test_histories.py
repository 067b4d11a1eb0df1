"""Whatever customers, merchants and time do to subscriptions, in whatever order: the states are legal, the money adds
up, and what is planned is what the subscription says."""

from __future__ import annotations

import itertools
import json
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paylera_sandbox.api import subscriptions as api
from paylera_sandbox.api.customers import create
from paylera_sandbox.billing import methods, pauses, proration, subscriptions, timetable, trials
from paylera_sandbox.billing.machines import SUBSCRIPTION
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from sandbox.support import ManualClock

CARDS = [
    "tok_visa_success",
    "tok_visa_decline_later",
    "tok_visa_decline",
    "tok_visa_insufficient_funds",
    "tok_visa_3ds",
]
LOG = logging.getLogger("paylera_sandbox")
PLANS = ["free", "starter", "pro", "pro_yearly"]
COMMITMENTS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "months": st.sampled_from([1, 3, 12]),
            "billing": st.sampled_from(["monthly", "quarterly", "upfront"]),
            "early_cancel": st.sampled_from(["forbid", "allow"]),
            "at_end": st.sampled_from(["renew", "continue", "end"]),
        }
    ),
)


class Listener(logging.Handler):
    """Keeps what the sandbox logs: faults of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.getMessage()}: {record.exc_info}")


class Histories(RuleBasedStateMachine):
    """One customer, one subscription after the other, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(datetime(2026, 1, 31, 12, tzinfo=UTC))
        self.engine = Engine(clock=self.clock, seed=1)
        with self.engine.unit() as unit:
            self.customer = create(Call(unit, {}, {}, {"email": "ada@example.com"}))["id"]
        self.listener = Listener()
        LOG.addHandler(self.listener)
        self.told = 0
        self.refused: list[int] = []
        self.states: dict[str, str] = {}

    def held(self) -> Doc | None:
        return self.engine.store.first("subscriptions", customer_id=self.customer)

    def attempt(self, how, *given: object, **more: object) -> None:
        """Do something to the newest subscription; a refusal is an answer too."""
        try:
            with self.engine.unit() as unit:
                how(unit, unit.need("subscriptions", self.held()["id"], "subscription.not_found"), *given, **more)
        except Problem as problem:
            self.refused.append(problem.status)

    @initialize(card=st.sampled_from([None, *CARDS]))
    def begin(self, card: str | None) -> None:
        if card:
            self.update_card(card)

    @rule(card=st.sampled_from(CARDS))
    def update_card(self, card: str) -> None:
        with self.engine.unit() as unit:
            methods.attach_token(unit, unit.customer(self.customer), "card", card, default=True)

    @rule(
        plan=st.sampled_from(PLANS),
        trial=st.sampled_from([None, 0, 1, 14, 40]),
        anchor=st.sampled_from([None, None, 3, 20, 40]),
        needed=st.sampled_from([None, None, False, True]),
        commitment=COMMITMENTS,
    )
    def subscribe(self, plan: str, trial: int, anchor: int | None, needed: bool | None, commitment: Doc | None) -> None:
        body: Doc = {"customer_id": self.customer, "plan_code": plan, "trial_days": trial, "commitment": commitment}
        body["require_payment_method"] = needed
        if anchor:
            body["billing_cycle_anchor"] = stamp(self.clock.now() + timedelta(days=anchor))
        try:
            with self.engine.unit() as unit:
                api.create(Call(unit, {}, {}, body))
        except Problem as problem:
            self.refused.append(problem.status)

    @precondition(held)
    @rule(later=st.booleans())
    def cancel(self, later: bool) -> None:
        self.attempt(subscriptions.cancel, at_period_end=later, reason=None)

    @precondition(held)
    @rule(what=st.sampled_from([subscriptions.pause, pauses.resume, subscriptions.resume]))
    def pause_or_go_on(self, what) -> None:
        self.attempt(what)

    @precondition(held)
    @rule(days=st.integers(1, 60))
    def extend(self, days: int) -> None:
        self.attempt(trials.extend, stamp(self.clock.now() + timedelta(days=days)))

    @precondition(held)
    @rule(plan=st.sampled_from(PLANS))
    def change_plan(self, plan: str) -> None:
        def change(unit, subscription: Doc) -> None:
            method = methods.usual(unit, self.customer)
            proration.apply(unit, subscription, unit.plan(plan), Terms(), method=method)

        self.attempt(change)

    @rule(days=st.sampled_from([0, 1, 3, 7, 28, 31, 90, 400]), seconds=st.integers(0, 86400))
    def wait(self, days: int, seconds: int) -> None:
        self.clock.advance(days=days, seconds=seconds)
        with self.engine.unit():
            pass

    @invariant()
    def states_are_legal(self) -> None:
        """Follow the events: every state came from one that it may come from, and time never goes back."""
        rows = self.engine.store.execute(
            "SELECT doc FROM events WHERE seq > ? AND type LIKE 'subscription.%' ORDER BY seq", (self.told,)
        )
        for event in (json.loads(row[0]) for row in rows):
            before, after = self.states.get(event["aggregate_id"]), event["data"]["status"]
            assert before in (None, after) or SUBSCRIPTION.may(before, after), (before, after, event["type"])
            self.states[event["aggregate_id"]] = after
        self.told = self.engine.store.execute("SELECT coalesce(max(seq), 0) FROM events")[0][0]
        moments = [
            row[0]
            for row in self.engine.store.execute("SELECT json_extract(doc, '$.occurred_at') FROM events ORDER BY seq")
        ]
        assert moments == sorted(moments)

    @invariant()
    def what_is_planned_is_what_the_subscription_says(self) -> None:
        """After what is due has been done, the jobs are the timetable's."""
        with self.engine.unit() as unit:
            now = unit.stamp
        planned = {
            (kind, subject): due
            for kind, subject, due in self.engine.store.execute("SELECT kind, subject, due_at FROM jobs")
        }
        for held in self.engine.store.newest("subscriptions"):
            for kind, due in timetable.TIMETABLE.items():
                at = due(held)
                found = planned.get((kind, held["id"]))
                assert found == at or (at is not None and at <= now and found is None), (kind, at, found, held)
        assert all(due > now for due in planned.values())

    @invariant()
    def the_money_adds_up(self) -> None:
        for invoice in self.engine.store.newest("invoices"):
            lines = invoice["lines"]
            amounts = {name: Decimal(invoice[name]) for name in ("subtotal", "discount", "tax", "total", "amount_paid")}
            assert amounts["subtotal"] == sum(Decimal(line["amount"]) for line in lines)
            assert amounts["total"] == amounts["subtotal"] - amounts["discount"] + amounts["tax"]
            charged = self.engine.store.newest("payments", {"invoice_id": invoice["id"], "status": "succeeded"})
            assert amounts["amount_paid"] == sum(Decimal(payment["amount"]) for payment in charged), invoice
            assert amounts["amount_paid"] <= max(amounts["total"], Decimal(0))
            if invoice["status"] == "paid":
                assert Decimal(invoice["amount_due"]) <= 0

    @invariant()
    def nobody_gets_back_what_was_not_paid(self) -> None:
        paid = sum(
            Decimal(payment["amount"]) for payment in self.engine.store.newest("payments", {"status": "succeeded"})
        )
        given = self.engine.store.find("customers", self.customer)["credit_balances"].get("USD", "0")
        assert Decimal(0) <= Decimal(given) <= paid

    @invariant()
    def no_time_is_billed_twice(self) -> None:
        """The periods that are paid in advance do not overlap, but for what a change of plan gives back."""
        for held in self.engine.store.newest("subscriptions"):
            invoices = self.engine.store.newest("invoices", {"subscription_id": held["id"]})[::-1]
            lines = [line for invoice in invoices if invoice["status"] != "void" for line in invoice["lines"]]
            whole = sorted(
                (line["period_start"], line["period_end"]) for line in lines if "time on" not in line["description"]
            )
            if any("time on" in line["description"] for line in lines):
                continue  # a change of the interval begins a period within another
            for (_, end), (start, _) in itertools.pairwise(whole):
                assert end <= start, (whole, held)

    @invariant()
    def periods_are_sound(self) -> None:
        for held in self.engine.store.newest("subscriptions"):
            assert held["current_period_start"] <= held["current_period_end"]
            if held["status"] in {"active", "past_due", "trialing"}:
                assert moment(held["current_period_end"]) > self.clock.now()

    @invariant()
    def no_job_broke(self) -> None:
        assert self.listener.records == []
        assert all(status < 500 for status in self.refused)

    def teardown(self) -> None:
        LOG.removeHandler(self.listener)
        self.engine.store.close()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
