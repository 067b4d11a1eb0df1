"""What every store must do, once for all of them: a test class inherits a contract and brings a backend.

class TestMemory(InboxContract):
    @pytest.fixture
    def backend(self) -> Backend: ...
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from paylera.flow import Callee, Flow, invoke
from paylera.http import Request, Response
from paylera.testing import signed_event
from paylera.webhooks import Inbox, InboxQuery, InboxRecord, WebhookReceiver, lanes
from paylera.webhooks.lanes import LeaseLost

NOW = datetime(2026, 11, 24, 9, 30, 0, 123456, tzinfo=UTC)
SECRET = "whsec_contract"
LIFE = ("created", "trial_started", "activated", "updated", "past_due", "canceled")


@dataclass
class Backend:
    """A store and its surroundings.

    `run` drives a flow to its end, from any thread. `handler` writes the event's id beside the store, in the same
    transaction; `effects` reads what is committed. A store that cannot roll back says so.
    """

    store: Any
    run: Callable[[Flow[Any]], Any]
    handler: Callable[[Any], Any]
    effects: Callable[[], Sequence[str]]
    rolls_back: bool = True

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call one method of the store, whatever its colour."""
        return self.run(invoke(Callee.of(partial(getattr(self.store, method), *args, **kwargs))))


def record(event_id: str = "evt_1", *, minute: int = 0, lane: str = "invoice:inv_1", **changes: Any) -> InboxRecord:
    """Return a record that is due now and occurred at some minute."""
    plain = InboxRecord(event_id, "invoice.paid", lane, NOW + timedelta(minutes=minute), '{"id": "é🙂"}', NOW, NOW)
    return replace(plain, **changes)


def delivery(event_id: str, kind: str, minute: int, aggregate: str) -> Request:
    """Return a signed delivery."""
    sent = signed_event(
        kind, secret=SECRET, id=event_id, aggregate_id=aggregate, occurred_at=f"2026-11-24T09:{minute:02}:00Z"
    )
    return Request("POST", "http://localhost/", (("paylera-signature", sent.headers["Paylera-Signature"]),), sent.body)


def claim(owner: str, now: datetime = NOW) -> lanes.Decide:
    """Return the decision by which an inbox takes a record."""
    return partial(lanes.claimed, owner=owner, now=now, lease_seconds=60, max_attempts=5)


