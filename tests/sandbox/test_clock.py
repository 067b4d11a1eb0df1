from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.api.customers import create
from paylera_sandbox.billing import agenda, beginnings, jobs, methods, renewals, timetable
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Store
from paylera_sandbox.timeline import State
from paylera_sandbox.unit import Unit
from sandbox.support import Api, ManualClock, Receiver, problem

START = "2026-11-01T00:00:00.000Z"


def put(api: Api, **body: object) -> dict:
    answer = api.client.put("/sandbox/clock", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def advance(api: Api, **body: object) -> dict:
    answer = api.client.post("/sandbox/clock/advance", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_real_time_is_the_beginning() -> None:
    with Sandbox() as sandbox:
        api = Api(sandbox)
        clock = api.get("/sandbox/clock").json()
        api.close()
    assert (clock["object"], clock["mode"], clock["offset_seconds"], clock["advance"]) == ("clock", "real", 0, None)
    assert abs(moment(clock["now"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_advanced_clock_runs_on(api: Api, clock: ManualClock) -> None:
    moved = advance(api, by="45d")
    assert (moved["mode"], moved["now"]) == ("offset", "2026-12-16T00:00:00.000Z")
    assert moved["offset_seconds"] == 45 * 86400
    assert (moved["advance"]["status"], moved["advance"]["jobs_remaining"]) == ("done", 0)
    clock.advance(hours=1)
    assert api.get("/sandbox/clock").json()["now"] == "2026-12-16T01:00:00.000Z"
    assert api.customer()["created_at"] == "2026-12-16T01:00:00.000Z"


def test_a_pinned_clock_stands_still(api: Api, clock: ManualClock) -> None:
    assert put(api, mode="pinned")["now"] == START
    clock.advance(days=1)
    assert api.get("/sandbox/clock").json()["now"] == START
    assert advance(api, by="1d12h")["now"] == "2026-11-02T12:00:00.000Z"
    assert put(api, mode="pinned", at="2026-11-03T00:00:00Z")["now"] == "2026-11-03T00:00:00.000Z"
    running = put(api, mode="offset")
    assert (running["mode"], running["now"]) == ("offset", "2026-11-03T00:00:00.000Z")
    clock.advance(days=3)
    assert put(api, mode="real")["now"] == "2026-11-05T00:00:00.000Z"


@pytest.mark.parametrize(
    ("by", "now"),
    [
        ("90s", "2026-11-01T00:01:30.000Z"),
        ("1ms", "2026-11-01T00:00:00.001Z"),
        ("2w", "2026-11-15T00:00:00.000Z"),
        ("24mo", "2028-11-01T00:00:00.000Z"),
        ("1y1mo1d", "2027-12-02T00:00:00.000Z"),
        ("10m", "2026-11-01T00:10:00.000Z"),
    ],
)
def test_durations(api: Api, by: str, now: str) -> None:
    assert advance(api, by=by)["now"] == now


def test_advancing_to_a_moment(api: Api) -> None:
    assert advance(api, to="2027-01-01T01:00:00+01:00")["now"] == "2027-01-01T00:00:00.000Z"
    document = problem(api.client.post("/sandbox/clock/advance", json={"to": START}), 409, "clock.backwards")
    assert "2027-01-01" in document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"by": "1d", "to": START},
        {"by": "soon"},
        {"by": "999999y"},
        {"by": 3},
        {"to": "9999-12-31T00:00:00Z"},
        {"by": "1d" * 11},
        {"by": "99999999d"},
        {"to": "0001-01-01T00:00:00Z"},
    ],
)
def test_advances_that_make_no_sense(api: Api, body: dict) -> None:
    problem(api.client.post("/sandbox/clock/advance", json=body), 422, "validation.failed")
    assert api.get("/sandbox/clock").json()["now"] == START


def test_time_goes_back_only_behind_nothing(api: Api) -> None:
    assert put(api, mode="pinned", at="2026-01-31T00:00:00Z")["now"] == "2026-01-31T00:00:00.000Z"
    api.customer()
    answer = api.client.put("/sandbox/clock", json={"mode": "pinned", "at": "2026-01-30T00:00:00Z"})
    problem(answer, 409, "clock.backwards")
    advance(api, to="2027-06-01T00:00:00Z")
    api.customer(email="bob@example.com")
    problem(api.client.put("/sandbox/clock", json={"mode": "real"}), 409, "clock.backwards")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "fast"},
        {"mode": "real", "at": START},
        {"mode": "pinned", "at": "now"},
        {"mode": "pinned", "at": "0001-01-01T00:00:00Z"},
        {"mode": "offset", "at": "2100-01-01T00:00:01Z"},
    ],
)
def test_settings_that_make_no_sense(api: Api, body: dict) -> None:
    problem(api.client.put("/sandbox/clock", json=body), 422, "validation.failed")


