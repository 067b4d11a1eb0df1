"""Claims: handled once, however often and however simultaneously it is delivered; run again after a failure."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from paylera.flow import Awaiting, Blocking, arun, run
from paylera.http import Response
from paylera.webhooks import ClaimState, InProcessClaims
from support.stepping import Clock, Script

from .deliveries import answer, delivery, receiver

NO_TRANSPORT: Any = None


class Counter:
    """A handler that counts, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.calls = 0
        self.failures = failures

    def __call__(self, _event: Any) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise RuntimeError("not now")


def test_a_repeated_delivery_is_acknowledged_and_not_run() -> None:
    """Even when it is signed anew."""
    handler = Counter()
    target = receiver(handlers={"*": handler})
    first, second = delivery(id="evt_1"), delivery("invoice.voided", id="evt_1")
    assert [answer(target, request).status for request in (first, first, second)] == [200, 200, 200]
    assert handler.calls == 1
    assert answer(target, delivery(id="evt_2")).status == 200
    assert handler.calls == 2


def test_a_failed_handler_is_run_again_until_it_succeeds() -> None:
    """A failure is never mistaken for a success."""
    handler = Counter(failures=2)
    target = receiver(handlers={"*": handler})
    request = delivery()
    assert [answer(target, request).status for _ in range(5)] == [500, 500, 200, 200, 200]
    assert handler.calls == 3


def test_two_receivers_do_not_share_their_claims() -> None:
    """Two endpoints may get the same event."""
    handler = Counter()
    request = delivery()
    for _ in range(2):
        assert answer(receiver(handlers={"*": handler}), request).status == 200
    assert handler.calls == 2


def test_fifty_threads_run_one_handler_once() -> None:
    """While it runs, the others are told to come again; the sender would lose the event if it then failed."""
    entered, finish, calls = threading.Event(), threading.Event(), []

    def handler(event: Any) -> None:
        calls.append(event.id)
        entered.set()
        assert finish.wait(30)

    target, request = receiver(handlers={"*": handler}), delivery()
    barrier, answers = threading.Barrier(50), []

    def deliver() -> None:
        barrier.wait(30)
        answers.append(answer(target, request))
        if len(answers) == 49:
            finish.set()

    threads = [threading.Thread(target=deliver) for _ in range(50)]
    for thread in threads:
        thread.start()
    assert entered.wait(30)
    for thread in threads:
        thread.join(30)
    assert sorted(response.status for response in answers) == [200] + [503] * 49
    assert len(calls) == 1
    busy = next(response for response in answers if response.status == 503)
    assert json.loads(busy.body)["type"] == "paylera.webhook_busy"
    assert int(busy.header("retry-after") or 0) > 0
    assert answer(target, request).status == 200
    assert len(calls) == 1


def test_fifty_tasks_run_one_handler_once() -> None:
    """The same on one event loop."""

    async def body() -> None:
        finish, calls = asyncio.Event(), []

        async def handler(event: Any) -> None:
            calls.append(event.id)
            await finish.wait()

        target, request = receiver(handlers={"*": handler}), delivery()
        tasks = [asyncio.create_task(arun(target.handle(request), Awaiting(NO_TRANSPORT))) for _ in range(50)]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        while len(done) < 49:
            more, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED, timeout=30)
            done |= more
        assert {task.result().status for task in done} == {503}
        finish.set()
        assert [(await task).status for task in pending] == [200]
        assert len(calls) == 1

    asyncio.run(body())


def test_a_cancelled_handler_is_run_again() -> None:
    """A server that shuts down cancels what runs; the event must not stay claimed."""

    async def body() -> None:
        entered, calls = asyncio.Event(), []

        async def handler(event: Any) -> None:
            calls.append(event.id)
            if len(calls) == 1:
                entered.set()
                await asyncio.Event().wait()

        target, request = receiver(handlers={"*": handler}), delivery()
        task = asyncio.create_task(arun(target.handle(request), Awaiting(NO_TRANSPORT)))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await arun(target.handle(request), Awaiting(NO_TRANSPORT))).status == 200
        assert len(calls) == 2

    asyncio.run(body())


def test_a_handler_that_ends_the_process_is_run_again() -> None:
    """`SystemExit` and `KeyboardInterrupt` go through, and release the claim on their way."""
    calls: list[str] = []

    def handler(event: Any) -> None:
        calls.append(event.id)
        if len(calls) == 1:
            raise SystemExit

    target, request = receiver(handlers={"*": handler}), delivery()
    with pytest.raises(SystemExit):
        answer(target, request)
    assert answer(target, request).status == 200
    assert len(calls) == 2


# --- the store in this process ----------------------------------------------------------------------------------------


def claims(clock: Clock | None = None, **options: Any) -> InProcessClaims:
    """Return a store with a clock of its own."""
    return InProcessClaims(system=(clock or Clock()).system(), **options)


def test_a_claim_goes_from_busy_to_done() -> None:
    """And stays done, whoever asks."""
    store = claims()
    assert store.claim("evt_1", "a") == "claimed"
    assert store.claim("evt_1", "b") == "busy"
    store.complete("evt_1", "a")
    assert store.claim("evt_1", "b") == "done"
    store.release("evt_1", "b")
    assert store.claim("evt_1", "b") == "done"


def test_only_the_owner_releases() -> None:
    """A late release must not free the claim of the next delivery."""
    store = claims()
    store.claim("evt_1", "a")
    store.release("evt_1", "b")
    assert store.claim("evt_1", "b") == "busy"
    store.release("evt_1", "a")
    assert store.claim("evt_1", "b") == "claimed"