class InboxContract:
    """Every `InboxStore`."""

    @pytest.fixture
    def backend(self) -> Backend:
        """Return an empty backend."""
        raise NotImplementedError

    def test_a_record_comes_back_as_it_was(self, backend: Backend) -> None:
        """Every column, to the microsecond; the longest ids that there are."""
        whole = record(
            "e" * 255, lane="l" * 255, secret_position=2, state="failed", attempts=7, owner="o" * 32, is_stale=True,
            force=True, error="boom\n" * 4000, started_at=NOW, finished_at=NOW + timedelta(microseconds=1),
            history='[["2026-11-24T09:30:00+00:00", "2026-11-24T09:31:00+00:00", "failed", "boom \U0001f642"]]',
        )  # fmt: skip
        assert backend.ask("add", whole) == whole
        assert backend.ask("get", whole.event_id) == whole
        plain = record("evt_2")
        assert backend.ask("add", plain) == plain == backend.ask("get", "evt_2")
        assert backend.ask("get", "evt_3") is None
        assert {field.name for field in fields(whole)} == set(InboxRecord.__slots__)

    def test_an_event_is_added_once(self, backend: Backend) -> None:
        """The first one stays, whatever comes later under its id."""
        first = record(payload="first")
        assert backend.ask("add", first) == first
        assert backend.ask("add", record(payload="second", lane="another:lane", minute=5)) == first
        assert backend.ask("counts") == {"received": 1}

    def test_the_head_is_the_first_by_moment_then_id(self, backend: Backend) -> None:
        """Among what waits, in its own lane."""
        for one in (
            record("evt_3", minute=2),
            record("evt_2", minute=1),
            record("evt_1", minute=1, state="failed"),
            record("evt_0", minute=0, state="done"),
            record("evt_00", minute=0, lane="invoice:inv_2"),
        ):
            backend.ask("add", one)
        seen: list[Any] = []

        def look(lane: lanes.Lane) -> None:
            seen.append((lane.head and lane.head.event_id, lane.running, lane.asked, lane.watermark))

        assert backend.ask("change", "invoice:inv_1", look) is None
        assert seen == [("evt_1", None, None, None)]
        assert backend.ask("change", "nobody:1", look) is None
        assert seen[1] == (None, None, None, None)

    def test_ids_are_compared_as_bytes(self, backend: Backend) -> None:
        """As the watermark is; a database's language may have another opinion."""
        for event_id in ("evt_b", "evt_a", "evt_C", "evt-d", "evt_1"):
            backend.ask("add", record(event_id))
        order = []
        while (claimed := backend.ask("change", "invoice:inv_1", claim("me"))) is not None:
            order.append(claimed.event_id)
            assert not claimed.is_stale
            assert list(backend.ask("due", NOW, 9)) == []
            backend.ask("change", "invoice:inv_1", partial(lanes.done, record=claimed, now=NOW))
        assert order == ["evt-d", "evt_1", "evt_C", "evt_a", "evt_b"]

    def test_a_change_is_saved_with_the_watermark(self, backend: Backend) -> None:
        """Claim, finish, look."""
        for number in (1, 2):
            backend.ask("add", record(f"evt_{number}", minute=number))
        claimed = backend.ask("change", "invoice:inv_1", claim("me"), wait=False)
        assert (claimed.event_id, claimed.state, claimed.owner) == ("evt_1", "processing", "me")
        assert backend.ask("get", "evt_1") == claimed
        assert backend.ask("change", "invoice:inv_1", claim("other"), wait=False) is None
        done = backend.ask("change", "invoice:inv_1", partial(lanes.done, record=claimed, now=NOW))
        assert backend.ask("get", "evt_1") == done
        seen: list[lanes.Lane] = []
        backend.ask("change", "invoice:inv_1", seen.append, asked="evt_1")
        (lane,) = seen
        assert lane.watermark == done.mark
        assert (lane.running, lane.asked) == (None, done)
        assert lane.head is not None
        assert lane.head.event_id == "evt_2"

    def test_what_is_given_up_is_in_hand_until_it_is_told(self, backend: Backend) -> None:
        """Its lane waits for that; whoever finds it after its lease tells."""
        for number in (1, 2):
            backend.ask("add", record(f"evt_{number}", minute=number))
        mine = backend.ask("change", "invoice:inv_1", claim("me"))
        dead = backend.ask("change", mine.lane, partial(lanes.failed, record=mine, error="", now=NOW, max_attempts=1))
        assert (dead.state, dead.owner, dead.due_at) == ("dead", "me", mine.due_at)
        assert backend.ask("change", mine.lane, claim("you")) is None
        assert list(backend.ask("due", NOW, 9)) == []
        assert list(backend.ask("due", dead.due_at, 9)) == [mine.lane]
        found = backend.ask("change", mine.lane, claim("you", dead.due_at))
        assert (found.event_id, found.state, found.owner, found.past) == ("evt_1", "dead", "you", dead.past)
        with pytest.raises(LeaseLost):
            backend.ask("change", mine.lane, partial(lanes.told, record=dead))
        told = backend.ask("change", mine.lane, partial(lanes.told, record=found))
        assert backend.ask("get", "evt_1") == told
        assert (told.owner, told.due_at) == ("", None)
        assert backend.ask("change", mine.lane, claim("you")).event_id == "evt_2"

    def test_a_decision_that_raises_saves_nothing(self, backend: Backend) -> None:
        """Its error comes back as it is."""
        backend.ask("add", record())
        with pytest.raises(LeaseLost):
            backend.ask("change", "invoice:inv_1", partial(lanes.done, record=record(owner="me"), now=NOW))
        assert backend.ask("get", "evt_1") == record()

    def _claimed(self, backend: Backend) -> InboxRecord:
        backend.ask("add", record())
        claimed: InboxRecord = backend.ask("change", "invoice:inv_1", claim("me"))
        return claimed

    def _work(self, backend: Backend, *, then: Exception | None = None) -> Flow[None]:
        yield from invoke(Callee.of(backend.handler), record())
        if then is not None:
            raise then

    def test_the_work_and_the_mark_are_one(self, backend: Backend) -> None:
        """Both are there."""
        mine = self._claimed(backend)
        done = backend.ask("settle", mine, self._work(backend), partial(lanes.done, record=mine, now=NOW))
        assert done.state == "done"
        assert backend.ask("get", "evt_1") == done
        assert list(backend.effects()) == ["evt_1"]

    @pytest.mark.parametrize("fault", ["handler", "lease"])
    def test_or_neither_is(self, backend: Backend, fault: str) -> None:
        """Whether the handler raises or the record is somebody else's by now."""
        mine = self._claimed(backend)
        error: Any = ZeroDivisionError("boom") if fault == "handler" else None
        theirs = replace(mine, owner="another") if fault == "lease" else mine
        with pytest.raises(ZeroDivisionError if fault == "handler" else LeaseLost):
            backend.ask("settle", mine, self._work(backend, then=error), partial(lanes.done, record=theirs, now=NOW))
        assert backend.ask("get", "evt_1") == mine
        assert list(backend.effects()) == ([] if backend.rolls_back else ["evt_1"])

    def test_a_lane_is_due_when_its_next_record_is(self, backend: Backend) -> None:
        """The running one if there is one, else the head; the longest due first."""
        later, before = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
        rows = {
            "due:now": [record("a1"), record("a2", minute=1)],
            "due:longer": [record("b1", due_at=before)],
            "not:failed head": [record("c1", state="failed", due_at=later), record("c2", minute=1)],
            "not:running": [record("d1", state="processing", due_at=later), record("d2", minute=1)],
            "due:left behind": [record("e1", state="processing", due_at=before - timedelta(hours=1))],
            "due:not told": [record("f1", state="dead", due_at=before - timedelta(minutes=1)), record("f2", minute=-1)],
            "not:being told": [record("g1", state="quarantined", due_at=later), record("g2", minute=1)],
            "not:over": [record(f"h {state}", state=state, due_at=None) for state in ("done", "dead", "quarantined")],
        }
        for lane, records in rows.items():
            for one in records:
                backend.ask("add", replace(one, lane=lane))
        assert list(backend.ask("due", NOW, 10)) == ["due:left behind", "due:not told", "due:longer", "due:now"]
        assert list(backend.ask("due", NOW, 2)) == ["due:left behind", "due:not told"]
        assert list(backend.ask("due", NOW - timedelta(days=1), 10)) == []

    def test_a_query_finds_what_it_names(self, backend: Backend) -> None:
        """In the order in which it was received."""
        for number, state in enumerate(("done", "dead", "failed")):
            at = NOW + timedelta(seconds=number)
            backend.ask("add", record(f"evt_{9 - number}", state=state, received_at=at, event_type=f"invoice.{state}"))

        def found(**query: Any) -> list[str]:
            return [one.event_id for one in backend.ask("find", InboxQuery(**query))]

        assert found() == ["evt_9", "evt_8", "evt_7"]
        assert found(limit=1) == ["evt_9"]
        assert found(states=("dead", "failed")) == ["evt_8", "evt_7"]
        assert found(types=("invoice.done",), states=("done",)) == ["evt_9"]
        assert found(event_ids=("evt_7", "evt_1")) == ["evt_7"]
        assert found(since=NOW + timedelta(seconds=1)) == ["evt_8", "evt_7"]
        assert backend.ask("counts") == {"done": 1, "dead": 1, "failed": 1}

    def test_the_last_use_of_each_secret_is_told(self, backend: Backend) -> None:
        """By position, so that the merchant knows when the old one can go; what nobody signed is no use of one."""
        assert backend.ask("positions") == {}
        for number, position in enumerate((0, 1, 1, 0, None)):
            at = NOW + timedelta(seconds=number)
            backend.ask("add", record(f"evt_{number}", received_at=at, secret_position=position))
        assert backend.ask("positions") == {0: NOW + timedelta(seconds=3), 1: NOW + timedelta(seconds=2)}

    def test_only_old_records_that_are_done_are_pruned(self, backend: Backend) -> None:
        """A lane keeps its watermark as long as it has records."""
        mine = self._claimed(backend)
        backend.ask("change", "invoice:inv_1", partial(lanes.done, record=mine, now=NOW))
        backend.ask("add", record("evt_2", minute=1, received_at=NOW + timedelta(days=1)))
        backend.ask("add", record("evt_3", state="dead", lane="invoice:inv_2"))
        assert backend.ask("prune", NOW) == 0
        assert backend.ask("prune", NOW + timedelta(hours=1)) == 1
        assert backend.ask("counts") == {"received": 1, "dead": 1}
        seen: list[Any] = []
        backend.ask("change", "invoice:inv_1", lambda lane: seen.append(lane.watermark))
        assert seen == [mine.mark]

    def test_concurrent_duplicates_have_one_effect_each(self, backend: Backend) -> None:
        """Whoever delivers, however often at once; then the sender tries until it is told 200."""
        self.duplicates(backend, events=20, copies=10)

    def duplicates(self, backend: Backend, *, events: int, copies: int) -> Counter[int]:
        """Deliver every event `copies` times at once; return the statuses."""
        target = self.receiver(backend)
        requests = [delivery(f"evt_{n}", "invoice.paid", n % 60, f"inv_{n}") for n in range(events)]
        barrier = threading.Barrier(copies)
        statuses: Counter[int] = Counter()

        def deliver(_copy: int) -> None:
            barrier.wait(60)
            for request in requests:
                response: Response = backend.run(target.handle(request))
                statuses[response.status] += 1

        with ThreadPoolExecutor(copies) as pool:
            list(pool.map(deliver, range(copies)))
        for request in requests:
            assert self.until_acknowledged(backend, target, request) == 200
        assert Counter(backend.effects()) == Counter(f"evt_{n}" for n in range(events))
        assert set(statuses) <= {200, 500, 503}
        return statuses

    def test_some_permutations_of_a_life_end_alike(self, backend: Backend) -> None:
        """With duplicates."""
        self.permutations(backend, list(itertools.permutations(range(6)))[::37])

    def permutations(self, backend: Backend, orders: Sequence[Sequence[int]]) -> None:
        """Deliver the six events of a subscription's life in every order; the last state is always the last event."""
        target = self.receiver(backend, max_attempts=1000)
        for number, order in enumerate(orders):
            ids = [f"evt_{number}_{place}" for place in range(6)]
            life = [
                delivery(ids[place], f"subscription.{LIFE[place]}", place, f"sub_{number}")
                for place in (*order, order[0])
            ]
            for request in life:
                assert self.until_acknowledged(backend, target, request) == 200
        seen = backend.effects()
        for number in range(len(orders)):
            mine = [effect for effect in seen if effect.startswith(f"evt_{number}_")]
            assert mine[-1] == f"evt_{number}_5"
            assert mine == sorted(set(mine))

    def receiver(self, backend: Backend, **options: Any) -> WebhookReceiver:
        """Return a receiver with this backend's inbox."""
        inbox = Inbox(backend.store, handlers={"*": backend.handler}, **options)
        return WebhookReceiver(signing_secret=SECRET, inbox=inbox)

    def until_acknowledged(self, backend: Backend, target: WebhookReceiver, request: Request) -> int:
        """Deliver as the sender does, without its pauses."""
        for _ in range(50):
            response: Response = backend.run(target.handle(request))
            if response.status == 200:
                break
        return response.status