def test_the_clock_needs_the_token(api: Api) -> None:
    answer = api.client.get("/sandbox/clock", headers={"Authorization": "Bearer nobody"})
    problem(answer, 401, "auth.invalid_token")


@pytest.fixture
def database(tmp_path) -> str:
    return str(tmp_path / "sandbox.db")


def test_a_restart_goes_on_where_it_was(database: str) -> None:
    clock = ManualClock()
    with Sandbox(db=database, clock=clock) as sandbox:
        api = Api(sandbox)
        advance(api, by="10d")
        api.close()
    clock.advance(days=1)
    with Sandbox(db=database, clock=clock) as sandbox:
        assert stamp(sandbox.engine.time.now()) == "2026-11-12T00:00:00.000Z"


def test_what_became_due_while_nothing_ran_happens_at_its_own_moment(database: str) -> None:
    clock = ManualClock()
    with Sandbox(db=database, clock=clock) as sandbox:
        api = Api(sandbox)
        subscription = api.subscribe(api.customer(), "free")
        api.ok(f"/v1/subscriptions/{subscription['id']}/cancel", {})
        api.close()
    clock.advance(days=60)
    with Sandbox(db=database, clock=clock) as sandbox:
        api = Api(sandbox)
        [canceled] = api.events(type="subscription.canceled")
        assert canceled["occurred_at"] == "2026-12-01T00:00:00.000Z"
        assert api.get("/sandbox/clock").json()["now"] == "2026-12-31T00:00:00.000Z"
        api.close()


def ids(seed: int | None) -> list[str]:
    engine = Engine(clock=ManualClock(), seed=seed)
    with engine.unit() as unit:
        return [unit.new_id("cus") for _ in range(3)]


def test_the_same_seed_makes_the_same_ids() -> None:
    assert ids(7) == ids(7)
    assert ids(7) != ids(8)
    assert ids(None) != ids(None)
    assert len(set(ids(7))) == 3


def test_a_seeded_restart_makes_other_ids(database: str) -> None:
    found = []
    for _ in range(2):
        engine = Engine(store=Store(database), clock=ManualClock(), seed=7)
        with engine.unit() as unit:
            found.append(unit.new_id("cus"))
        engine.store.close()
    assert found[0] != found[1]


def test_what_is_due_happens_without_a_request(receiver: Receiver) -> None:
    """On real time, the sandbox wakes by itself."""
    with Sandbox(webhook_url=receiver.url) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        body = {"customer_id": customer["id"], "plan_code": "starter", "trial_days": 1}
        trial = api.ok("/v1/subscriptions", body)
        advance(api, to=stamp(moment(trial["trial_end"]) - timedelta(milliseconds=600)))
        api.close()
        ended = receiver.wait_for_type("subscription.trial_ended")
        assert ended["occurred_at"] == trial["trial_end"]


def crowd(api: Api, count: int) -> None:
    """Many customers with a plan."""
    for number in range(count):
        with api.sandbox.engine.unit() as unit:
            customer = create(Call(unit, {}, {}, {"email": f"c{number}@example.com"}))
            methods.attach_token(unit, customer, "card", "tok_visa_success", default=True)
            beginnings.start(unit, unit.customer(customer["id"]), unit.plan("starter"), Terms())


