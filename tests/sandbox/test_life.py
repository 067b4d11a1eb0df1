"""The life of a subscription: trials, periods, pauses, commitments, each event at its millisecond and to the cent."""

from __future__ import annotations

import pytest

from paylera_sandbox.billing import collection, methods
from paylera_sandbox.billing.machines import SUBSCRIPTION
from sandbox.support import ONCE, Api, ManualClock, problem

START = "2026-11-01T00:00:00.000Z"


def put(api: Api, **body: object) -> dict:
    answer = api.client.put("/sandbox/clock", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def advance(api: Api, **body: object) -> None:
    answer = api.client.post("/sandbox/clock/advance", json=body)
    assert answer.status_code == 200, answer.text
    while answer.json()["advance"]["status"] == "running":
        answer = api.get("/sandbox/clock")


def with_card(api: Api, token: str = "tok_visa_success") -> dict:
    """A customer with a stored card and no subscription."""
    customer = api.customer()
    with api.sandbox.engine.unit() as unit:
        methods.attach_token(unit, unit.customer(customer["id"]), "card", token, default=True)
    return customer


def begin(api: Api, customer: dict, plan: str = "starter", **terms: object) -> dict:
    return api.ok("/v1/subscriptions", {"customer_id": customer["id"], "plan_code": plan, **terms})


def read(api: Api, subscription: dict) -> dict:
    return api.get(f"/v1/subscriptions/{subscription['id']}").json()


def told(api: Api, subscription: dict) -> list[tuple[str, str]]:
    """The events of a subscription, oldest first: what and when."""
    events = api.events(aggregate_id=subscription["id"])
    return [(event["type"].removeprefix("subscription."), event["occurred_at"]) for event in events]


def totals(api: Api, customer: dict) -> list[tuple[str, str, str]]:
    """The invoices of a customer, oldest first."""
    return [(doc["issued_at"], doc["total"], doc["status"]) for doc in api.invoices(customer)[::-1]]


# Periods


def test_a_period_ends_and_the_next_one_is_billed(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    advance(api, by="70d")
    assert totals(api, customer) == [
        (START, "20.52", "paid"),
        ("2026-12-01T00:00:00.000Z", "20.52", "paid"),
        ("2027-01-01T00:00:00.000Z", "20.52", "paid"),
    ]
    now = read(api, subscription)
    period = (now["current_period_start"], now["current_period_end"])
    assert period == ("2027-01-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z")
    newest = api.invoices(customer)[0]
    assert now["latest_invoice_id"] == newest["id"]
    assert (newest["lines"][0]["period_start"], newest["lines"][0]["period_end"]) == period
    types = [(event["type"], event["occurred_at"]) for event in api.events()]
    renewal = [kind for kind, at in types if at == "2026-12-01T00:00:00.000Z"]
    assert renewal == [
        "invoice.created",
        "invoice.finalized",
        "subscription.updated",
        "payment.created",
        "payment.succeeded",
        "invoice.paid",
    ]


def test_the_moment_of_a_renewal_is_its_own_to_the_millisecond(api: Api, clock: ManualClock) -> None:
    customer = with_card(api)
    begin(api, customer)
    clock.advance(days=30, milliseconds=-1)
    assert len(api.invoices(customer)) == 1
    clock.advance(milliseconds=1)
    assert len(api.invoices(customer)) == 2


@pytest.mark.parametrize(
    ("begun", "ends"),
    [
        ("2026-01-31", ["02-28", "03-31", "04-30", "05-31", "06-30"]),
        ("2026-08-30", ["09-30", "10-30", "11-30", "12-30", "01-30", "02-28", "03-30"]),
        ("2027-12-31", ["01-31", "02-29", "03-31"]),
    ],
)
def test_periods_keep_their_day(api: Api, begun: str, ends: list[str]) -> None:
    put(api, mode="pinned", at=f"{begun}T10:20:30.456Z")
    subscription = begin(api, with_card(api))
    for end in ends:
        found = read(api, subscription)["current_period_end"]
        assert found[5:] == f"{end}T10:20:30.456Z"
        advance(api, to=found)


def test_a_leap_day_comes_back(api: Api) -> None:
    put(api, mode="pinned", at="2027-02-28T00:00:00Z")
    advance(api, to="2028-02-29T00:00:00Z")
    subscription = begin(api, with_card(api), "pro_yearly")
    for year, day in ((2029, "02-28"), (2030, "02-28"), (2031, "02-28"), (2032, "02-29")):
        end = read(api, subscription)["current_period_end"]
        assert end == f"{year}-{day}T00:00:00.000Z"
        advance(api, to=end)


def test_free_plans_renew_without_an_invoice(api: Api) -> None:
    customer = api.customer()
    subscription = begin(api, customer, "free")
    advance(api, by="2mo")
    assert api.invoices(customer) == []
    assert read(api, subscription)["current_period_start"] == "2027-01-01T00:00:00.000Z"
    assert told(api, subscription)[2:] == [
        ("updated", "2026-12-01T00:00:00.000Z"),
        ("updated", "2027-01-01T00:00:00.000Z"),
    ]


def test_an_anchor_makes_the_first_period_short_and_its_price_a_share(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, billing_cycle_anchor="2026-11-16T00:00:00Z")
    assert subscription["current_period_end"] == "2026-11-16T00:00:00.000Z"
    # 15 of the 31 days from October 16 to November 16: 19 * 15/31 = 9.1935..., tax 0.7352
    assert totals(api, customer) == [(START, "9.93", "paid")]
    assert api.invoices(customer)[0]["lines"][0]["amount"] == "9.19"
    advance(api, by="44d")
    assert [total for _, total, _ in totals(api, customer)] == ["9.93", "20.52"]
    assert read(api, subscription)["current_period_end"] == "2026-12-16T00:00:00.000Z"


def test_a_change_in_a_short_first_period_gives_back_what_was_paid_for_it(api: Api, clock: ManualClock) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, billing_cycle_anchor="2026-11-16T00:00:00Z")
    clock.advance(days=5)
    api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro"})
    lines = [line["amount"] for line in api.invoices(customer)[0]["lines"]]
    assert lines == ["-6.13", "15.81"]  # 10 of 31 days: 19 * 10/31 = 6.129..., 49 * 10/31 = 15.806...


@pytest.mark.parametrize("anchor", ["2026-11-01T00:00:00Z", "2026-10-31T00:00:00Z", "2026-12-01T00:00:00.001Z"])
def test_anchors_out_of_reach(api: Api, anchor: str) -> None:
    body = {"customer_id": with_card(api)["id"], "plan_code": "starter", "billing_cycle_anchor": anchor}
    document = problem(api.post("/v1/subscriptions", body), 422, "validation.failed")
    assert document["errors"][0]["field"] == "billing_cycle_anchor"


# Trials


def test_a_trial_begins_warns_ends_and_is_billed(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, trial_days=14)
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", "2026-11-15T00:00:00.000Z")
    assert subscription["current_period_end"] == subscription["trial_end"]
    assert api.invoices(customer) == []
    advance(api, by="15d")
    assert told(api, subscription) == [
        ("created", START),
        ("trial_started", START),
        ("trial_will_end", "2026-11-12T00:00:00.000Z"),
        ("trial_ended", "2026-11-15T00:00:00.000Z"),
        ("activated", "2026-11-15T00:00:00.000Z"),
    ]
    assert totals(api, customer) == [("2026-11-15T00:00:00.000Z", "20.52", "paid")]
    now = read(api, subscription)
    assert (now["status"], now["current_period_end"]) == ("active", "2026-12-15T00:00:00.000Z")


def test_a_short_trial_warns_at_once(api: Api) -> None:
    subscription = begin(api, with_card(api), trial_days=2)
    assert told(api, subscription) == [("created", START), ("trial_started", START), ("trial_will_end", START)]


def test_a_trial_without_a_method_ends_past_due(api: Api) -> None:
    customer = api.customer()
    subscription = begin(api, customer, trial_days=14)
    assert (subscription["status"], subscription["default_payment_method_id"]) == ("trialing", None)
    advance(api, by="14d")
    assert [kind for kind, _ in told(api, subscription)][-2:] == ["trial_ended", "past_due"]
    assert totals(api, customer) == [("2026-11-15T00:00:00.000Z", "20.52", "open")]


def test_a_trial_that_needs_a_method(api: Api) -> None:
    body = {"customer_id": api.customer()["id"], "plan_code": "starter", "trial_days": 14}
    problem(api.post("/v1/subscriptions", {**body, "require_payment_method": True}), 402, "payment_method.required")


def test_extending_a_trial_moves_what_follows(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, trial_days=14)
    path = f"/v1/subscriptions/{subscription['id']}/extend-trial"
    extended = api.ok(path, {"trial_end": "2026-12-01T00:00:00Z", "version": 2})
    assert (extended["trial_end"], extended["current_period_end"]) == ("2026-12-01T00:00:00.000Z",) * 2
    advance(api, by="31d")
    assert told(api, subscription)[2:] == [
        ("trial_extended", START),
        ("trial_will_end", "2026-11-28T00:00:00.000Z"),
        ("trial_ended", "2026-12-01T00:00:00.000Z"),
        ("activated", "2026-12-01T00:00:00.000Z"),
    ]
    problem(api.post(path, {"trial_end": "2027-01-01T00:00:00Z"}), 422, "subscription.invalid_transition")


@pytest.mark.parametrize("trial_end", ["2026-11-15T00:00:00Z", "2026-11-02T00:00:00Z", "2029-11-01T00:00:00Z", "soon"])
def test_extensions_that_are_none(api: Api, trial_end: str) -> None:
    subscription = begin(api, with_card(api), trial_days=14)
    path = f"/v1/subscriptions/{subscription['id']}/extend-trial"
    problem(api.post(path, {"trial_end": trial_end}), 422, "validation.failed")
    problem(api.post(path, {}), 422, "validation.failed")
    problem(api.post(path, {"trial_end": trial_end, "version": 1}), 422 if trial_end == "soon" else 412,
            "validation.failed" if trial_end == "soon" else "subscription.version_mismatch")  # fmt: skip


def test_a_trial_that_is_canceled_ends_unbilled(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, trial_days=14)
    canceled = api.ok(f"/v1/subscriptions/{subscription['id']}/cancel")
    assert canceled["cancel_at"] == subscription["trial_end"]
    advance(api, by="60d")
    assert told(api, subscription)[-1] == ("canceled", "2026-11-15T00:00:00.000Z")
    assert api.invoices(customer) == []


def test_a_plan_changed_in_a_trial_costs_nothing_yet(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, trial_days=14)
    changed = api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro_yearly"})
    assert (changed["status"], changed["trial_end"]) == ("trialing", subscription["trial_end"])
    assert api.invoices(customer) == []
    advance(api, by="14d")
    assert totals(api, customer) == [("2026-11-15T00:00:00.000Z", "529.20", "paid")]


def test_a_trial_may_not_be_paused(api: Api) -> None:
    subscription = begin(api, with_card(api), trial_days=14)
    path = f"/v1/subscriptions/{subscription['id']}/pause"
    assert "trialing" in problem(api.post(path), 422, "subscription.invalid_transition")["detail"]


# Activation


def test_a_first_payment_that_is_not_made_is_waited_for_and_given_up(api: Api) -> None:
    customer = api.customer()
    subscription = begin(api, customer, require_payment_method=False)
    assert subscription["status"] == "pending_activation"
    assert totals(api, customer) == [(START, "20.52", "open")]
    advance(api, by="22h59m59s")
    assert read(api, subscription)["status"] == "pending_activation"
    advance(api, by="1s")
    expired = read(api, subscription)
    assert (expired["status"], expired["ended_at"]) == ("incomplete_expired", "2026-11-01T23:00:00.000Z")
    assert totals(api, customer) == [(START, "20.52", "void")]
    problem(api.post(f"/v1/subscriptions/{subscription['id']}/cancel"), 422, "subscription.invalid_transition")


def test_a_first_payment_that_is_confirmed_activates(api: Api) -> None:
    customer = with_card(api, "tok_visa_3ds")
    subscription = begin(api, customer)
    assert subscription["status"] == "pending_activation"
    [payment] = api.get("/v1/payments", status="requires_action").json()["data"]
    with api.sandbox.engine.unit() as unit:
        collection.confirm(unit, unit.need("payments", payment["id"], "payment.not_found"), approved=True)
    assert read(api, subscription)["status"] == "active"
    advance(api, by="40d")
    assert [kind for kind, _ in told(api, subscription)] == ["created", "updated", "activated", "updated"]
    assert [status for *_, status in totals(api, customer)] == ["paid", "paid"]


# Pauses


def test_a_pause_within_the_period_costs_nothing(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    path = f"/v1/subscriptions/{subscription['id']}"
    paused = api.ok(f"{path}/pause")
    assert (paused["status"], paused["paused_at"]) == ("paused", START)
    advance(api, by="10d")
    resumed = api.ok(f"{path}/resume")
    assert (resumed["status"], resumed["paused_at"]) == ("active", None)
    assert resumed["current_period_end"] == subscription["current_period_end"]
    assert len(api.invoices(customer)) == 1
    advance(api, by="25d")
    assert len(api.invoices(customer)) == 2


def test_a_long_pause_is_not_billed_and_begins_a_period_when_it_ends(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/pause")
    advance(api, to="2027-01-10T00:00:00Z")
    assert len(api.invoices(customer)) == 1
    resumed = api.ok(f"{path}/resume")
    assert resumed["current_period_start"] == resumed["billing_cycle_anchor"] == "2027-01-10T00:00:00.000Z"
    assert totals(api, customer)[1:] == [("2027-01-10T00:00:00.000Z", "20.52", "paid")]
    assert told(api, subscription)[-1] == ("resumed", "2027-01-10T00:00:00.000Z")
    problem(api.post(f"{path}/extend-trial", {"trial_end": "2028-01-01T00:00:00Z"}), 422,
            "subscription.invalid_transition")  # fmt: skip


def test_a_pause_until_a_moment_ends_by_itself(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    path = f"/v1/subscriptions/{subscription['id']}/pause"
    for resumes_at in ("2026-11-01T00:00:00Z", "2066-11-01T00:00:00Z"):
        problem(api.post(path, {"resumes_at": resumes_at}), 422, "validation.failed")
    paused = api.ok(path, {"resumes_at": "2027-01-10T06:00:00Z", "reason": "away"})
    assert (paused["resumes_at"], paused["pause_reason"]) == ("2027-01-10T06:00:00.000Z", "away")
    advance(api, to="2027-02-01T00:00:00Z")
    assert told(api, subscription)[-1] == ("resumed", "2027-01-10T06:00:00.000Z")
    now = read(api, subscription)
    assert (now["status"], now["resumes_at"], now["pause_reason"]) == ("active", None, None)
    assert totals(api, customer)[1:] == [("2027-01-10T06:00:00.000Z", "20.52", "paid")]


def test_a_pause_that_is_ended_early_ends_once(api: Api) -> None:
    subscription = begin(api, with_card(api))
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/pause", {"resumes_at": "2026-11-10T00:00:00Z"})
    api.ok(f"{path}/resume")
    advance(api, by="20d")
    assert [kind for kind, _ in told(api, subscription)] == ["created", "activated", "paused", "resumed"]


def test_a_paused_subscription_can_be_canceled_at_its_periods_end(api: Api) -> None:
    subscription = begin(api, with_card(api))
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/pause")
    api.ok(f"{path}/cancel")
    advance(api, by="40d")
    assert told(api, subscription)[-1] == ("canceled", "2026-12-01T00:00:00.000Z")


# Cancellations


def test_a_cancellation_taken_back_is_a_reactivation(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    path = f"/v1/subscriptions/{subscription['id']}"
    api.ok(f"{path}/cancel")
    back = api.ok(f"{path}/resume")
    assert (back["cancel_at_period_end"], back["cancel_at"]) == (False, None)
    assert told(api, subscription)[-1] == ("reactivated", START)
    assert api.ok(f"{path}/resume") == back
    advance(api, by="40d")
    assert len(api.invoices(customer)) == 2


def test_a_canceled_subscription_is_not_billed_again(api: Api) -> None:
    customer = with_card(api)
    subscription = begin(api, customer)
    api.ok(f"/v1/subscriptions/{subscription['id']}/cancel")
    advance(api, by="6mo")
    assert len(api.invoices(customer)) == 1
    assert [kind for kind, _ in told(api, subscription)] == ["created", "activated", "updated", "canceled"]


# Commitments


def test_a_commitment_starts_warns_and_renews(api: Api) -> None:
    subscription = begin(api, with_card(api), commitment={"months": 3})
    assert subscription["commitment"] == {
        "months": 3, "billing": "monthly", "early_cancel": "forbid", "at_end": "renew",
        "starts_at": START, "ends_at": "2027-02-01T00:00:00.000Z",
    }  # fmt: skip
    advance(api, by="4mo")
    commitments = [(kind, at) for kind, at in told(api, subscription) if kind.startswith("commitment")]
    assert commitments == [
        ("commitment_started", START),
        ("commitment_ending", "2027-01-02T00:00:00.000Z"),
        ("commitment_renewed", "2027-02-01T00:00:00.000Z"),
    ]
    assert read(api, subscription)["commitment"]["ends_at"] == "2027-05-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("billing", "months", "bills"),
    [
        ("monthly", 3, [(START, "20.52"), ("2026-12-01", "20.52"), ("2027-01-01", "20.52"), ("2027-02-01", "20.52")]),
        ("quarterly", 6, [(START, "61.56"), ("2027-02-01", "61.56")]),
        ("upfront", 12, [(START, "246.24")]),
    ],
)
def test_how_a_commitment_is_billed(api: Api, billing: str, months: int, bills: list[tuple[str, str]]) -> None:
    customer = with_card(api)
    begin(api, customer, commitment={"months": months, "billing": billing})
    advance(api, by="100d")
    assert [(at[:10], total) for at, total, _ in totals(api, customer)] == [(at[:10], total) for at, total in bills]


def test_what_is_billed_upfront_has_a_line_for_each_month(api: Api) -> None:
    customer = with_card(api)
    begin(api, customer, commitment={"months": 12, "billing": "upfront"})
    [invoice] = api.invoices(customer)
    assert [line["period_start"][:10] for line in invoice["lines"]][:3] == ["2026-11-01", "2026-12-01", "2027-01-01"]
    assert len(invoice["lines"]) == 12
    assert {line["amount"] for line in invoice["lines"]} == {"19.00"}


def test_a_commitment_is_kept(api: Api) -> None:
    subscription = begin(api, with_card(api), commitment={"months": 3})
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    document = problem(api.post(path, {"at_period_end": False}), 422, "subscription.commitment_active")
    assert "2027-02-01" in document["detail"]
    assert api.ok(path)["cancel_at"] == "2027-02-01T00:00:00.000Z"
    advance(api, by="5mo")
    assert told(api, subscription)[-2:] == [
        ("commitment_ended", "2027-02-01T00:00:00.000Z"),
        ("canceled", "2027-02-01T00:00:00.000Z"),
    ]


def test_a_commitment_that_may_be_canceled_early(api: Api) -> None:
    subscription = begin(api, with_card(api), commitment={"months": 3, "early_cancel": "allow"})
    path = f"/v1/subscriptions/{subscription['id']}/cancel"
    assert api.ok(path)["cancel_at"] == "2026-12-01T00:00:00.000Z"
    assert api.ok(path, {"at_period_end": False})["status"] == "canceled"


@pytest.mark.parametrize(("at_end", "status", "bills"), [("continue", "active", 5), ("end", "ended", 3)])
def test_what_follows_a_commitment(api: Api, at_end: str, status: str, bills: int) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, commitment={"months": 3, "at_end": at_end})
    advance(api, to="2027-03-15T00:00:00Z")
    now = read(api, subscription)
    assert (now["status"], now["commitment"]) == (status, None)
    assert len(api.invoices(customer)) == bills
    assert ("commitment_ended", "2027-02-01T00:00:00.000Z") in told(api, subscription)


def test_a_commitment_counts_from_the_end_of_a_trial(api: Api) -> None:
    subscription = begin(api, with_card(api), trial_days=14, commitment={"months": 3})
    assert subscription["commitment"]["starts_at"] is None
    advance(api, by="14d")
    assert told(api, subscription)[-1] == ("commitment_started", "2026-11-15T00:00:00.000Z")
    assert read(api, subscription)["commitment"]["ends_at"] == "2027-02-15T00:00:00.000Z"


@pytest.mark.parametrize(
    ("plan", "commitment"),
    [
        ("starter", {}), ("starter", {"months": 0}), ("starter", {"months": 4, "billing": "quarterly"}),
        ("pro_yearly", {"months": 18}), ("pro_yearly", {"months": 12, "billing": "quarterly"}),
        ("starter", {"months": 3, "billing": "daily"}), ("starter", {"months": 3, "discount": "10"}), ("starter", "12"),
    ],
)  # fmt: skip
def test_commitments_that_make_no_sense(api: Api, plan: str, commitment: object) -> None:
    body = {"customer_id": with_card(api)["id"], "plan_code": plan, "commitment": commitment}
    problem(api.post("/v1/subscriptions", body), 422, "validation.failed")


def test_a_committed_subscription_keeps_its_interval(api: Api) -> None:
    subscription = begin(api, with_card(api), commitment={"months": 12})
    path = f"/v1/subscriptions/{subscription['id']}/change-plan"
    problem(api.post(path, {"plan_code": "pro_yearly"}), 422, "subscription.commitment_active")
    assert api.ok(path, {"plan_code": "pro"})["commitment"] == subscription["commitment"]


def test_an_upgrade_of_what_is_paid_upfront_counts_all_months_left(api: Api, clock: ManualClock) -> None:
    customer = with_card(api)
    subscription = begin(api, customer, commitment={"months": 3, "billing": "upfront"})
    clock.advance(days=15)
    api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_code": "pro"})
    lines = [line["amount"] for line in api.invoices(customer)[0]["lines"]]
    assert lines == ["-9.50", "-19.00", "-19.00", "24.50", "49.00", "49.00"]


# The machine


def test_every_state_is_reached_and_final_states_are_final(api: Api) -> None:
    final = {state for state in SUBSCRIPTION.states if not SUBSCRIPTION.transitions[state]}
    assert final == {"canceled", "ended", "incomplete_expired"}
    subscription = begin(api, with_card(api), commitment={"months": 1, "at_end": "end"})
    advance(api, by="1mo")
    path = f"/v1/subscriptions/{subscription['id']}"
    for action in ("cancel", "pause", "resume"):
        problem(api.post(f"{path}/{action}"), 422, "subscription.invalid_transition")
    problem(api.post(f"{path}/change-plan", {"plan_code": "pro"}), 422, "subscription.invalid_transition")


def test_a_card_that_works_once_leads_to_dunning(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter", card=ONCE)
    advance(api, by="31d")
    assert read(api, subscription)["status"] == "past_due"
