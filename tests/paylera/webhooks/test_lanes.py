"""What an inbox decides, without a store: which record is next, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from paylera.testing import make_event
from paylera.webhooks import InboxRecord, lanes
from paylera.webhooks.lanes import Lane, LeaseLost

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LIMITS: Any = {"owner": "me", "now": NOW, "lease_seconds": 60, "max_attempts": 3}


def record(event_id: str = "evt_1", **changes: Any) -> InboxRecord:
    """Return a record that arrived a minute ago."""
    before = NOW - timedelta(minutes=1)
    plain = InboxRecord(event_id, "invoice.paid", "invoice:inv_1", before, "{}", before, before)
    return replace(plain, **changes)


def running(**changes: Any) -> InboxRecord:
    """Return a record that is being handled."""
    return record(**{"state": "processing", "owner": "me", "attempts": 1, "due_at": NOW, **changes})


def test_the_head_is_claimed_with_a_lease() -> None:
    """And the attempt counts at once: whoever dies in it has had it."""
    claimed = lanes.claimed(Lane(head=record()), **LIMITS)
    assert claimed is not None
    assert (claimed.state, claimed.owner, claimed.attempts, claimed.is_stale) == ("processing", "me", 1, False)
    assert claimed.due_at == NOW + timedelta(seconds=60)
    assert claimed.started_at == NOW


LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    "lane",
    [
        Lane(),
        Lane(head=record(due_at=LATER, state="failed")),
        Lane(head=record(), running=running(due_at=LATER)),
    ],
)
def test_nothing_is_claimed_while_nothing_is_due_or_one_is_running(lane: Lane) -> None:
    """One at a time."""
    assert lanes.claimed(lane, **LIMITS) is None


def test_what_was_left_behind_comes_first() -> None:
    """A lease that ran out belongs to nobody any more."""
    abandoned = running(event_id="evt_2", owner="dead process")
    claimed = lanes.claimed(Lane(head=record(), running=abandoned), **LIMITS)
    assert claimed is not None
    assert (claimed.event_id, claimed.owner, claimed.attempts) == ("evt_2", "me", 2)


def test_a_record_that_kills_its_process_is_dead_in_the_end() -> None:
    """Its attempts are used up, though nobody could say that they failed."""
    dead = lanes.claimed(Lane(running=running(attempts=3)), **LIMITS)
    assert dead is not None
    assert (dead.state, dead.owner, dead.due_at) == ("dead", "me", NOW + timedelta(seconds=60))
    assert "the process ended" in dead.error
    told = lanes.claimed(Lane(running=running(attempts=3, error="MemoryError")), **LIMITS)
    assert told is not None
    assert told.error == "MemoryError"


def test_older_than_the_watermark_is_stale() -> None:
    """By moment, then by id."""
    marks = [
        (record().occurred_at - timedelta(seconds=1), "evt_9"),
        (record().occurred_at, "evt_0"),
        (record().occurred_at, "evt_1"),
        (record().occurred_at, "evt_2"),
        (NOW, "evt_0"),
    ]
    found = [lanes.claimed(Lane(watermark=mark, head=record()), **LIMITS) for mark in marks]
    assert [one.is_stale for one in found if one is not None] == [False, False, False, True, True]


def test_the_watermark_only_rises_and_only_with_what_is_done() -> None:
    """A dead record has not happened."""
    done = lanes.done(Lane(running=running()), record=running(), now=NOW)
    assert (done.state, done.owner, done.due_at, done.finished_at, done.error) == ("done", "", None, NOW, "")
    assert Lane().mark_after(done) == done.mark
    assert Lane(watermark=(NOW, "evt_9")).mark_after(done) == (NOW, "evt_9")
    assert Lane(watermark=(done.occurred_at, "evt_0")).mark_after(done) == done.mark
    assert Lane().mark_after(replace(done, state="dead")) is None


def test_a_failure_waits_longer_each_time_and_ends() -> None:
    """As long as the sender would wait; then the record is dead."""
    waits = []
    for attempts in range(1, 10):
        mine = running(attempts=attempts)
        failed = lanes.failed(Lane(running=mine), record=mine, error="boom", now=NOW, max_attempts=10)
        assert (failed.state, failed.error, failed.is_open) == ("failed", "boom", True)
        assert failed.due_at is not None
        waits.append((failed.due_at - NOW).total_seconds())
    assert waits == [15, 60, 300, 1800, 7200, 21600, 43200, 43200, 43200]
    mine = running(attempts=10)
    dead = lanes.failed(Lane(running=mine), record=mine, error="boom", now=NOW, max_attempts=10)
    assert (dead.state, dead.is_open) == ("dead", False)


def test_the_end_of_a_long_traceback_is_kept() -> None:
    """The exception itself stands there."""
    mine = running()
    error = "x" * lanes.MAX_ERROR + "ValueError: 7"
    kept = lanes.failed(Lane(running=mine), record=mine, error=error, now=NOW, max_attempts=10).error
    assert len(kept) == lanes.MAX_ERROR
    assert kept.endswith("ValueError: 7")


def test_every_attempt_is_kept() -> None:
    """Those of killed processes and of before a replay too; the newest ones, if there are many."""
    times = [NOW + timedelta(minutes=number) for number in range(4)]
    first = lanes.claimed(Lane(head=record()), **LIMITS)
    assert first is not None
    failed = lanes.failed(Lane(running=first), record=first, error="boom", now=times[1], max_attempts=3)
    second = lanes.claimed(Lane(head=replace(failed, due_at=NOW)), **{**LIMITS, "now": times[2]})
    third = lanes.claimed(Lane(running=second), **{**LIMITS, "now": times[3]})
    assert third is not None
    done = lanes.done(Lane(running=third), record=third, now=times[3] + timedelta(seconds=2))
    assert [(one.outcome, one.error, one.seconds) for one in done.past] == [
        ("failed", "boom", 60), ("killed", "", 60), ("done", "", 2)
    ]  # fmt: skip
    again = lanes.replayed(Lane(asked=done), now=NOW, force=False)
    assert again is not None
    assert again.past == done.past
    for _ in range(30):
        done = lanes.done(Lane(running=replace(running(), history=done.history)), record=running(), now=NOW)
    assert [one.outcome for one in done.past] == ["done"] * 20


def test_an_attempt_that_killed_the_record_is_one() -> None:
    """And not two."""
    dead = lanes.claimed(Lane(running=running(attempts=3, started_at=NOW)), **LIMITS)
    assert dead is not None
    assert [one.outcome for one in dead.past] == ["killed"]
    lowered = lanes.claimed(Lane(head=record(state="failed", attempts=3, error="boom")), **LIMITS)
    assert lowered is not None
    assert (lowered.state, lowered.error, lowered.past) == ("dead", "boom", ())


def test_what_no_database_takes_is_written_out() -> None:
    """A failure must be recorded, whatever its message is."""
    mine = running()
    kept = lanes.failed(Lane(running=mine), record=mine, error="a\0b\ud800", now=NOW, max_attempts=10)
    assert kept.error == kept.past[0].error == "a\\0b\\ud800"


@pytest.mark.parametrize("state", ["dead", "quarantined"])
def test_what_is_given_up_is_told_by_somebody(state: Any) -> None:
    """By its owner, or after the lease by who finds it; as the same attempt."""
    untold = running(state=state, due_at=LATER, attempts=3, history="[]")
    behind = Lane(running=untold, head=record("evt_2"))
    assert lanes.claimed(behind, **LIMITS) is None
    found = lanes.claimed(behind, **{**LIMITS, "now": LATER, "owner": "you"})
    assert found == replace(untold, owner="you", due_at=LATER + timedelta(seconds=60))
    assert lanes.told(Lane(running=found), record=found) == replace(untold, owner="", due_at=None)
    with pytest.raises(LeaseLost):
        lanes.told(Lane(running=found), record=untold)


@pytest.mark.parametrize(
    "lane", [Lane(), Lane(running=running(owner="other")), Lane(running=running(event_id="evt_2"))]
)
def test_what_is_no_longer_ours_is_not_finished(lane: Lane) -> None:
    """Whoever has it now will."""
    mine = running()
    for decision in (
        lambda: lanes.done(lane, record=mine, now=NOW),
        lambda: lanes.failed(lane, record=mine, error="", now=NOW, max_attempts=3),
        lambda: lanes.quarantined(lane, record=mine, error="", now=NOW),
    ):
        with pytest.raises(LeaseLost):
            decision()


def test_a_redelivery_makes_a_failed_record_due() -> None:
    """And nothing else."""
    later = NOW + timedelta(hours=1)
    again = lanes.due_again(Lane(asked=record(state="failed", due_at=later)), now=NOW)
    assert again is not None
    assert (again.state, again.due_at) == ("failed", NOW)
    for state in ("received", "processing", "done", "dead", "quarantined"):
        assert lanes.due_again(Lane(asked=record(state=state)), now=NOW) is None
    assert lanes.due_again(Lane(), now=NOW) is None


def test_a_replay_revives_whatever_is_not_running() -> None:
    """With all its attempts."""
    for state in ("received", "done", "failed", "dead", "quarantined"):
        again = lanes.replayed(Lane(asked=record(state=state, attempts=8, finished_at=NOW)), now=NOW, force=True)
        assert again is not None
        assert (again.state, again.attempts, again.due_at, again.force) == ("received", 0, NOW, True)
    assert lanes.replayed(Lane(asked=running()), now=NOW, force=False) is None
    assert lanes.replayed(Lane(), now=NOW, force=False) is None


@pytest.mark.parametrize(
    ("aggregate", "lane"),
    [
        (("subscription", "sub_1"), "subscription:sub_1"),
        (("", "sub_1"), "event:evt_1"),
        (("subscription", ""), "event:evt_1"),
        (("subscription", "a b"), None),
        (("subscription", "\x00"), None),
        (("subscription", "\ud800"), None),
        (("s" * 120, "i" * 120), "s" * 120 + ":" + "i" * 120),
        (("s" * 121, "i" * 120), None),
    ],
)
def test_a_lane_is_an_aggregate(aggregate: tuple[str, str], lane: str | None) -> None:
    """Its name is one that every database can keep."""
    event = make_event("invoice.paid", id="evt_1").model_copy(
        update={"aggregate_type": aggregate[0], "aggregate_id": aggregate[1]}
    )
    found = lanes.lane_of(event)
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 255
    assert lane in (None, found)


def test_a_long_event_id_is_a_lane_too() -> None:
    """Its digest."""
    event = make_event("invoice.paid", id="e" * 255, aggregate_id="")
    assert lanes.lane_of(event).startswith("sha256:")


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), datetime(2025, 12, 31, 22, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments_are_kept_in_utc(moment: datetime, kept: datetime) -> None:
    """The first day that a datetime knows included."""
    event = make_event("invoice.paid", occurred_at=moment)
    stored = lanes.received(event, payload="{}", secret_position=1, now=NOW)
    assert (stored.occurred_at, stored.secret_position) == (kept, 1)
    assert (stored.state, stored.due_at, stored.received_at) == ("received", NOW, NOW)