def test_a_long_advance_goes_on_by_itself_and_tells_how_far_it_is(api: Api, receiver: Receiver) -> None:
    put(api, mode="pinned")
    crowd(api, 60)
    api.ok("/v1/admin/webhook-endpoints", {"url": receiver.url, "events": ["invoice.paid"]})
    begun = advance(api, by="12mo")
    way = begun["advance"]
    assert (way["status"], way["from"], way["target"]) == ("running", START, "2027-11-01T00:00:00.000Z")
    assert way["jobs_remaining"] > 0
    problem(api.client.post("/sandbox/clock/advance", json={"by": "1d"}), 409, "clock.advancing")
    problem(api.client.put("/sandbox/clock", json={"mode": "real"}), 409, "clock.advancing")
    customer = api.customer()  # others are served meanwhile, at the time that it has come to
    seen = [way["position"], customer["created_at"]]
    clock = api.get("/sandbox/clock").json()
    while clock["advance"]["status"] == "running":
        seen.append(clock["advance"]["position"])
        clock = api.get("/sandbox/clock").json()
    assert seen == sorted(seen)
    done = clock["advance"]
    assert (done["position"], done["jobs_remaining"], clock["now"]) == (done["target"], 0, done["target"])
    paid = api.sandbox.engine.store.count("events", type="invoice.paid")
    assert paid == 60 * 13  # the first before the advance, the last at its end
    assert done["jobs_done"] >= 60 * 11
    receiver.wait_for(1)


@pytest.mark.parametrize(("mode", "after"), [("pinned", "pinned"), ("offset", "offset")])
def test_an_advance_can_be_stopped_where_it_is(api: Api, clock: ManualClock, mode: str, after: str) -> None:
    put(api, mode=mode)
    crowd(api, 60)
    assert advance(api, by="70y")["advance"]["status"] == "running"
    stopped = api.client.delete("/sandbox/clock/advance").json()
    assert (stopped["mode"], stopped["advance"]["status"]) == (after, "stopped")
    assert stopped["now"] == stopped["advance"]["position"] < "2096"
    assert api.get("/sandbox/clock").json()["now"] == stopped["now"]
    assert api.client.delete("/sandbox/clock/advance").json()["now"] == stopped["now"]
    assert advance(api, by="1m")["advance"]["target"] > stopped["now"]


def test_a_job_that_breaks_does_nothing_stops_no_other_and_comes_again(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bob = api.subscribe(api.customer(), "free"), api.subscribe(api.customer(email="bob@example.com"), "free")

    def renew(unit: Unit, identifier: str) -> None:
        renewals.renew(unit, identifier)
        if identifier == ada["id"] and unit.stamp < "2026-12-02":
            raise RuntimeError("a fault of ours")

    monkeypatch.setitem(jobs.HANDLERS, "subscription.renew", renew)
    advance(api, by="32d")
    ends = [event["occurred_at"] for event in api.events(type="subscription.updated")]
    assert ends == ["2026-12-01T00:00:00.000Z", "2026-12-02T00:00:00.000Z"]
    for held in (ada, bob):
        now = api.get(f"/v1/subscriptions/{held['id']}").json()
        assert (now["current_period_end"], now["version"]) == ("2027-01-01T00:00:00.000Z", 3)
    assert "subscription.renew" in caplog.text


def test_every_kind_of_job_has_its_place_and_somebody_who_does_it() -> None:
    assert set(agenda.KINDS) == set(jobs.HANDLERS)
    assert set(timetable.TIMETABLE) <= set(agenda.KINDS)


def test_a_change_that_is_taken_back_leaves_the_time_alone() -> None:
    engine = Engine(clock=ManualClock())
    with contextlib.suppress(RuntimeError), engine.unit() as unit:
        unit.time.advance(unit.now + timedelta(days=1))
        assert unit.time.state().running
        raise RuntimeError
    assert engine.time.state() == State()


def test_in_process_an_advance_is_done_when_it_is_answered() -> None:
    """Without a server there is no ticker: the call itself goes all the way."""
    engine = Engine(clock=ManualClock())
    with engine.unit() as unit:
        subscription = beginnings.start(
            unit, create(Call(unit, {}, {}, {"email": "a@b.c"})), unit.plan("free"), Terms()
        )
    with engine.unit() as unit:
        unit.time.advance(unit.now + timedelta(days=400))
    with engine.unit() as unit:
        assert unit.stamp == "2027-12-06T00:00:00.000Z"
        found = unit.need("subscriptions", subscription["id"], "subscription.not_found")
    assert found["current_period_end"] == "2028-01-01T00:00:00.000Z"
