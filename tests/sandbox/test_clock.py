from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.store import Store
from sandbox.support import Api, ManualClock, problem

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
    [{}, {"by": "1d", "to": START}, {"by": "soon"}, {"by": "999999y"}, {"by": 3}, {"to": "9999-12-31T00:00:00Z"}],
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


@pytest.mark.parametrize("body", [{}, {"mode": "fast"}, {"mode": "real", "at": START}, {"mode": "pinned", "at": "now"}])
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