def test_done_is_remembered_longer_than_the_sender_tries() -> None:
    """Its nine attempts take 44.6 hours."""
    clock = Clock()
    store = claims(clock)
    store.claim("evt_1", "a")
    store.complete("evt_1", "a")
    clock.time += 45 * 3600
    assert store.claim("evt_1", "b") == "done"
    clock.time += 4 * 3600
    assert store.claim("evt_1", "b") == "claimed"


def test_the_store_is_bounded() -> None:
    """The oldest ids are forgotten first."""
    store = claims(max_events=3)
    for number in range(4):
        store.claim(f"evt_{number}", "a")
        store.complete(f"evt_{number}", "a")
    assert [store.claim(f"evt_{number}", "b") for number in (3, 2, 1)] == ["done"] * 3
    assert store.claim("evt_0", "b") == "claimed"


# --- a store elsewhere ------------------------------------------------------------------------------------------------


class Elsewhere:
    """A store that does I/O: it records what it is asked, and fails where it is told to."""

    is_local = False

    def __init__(self, *broken: str, state: ClaimState = "claimed") -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.broken = broken
        self.state: ClaimState = state

    def _note(self, method: str, event_id: str, owner: str) -> None:
        self.asked.append((method, event_id, owner))
        if method in self.broken:
            raise ConnectionError("redis://user:hunter2@db is down")

    def claim(self, event_id: str, owner: str) -> ClaimState:
        self._note("claim", event_id, owner)
        return self.state

    def complete(self, event_id: str, owner: str) -> None:
        self._note("complete", event_id, owner)

    def release(self, event_id: str, owner: str) -> None:
        self._note("release", event_id, owner)


class AsyncElsewhere(Elsewhere):
    """The same, awaited."""

    async def claim(self, event_id: str, owner: str) -> ClaimState:
        return super().claim(event_id, owner)

    async def complete(self, event_id: str, owner: str) -> None:
        super().complete(event_id, owner)

    async def release(self, event_id: str, owner: str) -> None:
        super().release(event_id, owner)


def _in_process(awaitable: Callable[[], Any]) -> Any:
    async def wait() -> Any:
        return await awaitable()

    return asyncio.run(wait())


def blocking(store: Elsewhere, handler: Counter) -> Response:
    """Deliver once where there is no event loop."""
    return run(receiver(handlers={"*": handler}, claims=store).handle(delivery(id="evt_1")), _BLOCKING)


def awaiting(store: Elsewhere, handler: Counter) -> Response:
    """Deliver once on an event loop."""
    flow = receiver(handlers={"*": handler}, claims=store).handle(delivery(id="evt_1"))
    return asyncio.run(arun(flow, Awaiting(NO_TRANSPORT, in_thread=asyncio.to_thread)))


_BLOCKING = Blocking(NO_TRANSPORT, wait_for=_in_process)
HOSTS = pytest.mark.parametrize("host", [blocking, awaiting])
STORES = pytest.mark.parametrize("store_class", [Elsewhere, AsyncElsewhere])


@HOSTS
@STORES
def test_a_store_of_either_colour_works_on_either_host(host: Any, store_class: type[Elsewhere]) -> None:
    """Claimed, run, completed; all three calls name the same owner."""
    store, handler = store_class(), Counter()
    assert host(store, handler).status == 200
    assert [(method, event_id) for method, event_id, _ in store.asked] == [("claim", "evt_1"), ("complete", "evt_1")]
    assert len({owner for _, _, owner in store.asked}) == 1
    assert handler.calls == 1


@HOSTS
@STORES
def test_a_failure_is_released(host: Any, store_class: type[Elsewhere]) -> None:
    """And answered with 500."""
    store = store_class()
    assert host(store, Counter(failures=1)).status == 500
    assert [method for method, _, _ in store.asked] == ["claim", "release"]


@HOSTS
@pytest.mark.parametrize(("state", "status"), [("done", 200), ("busy", 503)])
def test_what_the_store_says_decides(host: Any, state: ClaimState, status: int) -> None:
    """The handler is not run for another's event, nor for a handled one."""
    handler = Counter()
    assert host(Elsewhere(state=state), handler).status == status
    assert handler.calls == 0


@HOSTS
@STORES
def test_a_store_that_is_down_makes_the_sender_come_again(
    host: Any, store_class: type[Elsewhere], caplog: pytest.LogCaptureFixture
) -> None:
    """503 before anything has run; the answer shows nothing of the store."""
    handler = Counter()
    response = host(store_class("claim"), handler)
    assert response.status == 503
    assert json.loads(response.body)["type"] == "paylera.webhook_store_unavailable"
    assert b"hunter2" not in response.body
    assert "failed to claim event evt_1" in caplog.text
    assert handler.calls == 0


@HOSTS
def test_a_handled_event_is_acknowledged_even_if_that_cannot_be_stored(
    host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """To ask for it again would run it again."""
    assert host(Elsewhere("complete"), Counter()).status == 200
    assert "failed to complete event evt_1" in caplog.text


@HOSTS
def test_a_release_that_fails_leaves_the_answer_as_it_is(host: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The claim then runs out by itself."""
    assert host(Elsewhere("release"), Counter(failures=1)).status == 500
    assert "failed to release event evt_1" in caplog.text


def test_a_call_that_is_torn_down_does_not_wait_for_a_store_elsewhere() -> None:
    """Nothing can be awaited there; the lease ends the claim."""
    store = Elsewhere()
    flow = receiver(handlers={"*": Counter()}, claims=store).handle(delivery())
    perform = Script()
    effect = flow.send(perform(next(flow)))  # the claim is answered, the handler is about to run
    assert effect.args[0].type == "invoice.paid"
    flow.close()
    assert [method for method, _, _ in store.asked] == ["claim"]
