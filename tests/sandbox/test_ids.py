"""Ids sort in the order in which they were made; receivers of events rely on that."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from random import Random

from paylera_sandbox import Sandbox
from paylera_sandbox.ids import Ids
from sandbox.support import Api, ManualClock

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_ids_of_one_millisecond_sort_as_they_were_made() -> None:
    """Also those of the next start, while time stands still."""
    made = [ids.new("evt", NOW) for ids in (Ids(Random(7), start=1), Ids(Random(7), start=2)) for _ in range(1000)]
    made += [Ids(Random(7), start=1).new("evt", NOW + timedelta(milliseconds=1))]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    for one in made:
        parsed = uuid.UUID(one.removeprefix("evt_"))
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert int(parsed) >> 80 in {int(NOW.timestamp() * 1000), int(NOW.timestamp() * 1000) + 1}


def test_many_ids_of_one_moment_stay_unique() -> None:
    """When the count is used up, the noise still tells them apart."""
    ids = Ids(Random(7), start=255)
    ids._count, ids._moment = 2**18 - 10, NOW
    made = [ids.new("evt", NOW) for _ in range(100)]
    assert len(set(made)) == 100


def test_events_sort_by_moment_and_id(clock: ManualClock) -> None:
    """A subscription that begins tells of many things at once."""
    with Sandbox(clock=clock) as sandbox:
        api = Api(sandbox)
        api.subscribe(api.customer(), "pro")
        told = api.events()
        api.close()
    assert len({event["occurred_at"] for event in told}) < len(told)
    assert told == sorted(told, key=lambda event: (event["occurred_at"], event["id"]))
