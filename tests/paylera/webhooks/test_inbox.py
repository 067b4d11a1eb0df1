"""The inbox over a store in memory: nothing lost, nothing twice, nothing out of order."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from paylera.errors import NotFoundError, TransportError
from paylera.flow import Awaiting, Blocking, Pause, arun, run
from paylera.http import Request, Response
from paylera.testing import MemoryInboxStore
from paylera.webhooks import Inbox, InboxQuery, InboxRecord, WebhookHandlers, attempts
from support.stepping import Clock, Script

from .deliveries import SECRET, answer, delivery, receiver

no_transport: Any = None
TOO_LATE = 400  # seconds: longer than a lease


class Desk:
    """An inbox, its receiver and its clock."""

    def __init__(self, handlers: Any, **options: Any) -> None:
        self.clock = Clock(1_795_512_600.0)
        self.store = options.pop("store", None) or MemoryInboxStore()
        self.inbox = Inbox(self.store, handlers=handlers, system=self.clock.system(), **options)
        self.receiver = receiver(inbox=self.inbox, handlers=None)

    def deliver(self, request: Request) -> int:
        """Deliver one event and return the status."""
        return answer(self.receiver, request).status

    def record(self, event_id: str = "evt_1") -> InboxRecord:
        """Return a record."""
        record = self.store.get(event_id)
        assert record is not None
        return record

    def run(self, flow: Any) -> Any:
        """Drive a flow of the inbox."""
        return run(flow, Script(clock=self.clock))


def event(number: int = 1, kind: str = "subscription.updated", aggregate: str = "sub_1", **changes: Any) -> Request:
    """Return a delivery; a higher number occurred later."""
    at = f"2026-11-24T09:{number:02}:00.000Z"
    return delivery(kind, id=f"evt_{number}", aggregate_id=aggregate, occurred_at=at, **changes)


class Failing:
    """A handler that records what it gets, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[str] = []
        self.failures = failures

    def __call__(self, event: Any) -> None:
        self.seen.append(event.id)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")


def test_an_event_is_stored_and_handled_once() -> None:
    """Its record tells what happened; a second delivery is acknowledged."""
    handler = Failing()
    desk = Desk({"*": handler})
    assert [desk.deliver(event()), desk.deliver(event())] == [200, 200]
    assert handler.seen == ["evt_1"]
    record = desk.record()
    assert (record.state, record.attempts, record.lane) == ("done", 1, "subscription:sub_1")
    assert json.loads(record.payload)["id"] == "evt_1"
    assert record.started_at == record.finished_at == record.received_at
    assert "payload" not in repr(record).partition("payload=")[0]


def test_it_is_stored_before_the_handler_runs() -> None:
    """So a handler that takes its process with it loses nothing."""
    states: list[str] = []
    desk = Desk({"*": lambda event: states.append(desk.record(event.id).state)})
    assert desk.deliver(event()) == 200
    assert states == ["processing"]


def test_a_failure_is_kept_and_the_sender_is_the_clock() -> None:
    """500, the traceback in the record; the next delivery runs the handler again at once."""
    handler = Failing(failures=2)
    desk = Desk({"*": handler})
    assert desk.deliver(event()) == 500
    failed = desk.record()
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert failed.error.endswith("RuntimeError: not now\n")
    assert [desk.deliver(event()) for _ in range(3)] == [500, 200, 200]
    assert handler.seen == ["evt_1"] * 3
    assert (desk.record().state, desk.record().error) == ("done", "")


def test_a_traceback_begins_in_the_handler() -> None:
    """What is between it and the receiver is nobody's trouble; where nothing is the merchant's, all of it is kept."""
    shop: dict[str, Any] = {"__name__": "shop"}
    exec(compile("def handler(event):\n    raise RuntimeError('closed')", "shop.py", "exec"), shop)
    desk = Desk({"*": shop["handler"]})
    assert run(desk.receiver.handle(event()), Blocking(no_transport)).status == 500
    head, frame = desk.record().error.splitlines()[:2]
    assert head == "Traceback (most recent call last):"
    assert frame == '  File "shop.py", line 2, in handler'
    assert attempts.told(RuntimeError("nowhere")) == "RuntimeError: nowhere\n"
    with pytest.raises(ValueError, match="isoformat") as caught:
        attempts.read('[["no moment", "", "done"]]')
    ours = caught.value.with_traceback(caught.tb.tb_next)
    assert "attempts.py" in attempts.told(ours)