@dataclass
class ClaimBackend:
    """A claim store; `forward` lets its seconds pass, or is None where that cannot be done."""

    store: Any
    run: Callable[[Flow[Any]], Any]
    forward: Callable[[float], None] | None = None
    lease_seconds: float = 300

    def ask(self, method: str, *args: Any) -> Any:
        """Call one method of the store, whatever its colour."""
        return self.run(invoke(Callee.of(getattr(self.store, method)), *args))


class ClaimContract:
    """Every `ClaimStore`."""

    @pytest.fixture
    def claims(self) -> ClaimBackend:
        """Return an empty store."""
        raise NotImplementedError

    def test_an_event_is_claimed_by_one(self, claims: ClaimBackend) -> None:
        """Others are told that it is busy, then that it is done."""
        assert claims.ask("claim", "evt_1", "me") == "claimed"
        assert claims.ask("claim", "evt_1", "you") == "busy"
        assert claims.ask("claim", "evt_2", "you") == "claimed"
        claims.ask("complete", "evt_1", "me")
        assert claims.ask("claim", "evt_1", "you") == "done"
        assert claims.ask("claim", "evt_2", "me") == "busy"

    def test_what_is_released_can_be_claimed_again(self, claims: ClaimBackend) -> None:
        """By the next delivery."""
        assert claims.ask("claim", "evt_1", "me") == "claimed"
        claims.ask("release", "evt_1", "me")
        assert claims.ask("claim", "evt_1", "you") == "claimed"

    def test_only_the_owner_releases(self, claims: ClaimBackend) -> None:
        """Whoever lost the lease must not free the next one's, nor what is done."""
        assert claims.ask("claim", "evt_1", "me") == "claimed"
        claims.ask("release", "evt_1", "you")
        assert claims.ask("claim", "evt_1", "you") == "busy"
        claims.ask("complete", "evt_1", "me")
        claims.ask("release", "evt_1", "me")
        assert claims.ask("claim", "evt_1", "you") == "done"
        claims.ask("release", "evt_9", "you")

    def test_what_was_handled_is_done_whoever_owns_it(self, claims: ClaimBackend) -> None:
        """It was handled, though too late for its lease."""
        claims.ask("complete", "evt_1", "late")
        assert claims.ask("claim", "evt_1", "you") == "done"

    def test_a_lease_runs_out(self, claims: ClaimBackend) -> None:
        """The process may have been killed."""
        if claims.forward is None:
            pytest.skip("the clock of this store cannot be moved")
        assert claims.ask("claim", "evt_1", "me") == "claimed"
        claims.forward(claims.lease_seconds - 1)
        assert claims.ask("claim", "evt_1", "you") == "busy"
        claims.forward(2)
        assert claims.ask("claim", "evt_1", "you") == "claimed"
        claims.ask("release", "evt_1", "me")
        assert claims.ask("claim", "evt_1", "me") == "busy"

    def test_the_longest_id_can_be_claimed(self, claims: ClaimBackend) -> None:
        """255 visible characters of any kind."""
        for event_id in ("e" * 255, "~!'\"%{}:/\\*"):
            assert claims.ask("claim", event_id, "me") == "claimed"
            assert claims.ask("claim", event_id, "you") == "busy"

    def test_concurrent_duplicates_run_once(self, claims: ClaimBackend) -> None:
        """Every event, however many deliver it at once."""
        self.duplicates(claims, events=20, copies=10)

    def duplicates(self, claims: ClaimBackend, *, events: int, copies: int) -> Counter[int]:
        """Deliver every event `copies` times at once; return the statuses."""
        effects: list[str] = []
        target = WebhookReceiver(
            signing_secret=SECRET, handlers={"*": lambda event: effects.append(event.id)}, claims=claims.store
        )
        requests = [delivery(f"dup_{n}", "invoice.paid", n % 60, f"inv_{n}") for n in range(events)]
        barrier = threading.Barrier(copies)
        statuses: Counter[int] = Counter()

        def deliver(_copy: int) -> None:
            barrier.wait(60)
            for request in requests:
                response: Response = claims.run(target.handle(request))
                statuses[response.status] += 1

        with ThreadPoolExecutor(copies) as pool:
            list(pool.map(deliver, range(copies)))
        for request in requests:
            assert claims.run(target.handle(request)).status == 200
        assert Counter(effects) == Counter(f"dup_{n}" for n in range(events))
        assert set(statuses) <= {200, 503}
        return statuses