def test_an_event_without_a_handler_is_done() -> None:
    """It is stored all the same."""
    desk = Desk({"invoice.paid": print})
    assert desk.deliver(event()) == 200
    assert (desk.record().state, desk.record().attempts) == ("done", 1)


def test_events_of_an_aggregate_take_turns() -> None:
    """What comes behind a failed one waits; another aggregate does not."""
    handler = Failing(failures=1)
    desk = Desk({"*": handler})
    assert desk.deliver(event(1)) == 500
    assert desk.deliver(event(2)) == 503
    assert desk.deliver(event(3, aggregate="sub_2")) == 200
    assert handler.seen == ["evt_1", "evt_3"]
    desk.clock.time += 15
    assert desk.deliver(event(2)) == 200  # the first one is due: it goes first
    assert handler.seen == ["evt_1", "evt_3", "evt_1", "evt_2"]


LIFE = ("created", "trial_started", "activated", "updated", "past_due", "canceled")


@pytest.mark.parametrize("policy", ["skip", "handle"])
def test_every_permutation_of_a_life_ends_alike(policy: Any) -> None:
    """All 720, with duplicates; a handler that is shown stale events passes over them itself."""
    lives = [event(number, f"subscription.{kind}") for number, kind in enumerate(LIFE, start=1)]
    for order in itertools.permutations(lives):
        state: list[str] = []

        def mirror(event: Any, state: list[str] = state) -> None:
            if not event.is_stale:
                state.append(event.type)

        desk = Desk({"*": mirror}, stale=policy)
        assert {desk.deliver(request) for request in (*order, *order[:3])} == {200}
        assert state[-1] == "subscription.canceled"
        assert len(state) == len(set(state))
        stale = [desk.record(f"evt_{number}").is_stale for number in range(1, 7)]
        assert len(state) == 6 - sum(stale)
        assert {record.state for record in desk.store.records.values()} == {"done"}


def test_each_handler_may_choose_what_stale_means() -> None:
    """What acts on a fact must see it, even late; what mirrors a state must not."""
    on = WebhookHandlers()
    seen: list[Any] = []
    on("subscription.created", stale="handle")(lambda event: seen.append((event.type, event.is_stale)))
    on("subscription.*")(lambda event: seen.append((event.type, event.is_stale)))
    desk = Desk(on)
    for request in (event(3), event(2), event(1, "subscription.created")):
        assert desk.deliver(request) == 200
    assert seen == [("subscription.updated", False), ("subscription.created", True)]
    assert [desk.record(f"evt_{number}").is_stale for number in (1, 2, 3)] == [True, True, False]


def test_poison_is_put_aside_and_revived() -> None:
    """After the last attempt it is dead, its lane goes on, somebody is told; a replay runs it again."""
    handler, told = Failing(failures=3), []
    desk = Desk({"*": handler}, max_attempts=3, on_dead=told.append)
    assert [desk.deliver(event()) for _ in range(4)] == [500, 500, 200, 200]
    assert desk.record().state == "dead"
    assert [(record.event_id, record.state) for record in told] == [("evt_1", "dead")]
    assert desk.deliver(event(2)) == 200
    assert desk.run(desk.inbox.replay(InboxQuery(states=("dead",)))) == 1
    record = desk.record()
    assert (record.state, record.attempts, record.is_stale) == ("done", 1, True)
    assert handler.seen == ["evt_1"] * 3 + ["evt_2"]  # a newer one was handled meanwhile
    assert desk.run(desk.inbox.replay(InboxQuery(event_ids=("evt_1",)), force=True)) == 1
    assert handler.seen[-1] == "evt_1"


def test_a_hook_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The record is dead all the same."""
    desk = Desk({"*": Failing(failures=1)}, max_attempts=1, on_dead=lambda record: 1 / 0)
    assert desk.deliver(event()) == 200
    assert desk.record().state == "dead"
    assert "on_dead failed for event evt_1" in caplog.text


@pytest.mark.parametrize("changes", [{}, {"kind": "invoice.paid", "data": {"amount_paid": "forty nine"}}])
def test_a_hook_that_was_not_called_is_called_by_the_next_sweep(changes: dict[str, Any]) -> None:
    """The process ended when the record was given up, and nobody was told."""
    handler, told = Failing(failures=0 if changes else 1), []
    desk = Desk({"*": handler}, enqueue="worker", max_attempts=1, on_dead=told.append)
    assert desk.deliver(event(**changes)) == 200
    killed, script = desk.inbox.process(desk.record().lane), Script(clock=desk.clock)
    effect = next(killed)
    while desk.record().state not in ("dead", "quarantined"):
        try:
            effect = killed.send(script(effect))
        except RuntimeError as error:
            effect = killed.throw(error)
    killed.close()  # committed; then the process is gone
    assert desk.deliver(event(2)) == 200
    assert (told, desk.run(desk.inbox.sweep())) == ([], ["subscription:sub_1"] if changes else [])
    desk.clock.time += TOO_LATE
    desk.run(desk.inbox.work(once=True))
    assert [one.event_id for one in told] == ["evt_1"]
    assert desk.record("evt_2").state == "done"
    desk.clock.time += TOO_LATE
    assert desk.run(desk.inbox.work(once=True)) == 0
    assert len(told) == 1


def test_what_is_replayed_while_it_is_told_is_not_over() -> None:
    """A hook may do that itself, say."""
    handler = Failing(failures=1)

    def again(record: InboxRecord) -> None:
        assert desk.run(desk.inbox.replay(InboxQuery(event_ids=(record.event_id,)))) == 1

    desk = Desk({"*": handler}, enqueue="worker", max_attempts=1, on_dead=again)
    assert desk.deliver(event()) == 200
    assert desk.run(desk.inbox.work(once=True)) == 2
    assert (desk.record().state, handler.seen) == ("done", ["evt_1", "evt_1"])


def test_without_a_hook_the_log_tells(caplog: pytest.LogCaptureFixture) -> None:
    """By id and type."""
    desk = Desk({"*": Failing(failures=1)}, max_attempts=1)
    assert desk.deliver(event()) == 200
    assert "event evt_1 (subscription.updated) is dead" in caplog.text


def test_a_payload_that_does_not_fit_is_quarantined_and_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """200, the validation error in the record; after an upgrade a replay handles it."""
    handler, told = Failing(), []
    desk = Desk({"*": handler}, on_dead=told.append)
    odd = event(kind="invoice.paid", data={"amount_paid": "forty nine"})
    assert [desk.deliver(odd), desk.deliver(odd)] == [200, 200]
    record = desk.record()
    assert record.state == "quarantined"
    assert record.error == "it does not fit its class; see data.amount_paid"
    assert [one.state for one in told] == ["quarantined"]
    assert desk.deliver(event(2, aggregate="sub_1")) == 200
    from paylera.webhooks import catalogue
    from paylera.webhooks.event import PayleraWebhookEvent

    monkeypatch.setitem(catalogue.EVENT_TYPES._classes, "invoice.paid", PayleraWebhookEvent)  # type: ignore[attr-defined]
    assert desk.run(desk.inbox.replay(InboxQuery(types=("invoice.paid",)))) == 1
    assert desk.record().state == "done"
    assert handler.seen == ["evt_2", "evt_1"]


def test_a_payload_that_is_no_event_any_more_is_quarantined() -> None:
    """A later version may be stricter."""
    desk = Desk({"*": print}, enqueue="worker")
    assert desk.deliver(event()) == 200
    desk.store.records["evt_1"] = replace(desk.record(), payload="{}")
    assert desk.run(desk.inbox.work(once=True)) == 1
    assert (desk.record().state, desk.record().error) == ("quarantined", "it is no event to this version")


def test_a_misfit_without_a_handler_is_nobodys_business() -> None:
    """It is done."""
    desk = Desk({"subscription.*": print})
    assert desk.deliver(event(kind="invoice.paid", data={"amount_paid": "x"})) == 200
    assert desk.record().state == "done"


def test_a_queue_is_told_the_lane_after_the_row_is_there() -> None:
    """And its task handles what is due, whenever and however often it runs."""
    lanes: list[str] = []
    handler = Failing(failures=1)
    desk = Desk({"*": handler}, enqueue=lambda lane: lanes.append(lane + desk.record().state))
    assert [desk.deliver(event()), desk.deliver(event())] == [200, 200]
    assert lanes == ["subscription:sub_1received"] * 2
    assert handler.seen == []
    assert desk.run(desk.inbox.process("subscription:sub_1")) == 1
    assert desk.record().state == "failed"
    assert desk.run(desk.inbox.process("subscription:sub_1")) == 0
    assert desk.deliver(event()) == 200  # delivered again: due at once
    assert [desk.run(desk.inbox.process("subscription:sub_1")) for _ in range(2)] == [1, 0]
    assert handler.seen == ["evt_1", "evt_1"]
    assert desk.run(desk.inbox.replay(InboxQuery())) == 1
    assert lanes[-1] == "subscription:sub_1received"


def test_a_dead_broker_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """200: the row is there, and the worker finds it."""
    handler = Failing()
    desk = Desk({"*": handler}, enqueue=lambda lane: 1 / 0)
    assert [desk.deliver(event(number, aggregate=f"sub_{number}")) for number in (1, 2)] == [200, 200]
    assert "the queue did not take subscription:sub_1" in caplog.text
    assert desk.run(desk.inbox.sweep(limit=1)) == ["subscription:sub_1"]
    assert desk.run(desk.inbox.work(once=True)) == 2
    assert handler.seen == ["evt_1", "evt_2"]
    assert desk.run(desk.inbox.sweep()) == []


def test_the_worker_waits_and_goes_on() -> None:
    """Also when the store fails for a while."""
    handler = Failing()
    desk = Desk({"*": handler}, enqueue="worker")
    worker = desk.inbox.work(interval=0.7)

    def until_pause(answer: Any = None) -> Pause:
        script, effect = Script(clock=desk.clock), next(worker) if answer is None else worker.send(None)
        while not isinstance(effect, Pause):
            try:
                effect = worker.send(script(effect))
            except ZeroDivisionError as error:
                effect = worker.throw(error)
        return effect

    assert until_pause() == Pause(0.7)
    assert desk.deliver(event()) == 200
    assert until_pause("waited") == Pause(0.7)
    assert handler.seen == ["evt_1"]
    worker.close()


def test_a_store_that_fails_does_not_end_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    """It will be back."""
    desk = Desk({"*": print}, enqueue="worker")
    desk.store.due = lambda now, limit: 1 / 0
    assert desk.run(desk.inbox.work(once=True)) == 0
    assert "the worker failed; it goes on" in caplog.text


def test_a_lane_that_fails_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """What is wrong with one of them is nobody else's business."""
    handler = Failing()
    desk = Desk({"*": handler}, enqueue="worker")
    assert [desk.deliver(event(number, aggregate=f"sub_{number}")) for number in (1, 2)] == [200, 200]
    change = desk.store.change

    def broken(lane: str, decide: Any, **options: Any) -> Any:
        return 1 / 0 if lane == "subscription:sub_1" else change(lane, decide, **options)

    desk.store.change = broken
    assert desk.run(desk.inbox.work(once=True)) == 1
    assert handler.seen == ["evt_2"]
    assert "the worker failed; it goes on" in caplog.text


def test_a_busy_lane_leaves_the_others_their_turns() -> None:
    """A worker handles a few of it, and then looks at the next."""
    handler = Failing()
    desk = Desk({"*": handler}, enqueue="worker")
    busy = [event(number) for number in range(1, 31)]
    assert {desk.deliver(one) for one in [*busy, event(40, aggregate="sub_2")]} == {200}
    assert desk.run(desk.inbox.work(once=True)) == 31
    assert handler.seen.index("evt_40") == 10
    assert [one for one in handler.seen if one != "evt_40"] == [f"evt_{number}" for number in range(1, 31)]


@pytest.mark.parametrize(("outages", "state"), [(1, "failed"), (3, "failed"), (4, "processing")])
def test_a_store_that_is_away_for_a_moment_does_not_cost_a_lease(
    outages: int, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    """That the handler failed is noted a little later; if that cannot be, the lease runs out."""
    desk = Desk({"*": Failing(failures=1)}, enqueue="worker")
    assert desk.deliver(event()) == 200
    change, calls = desk.store.change, iter(range(9))
    desk.store.change = lambda *args, **options: (
        1 / 0 if 1 <= next(calls) <= outages else change(*args, **options)  # the first call claims
    )
    script = Script(clock=desk.clock)
    run(desk.inbox.work(once=True), script)
    assert (desk.record().state, desk.record().attempts) == (state, 1)
    assert script.pauses == [0.2, 1, 3][:outages]
    assert caplog.text.count("the failure of event evt_1 cannot be noted yet") == min(outages, 3)


def test_a_killed_handler_is_run_again_when_its_lease_is_over() -> None:
    """Not before: it may be alive."""
    handler = Failing()
    desk = Desk({"*": handler}, enqueue="worker")
    assert desk.deliver(event()) == 200
    killed = desk.inbox.process("subscription:sub_1")
    script = Script(clock=desk.clock)
    killed.send(script(next(killed)))  # claimed; then the process is gone
    killed.close()
    assert desk.record().state == "processing"
    assert desk.run(desk.inbox.work(once=True)) == 0
    desk.clock.time += TOO_LATE
    assert desk.run(desk.inbox.sweep()) == ["subscription:sub_1"]
    assert desk.run(desk.inbox.work(once=True)) == 1
    assert handler.seen == ["evt_1"]
    assert desk.record().attempts == 2


def test_an_event_that_kills_every_process_is_dead_in_the_end() -> None:
    """And what waits behind it goes on."""
    handler, told = Failing(), []
    desk = Desk({"*": handler}, enqueue="worker", max_attempts=2, on_dead=told.append)
    assert [desk.deliver(event(number)) for number in (1, 2)] == [200, 200]
    for _ in range(2):
        killed = desk.inbox.process("subscription:sub_1")
        killed.send(Script(clock=desk.clock)(next(killed)))
        killed.close()
        desk.clock.time += TOO_LATE
    assert desk.run(desk.inbox.work(once=True)) == 2
    assert [record.event_id for record in told] == ["evt_1"]
    assert (desk.record().state, handler.seen) == ("dead", ["evt_2"])


def test_whoever_finds_a_lane_locked_leaves_it_to_the_other() -> None:
    """A claim does not wait; whoever holds the lock goes on with what they find."""
    desk = Desk({"*": print}, enqueue="worker")
    assert desk.deliver(event()) == 200
    with desk.store._locked("subscription:sub_1", wait=True):
        assert desk.run(desk.inbox.process("subscription:sub_1")) == 0
    assert desk.run(desk.inbox.process("subscription:sub_1")) == 1


@pytest.mark.parametrize("failures", [0, 1])
def test_who_lost_the_lease_neither_finishes_nor_fails_the_record(
    failures: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done is rolled back; the other one decides."""
    first = Failing(failures=failures)

    def slow(event: Any) -> None:
        mine = desk.record()
        desk.store.records["evt_1"] = replace(mine, owner="another")
        first(event)

    desk = Desk({"*": slow})
    assert desk.deliver(event()) == 503
    assert (desk.record().state, desk.record().owner) == ("processing", "another")
    if not failures:
        assert "event evt_1 took longer than its lease" in caplog.text


def test_a_store_that_is_down_is_answered_with_503(caplog: pytest.LogCaptureFixture) -> None:
    """The sender tries again; nothing is acknowledged that is not stored."""
    handler = Failing()
    for method in ("add", "change", "get"):
        desk = Desk({"*": handler})
        setattr(desk.store, method, lambda *args, **kwargs: 1 / 0)
        response = answer(desk.receiver, event())
        assert response.status == 503
        assert json.loads(response.body)["type"] == "paylera.webhook_store_unavailable"
    assert "the inbox failed to take event evt_1" in caplog.text


def test_a_record_that_is_gone_in_between_is_not_acknowledged() -> None:
    """Somebody deleted it while it was handled."""
    desk = Desk({"*": lambda event: desk.store.records.clear()})
    assert desk.deliver(event()) == 503


def test_fifty_threads_times_fifty_events() -> None:
    """Each effect exactly once, whoever delivers it."""
    effects: list[str] = []
    desk = Desk({"*": lambda event: effects.append(event.id)})
    requests = [event(number, aggregate=f"sub_{number % 7}") for number in range(50)]
    barrier = threading.Barrier(50)
    statuses: set[int] = set()

    def deliver() -> None:
        barrier.wait(30)
        for request in requests:
            statuses.add(desk.deliver(request))

    threads = [threading.Thread(target=deliver) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for request in requests:  # as the sender would
        assert desk.deliver(request) == 200
    assert len(effects) == len(set(effects))
    skipped = {record.event_id for record in desk.store.records.values() if record.is_stale}
    assert set(effects) | skipped == {f"evt_{number}" for number in range(50)}
    assert statuses <= {200, 503}


def test_async_handlers_and_hosts() -> None:
    """The same flow on an event loop; the store is kept off it."""

    async def body() -> None:
        loop_thread, threads, seen = threading.get_ident(), set(), []

        async def handler(event: Any) -> None:
            await asyncio.sleep(0)
            threads.add(threading.get_ident())
            seen.append(event.id)

        desk = Desk({"*": handler})
        perform = Awaiting(no_transport, in_thread=asyncio.to_thread)
        answers = [await arun(desk.receiver.handle(event(number)), perform) for number in (1, 1, 2)]
        assert [one.status for one in answers] == [200, 200, 200]
        assert seen == ["evt_1", "evt_2"]
        assert loop_thread not in threads

    asyncio.run(body())


class Upstream:
    """The client, as far as an inbox asks it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def request(self, method: str, path: str) -> Any:
        """Answer or raise."""
        self.asked.append(f"{method} {path}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer_", "live"), [({"id": "sub_1", "status": "canceled"}, {"id": "sub_1", "status": "canceled"}),
                          (NotFoundError("gone"), None)]
)  # fmt: skip
def test_the_live_object_is_handed_over(answer_: Any, live: Any) -> None:
    """As the API has it now; one that is gone is None."""
    seen: list[Any] = []
    api = Upstream(answer_)
    desk = Desk({"*": lambda event: seen.append(event.live)}, refetch=True, api=api)
    assert desk.deliver(event()) == 200
    assert (seen, api.asked) == ([live], ["GET /v1/subscriptions/sub_1"])


def test_an_api_that_is_down_is_a_failed_attempt() -> None:
    """The handler is not run with half of what it asked for."""
    handler = Failing()
    api = Upstream(TransportError("down", fault="connection"))
    desk = Desk({"*": handler}, refetch=True, api=api)
    assert desk.deliver(event()) == 500
    assert handler.seen == []
    assert "TransportError: down" in desk.record().error


def test_only_who_wants_it_gets_it() -> None:
    """And only what the API has, under an id that may stand in a path."""
    on = WebhookHandlers()
    live: list[Any] = []
    on("subscription.updated", refetch=True)(lambda event: live.append(event.live))
    on("*")(lambda event: live.append(event.live))
    api = Upstream({"id": "x"})
    desk = Desk(on, api=api)
    requests = [event(1), event(2, aggregate="../me"), event(3, aggregate_type="galaxy"), event(4, "invoice.paid")]
    assert [desk.deliver(request) for request in requests] == [200] * 4
    assert live == [{"id": "x"}, None, None, None]
    assert api.asked == ["GET /v1/subscriptions/sub_1"]
    desk = Desk({"*": EventOff}, refetch=False, api=api)
    assert desk.deliver(event()) == 200


def EventOff(event: Any) -> None:
    """Look at an event that has nothing live."""
    assert event.live is None


def test_old_records_are_pruned_and_counted() -> None:
    """Those that are done; their lane forgets its watermark with its last record."""
    handler = Failing()
    desk = Desk({"*": handler})
    assert [desk.deliver(event(number)) for number in (1, 2)] == [200, 200]
    desk.clock.time += 3600
    handler.failures = 1
    assert desk.deliver(event(3)) == 500
    assert desk.run(desk.inbox.counts()) == {"done": 2, "failed": 1}
    assert desk.run(desk.inbox.prune(older_than=timedelta(minutes=30))) == 2
    assert desk.run(desk.inbox.counts()) == {"failed": 1}
    assert desk.store.watermarks != {}
    assert desk.deliver(event(3)) == 200
    desk.clock.time += 3600
    assert desk.run(desk.inbox.prune(older_than=timedelta(minutes=30))) == 1
    assert desk.store.watermarks == {}


def test_records_are_found_by_what_a_query_names() -> None:
    """State, type, id, moment; in the order in which they came."""
    desk = Desk({"subscription.*": Failing(failures=1)}, max_attempts=1)
    for number, kind in ((1, "subscription.updated"), (2, "invoice.paid"), (3, "subscription.updated")):
        assert desk.deliver(event(number, kind, aggregate=f"x_{number}")) == 200
        desk.clock.time += 1
    find = desk.store.find
    assert [one.event_id for one in find(InboxQuery())] == ["evt_1", "evt_2", "evt_3"]
    assert [one.event_id for one in find(InboxQuery(limit=2))] == ["evt_1", "evt_2"]
    assert [one.event_id for one in find(InboxQuery(states=("dead",)))] == ["evt_1"]
    assert [one.event_id for one in find(InboxQuery(types=("invoice.paid",)))] == ["evt_2"]
    assert [one.event_id for one in find(InboxQuery(event_ids=("evt_3", "evt_9")))] == ["evt_3"]
    assert [one.event_id for one in find(InboxQuery(since=desk.record("evt_2").received_at))] == ["evt_2", "evt_3"]


def test_a_record_that_is_being_handled_is_not_replayed() -> None:
    """It would run twice."""
    counts: list[int] = []
    desk = Desk({"*": lambda event: counts.append(desk.run(replay()))}, enqueue="worker")

    def replay() -> Any:
        store = MemoryInboxStore(desk.store.records, desk.store.watermarks)  # another process: other locks
        return Inbox(store, handlers={}, enqueue="worker").replay(InboxQuery())

    assert desk.deliver(event()) == 200
    assert desk.run(desk.inbox.work(once=True)) == 1
    assert counts == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"handlers": None}, "handlers must map"),
        ({"enqueue": "celery"}, "enqueue must be a function"),
        ({"stale": "drop"}, "stale must be 'skip' or 'handle'"),
        ({"max_attempts": 0}, "max_attempts must be"),
        ({"max_attempts": 1.5}, "max_attempts must be"),
        ({"lease_seconds": 0}, "lease_seconds must be"),
        ({"lease_seconds": None}, "lease_seconds must be"),
        ({"refetch": True}, r"refetch needs api=PayleraClient\(...\)"),
    ],
)
def test_a_bad_setting_is_named_at_once(options: dict[str, Any], message: str) -> None:
    """When the inbox is made."""
    with pytest.raises(ValueError, match=message):
        Inbox(MemoryInboxStore(), **{"handlers": {"*": print}, **options})


@pytest.mark.parametrize("options", [{"handlers": {}}, {"handlers": None, "claims": object()},
                                     {"handlers": None, "around": partial}])  # fmt: skip
def test_a_receiver_has_an_inbox_or_handlers_of_its_own(options: dict[str, Any]) -> None:
    """Not both: one of them would never be asked."""
    inbox = Inbox(MemoryInboxStore(), handlers={})
    with pytest.raises(ValueError, match="inbox has the handlers"):
        receiver(inbox=inbox, **options)


def test_the_secret_that_signed_is_in_the_record() -> None:
    """By position."""
    desk = Desk({})
    desk.receiver = receiver(inbox=desk.inbox, handlers=None, signing_secret="whsec_new", accepted_secrets=[SECRET])
    response: Response = answer(desk.receiver, event())
    assert response.status == 200
    assert desk.record().secret_position == 1
