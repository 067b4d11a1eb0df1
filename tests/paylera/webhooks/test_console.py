"""The commands of an inbox: what they do, what they print, and how they end; `reconcile` among them."""

from __future__ import annotations

import argparse
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from paylera.errors import NotFoundError
from paylera.flow import Pause, run
from paylera.testing import MemoryInboxStore
from paylera.webhooks import Inbox
from paylera.webhooks.console import commands, execute, span, stopping
from support.stepping import Clock, Script

from .deliveries import CLOCK, answer, delivery, receiver


class Api:
    """Webhook endpoints and deliveries, two on a page, as the API lists them."""

    def __init__(self, deliveries: list[dict[str, Any]], *, endpoints: int = 1) -> None:
        self.deliveries = deliveries
        self.endpoints = [{"id": f"we_{number}"} for number in range(endpoints)]
        self.retried: list[str] = []
        self.pages = 0

    def request(self, method: str, path: str, *, params: Any = None, idempotency_key: str | None = None) -> Any:
        """Answer one call."""
        parts = path.split("/")[4:]
        if method == "POST":
            assert idempotency_key
            assert parts[3] == "retry"
            self.retried.append(parts[2])
            return {}
        if not parts:
            return {"data": self.endpoints, "has_more": False}
        assert parts[:2] == ["we_0", "deliveries"]
        if len(parts) == 3:
            return next(one for one in self.deliveries if one["id"] == parts[2])["shown"]()
        self.pages += 1
        start = int(params.get("cursor", 0))
        page = self.deliveries[start : start + 2]
        more = start + 2 < len(self.deliveries)
        return {"data": page, "has_more": more, "next_cursor": str(start + 2) if more else None}


def delivered(number: int, *, at: str = "2026-11-24T09:00:00.000Z", shown: Any = None) -> dict[str, Any]:
    """Return a delivery of one event, which the API shows with its body unless told otherwise."""
    body = event(number).body.decode()
    return {"id": f"del_{number}", "event_id": f"evt_{number}", "created_at": at, "status": "succeeded",
            "shown": shown or (lambda: {"request": {"body": body}})}  # fmt: skip


def event(number: int, **changes: Any) -> Any:
    """Return a delivery that the receiver takes."""
    return delivery(id=f"evt_{number}", aggregate_id=f"inv_{number}", **changes)


def gone() -> Any:
    """Answer as if there were no such route."""
    raise NotFoundError("no such delivery")


class Desk:
    """An inbox and its console."""

    def __init__(self, handler: Any = None, **options: Any) -> None:
        self.clock = Clock(CLOCK.time)
        self.seen: list[str] = []
        handlers = {"*": handler or (lambda event: self.seen.append(event.id))}
        self.inbox = Inbox(MemoryInboxStore(), handlers=handlers, system=self.clock.system(), **options)
        self.receiver = receiver(inbox=self.inbox, handlers=None)

    def __call__(self, *arguments: str) -> tuple[int, list[str]]:
        """Run a command; return its status and its lines."""
        parser, said = argparse.ArgumentParser(), []
        commands(parser)
        options = parser.parse_args(arguments)
        flow = execute(self.inbox, options, say=said.append, system=self.clock.system())
        return run(flow, Script(clock=self.clock)), said


def test_process_handles_what_is_due() -> None:
    """With --once until nothing is."""
    desk = Desk(enqueue="worker")
    assert [answer(desk.receiver, event(number)).status for number in (1, 2)] == [200, 200]
    assert desk("process", "--once") == (0, ["2 handled"])
    assert desk.seen == ["evt_1", "evt_2"]


def test_a_worker_that_is_told_to_stop_finishes_the_event_it_is_at() -> None:
    """The rest waits for the next worker; a second signal ends it at once."""
    told: list[Any] = []
    desk = Desk(enqueue="worker", handler=lambda event: told.append(signal.raise_signal(signal.SIGTERM)))
    assert [answer(desk.receiver, event(number)).status for number in (1, 2)] == [200, 200]
    before = signal.getsignal(signal.SIGTERM)
    with stopping() as is_stopping:
        parser, said = argparse.ArgumentParser(), []
        commands(parser)
        options = parser.parse_args(["process"])
        flow = execute(desk.inbox, options, say=said.append, is_stopping=is_stopping)
        run(flow, Script(clock=desk.clock))
        assert (said, len(told)) == (["1 handled"], 1)
        assert desk("stats")[1][:3] == ["received    1", "processing  0", "done        1"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_worker_that_rests_is_told_to_stop_too() -> None:
    """However far apart its looks are."""
    desk, pauses = Desk(enqueue="worker"), []
    others = Script(clock=desk.clock)
    with stopping() as is_stopping:
        parser = argparse.ArgumentParser()
        commands(parser)
        flow = execute(desk.inbox, parser.parse_args(["process", "--interval", "86400"]), say=print,
                       is_stopping=is_stopping)  # fmt: skip

        def perform(effect: Any) -> Any:
            if isinstance(effect, Pause):
                pauses.append(effect.seconds)
                signal.raise_signal(signal.SIGTERM)
            return others(effect)

        assert run(flow, perform) == 0
    assert pauses == [1.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("prune --older-than 999999d", "longer than a hundred years"),
        ("replay --since 999999d", "longer than a hundred years"),
        ("replay --state dead --limit -1", "whole number greater than 0"),
        ("replay --state dead --limit 0", "whole number greater than 0"),
        ("process --interval -1", "seconds greater than 0"),
        ("process --interval 0", "seconds greater than 0"),
        ("process --interval nan", "seconds greater than 0"),
        ("process --interval 1e999", "seconds greater than 0"),
    ],
)
def test_a_number_that_cannot_be_meant_is_told(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is done, with exit status 2."""
    with pytest.raises(SystemExit, match="2"):
        Desk()(*arguments.split())
    assert words in capsys.readouterr().err


def test_on_another_thread_signals_are_left_alone() -> None:
    """Only the main one may have them."""
    with ThreadPoolExecutor(1) as pool, stopping() as here:
        handler = signal.getsignal(signal.SIGTERM)

        def there() -> bool:
            with stopping() as is_stopping:
                return is_stopping() or here() or signal.getsignal(signal.SIGTERM) is not handler

        assert pool.submit(there).result() is False


def test_replay_revives_what_is_named() -> None:
    """Nothing is replayed by accident."""
    desk = Desk(max_attempts=1, handler=lambda event: 1 / 0)
    assert [answer(desk.receiver, event(number)).status for number in (1, 2)] == [200, 200]
    assert desk("replay") == (2, ["name what to replay: event ids, --state, --type or --since"])
    nothing = (0, ["nothing matches, or it is being handled now"])
    tried = "to be handled again; each has had its turn, and stats tells how it went"
    assert desk("replay", "--state", "done", "--state", "failed") == nothing
    limited = [f"1 {tried}", "there may be more: --limit is 1"]
    assert desk("replay", "--state", "dead", "--limit", "1") == (0, limited)
    assert desk("replay", "evt_1", "evt_2", "--type", "invoice.paid", "--since", "2h") == (0, [f"2 {tried}"])
    desk.clock.time += 7201
    assert desk("replay", "--since", "2h", "--force") == nothing


def test_prune_and_stats() -> None:
    """For people and for programs."""
    desk = Desk()
    assert answer(desk.receiver, event(1)).status == 200
    counts = {"received": 0, "processing": 0, "done": 1, "failed": 0, "dead": 0, "quarantined": 0}
    status, (line,) = desk("stats", "--json")
    assert (status, json.loads(line)) == (0, counts | {"secrets": {"0": "2026-11-24T09:30:00+00:00"}})
    status, lines = desk("stats")
    assert (status, lines[2].split()) == (0, ["done", "1"])
    assert lines[6:] == ["secret 0 last signed an event at 2026-11-24T09:30:00+00:00"]
    assert desk("prune") == (0, ["0 deleted"])
    desk.clock.time += 3601
    assert desk("prune", "--older-than", "1h") == (0, ["1 deleted"])


@pytest.mark.parametrize("text", ["", "2", "h", "2w", "-2h", "2.5h", "1h30m", "٣h", "9999999d"])
def test_a_length_of_time_is_a_number_and_a_unit(text: str) -> None:
    """What is none is told."""
    assert span("90s") == timedelta(seconds=90)
    with pytest.raises(argparse.ArgumentTypeError, match="no length of time"):
        span(text)


def test_what_was_pulled_is_no_use_of_a_secret() -> None:
    """Nobody signed it: a secret that only reconciled events would speak for can go."""
    desk = Desk(api=Api([delivered(1)]))
    assert desk("reconcile")[0] == 1
    assert json.loads(desk("stats", "--json")[1][0])["secrets"] == {}
    assert answer(desk.receiver, event(2)).status == 200
    assert list(json.loads(desk("stats", "--json")[1][0])["secrets"]) == ["0"]


def test_reconcile_pulls_what_is_missing_oldest_first() -> None:
    """And says so with its exit status; the next run finds nothing."""
    api = Api([delivered(4), delivered(3), delivered(2), delivered(1), delivered(0, at="2026-11-20T09:00:00Z")])
    desk = Desk(api=api)
    assert answer(desk.receiver, event(3)).status == 200
    assert desk("reconcile") == (
        1,
        ["pulled evt_1", "pulled evt_2", "pulled evt_4", "4 deliveries to we_0: 3 were missing, 0 are unfinished"],
    )
    assert desk.seen == ["evt_3", "evt_1", "evt_2", "evt_4"]
    assert desk("reconcile", "--since", "1d", "--endpoint", "we_0") == (0, ["4 deliveries to we_0: all there"])
    assert api.pages == 6
    assert api.retried == []


@pytest.mark.parametrize("shown", [gone, dict, lambda: {"request": None}, lambda: {"request": {"body": "{}"}}])
def test_what_the_api_does_not_show_is_sent_again(shown: Any) -> None:
    """To the receiver, signed."""
    api = Api([delivered(1, at="2026-11-24T09:00:00", shown=shown)])
    desk = Desk(api=api)
    assert desk("reconcile") == (1, ["asked for evt_1", "1 deliveries to we_0: 1 were missing, 0 are unfinished"])
    assert api.retried == ["del_1"]


def test_what_is_unfinished_is_drift_too() -> None:
    """It arrived, and had no effect."""
    desk = Desk(api=Api([delivered(1)]), max_attempts=1, handler=lambda event: 1 / 0)
    assert answer(desk.receiver, event(1)).status == 200
    assert desk("reconcile") == (1, ["unfinished evt_1", "1 deliveries to we_0: 0 were missing, 1 are unfinished"])


def test_reconcile_tells_what_it_needs() -> None:
    """A client, and which endpoint."""
    client = "to reconcile, the inbox needs a client: Inbox(..., api=PayleraClient(api_token=...))"
    assert Desk()("reconcile") == (2, [client])
    several = "there are several webhook endpoints; name one with --endpoint (endpoint_id=): we_0, we_1"
    assert Desk(api=Api([], endpoints=2))("reconcile") == (2, [several])
    nothing = "there is no webhook endpoint: make one with create_webhook_endpoint, or in the dashboard"
    assert Desk(api=Api([], endpoints=0))("reconcile") == (2, [nothing])


def test_a_list_that_leads_nowhere_ends() -> None:
    """Rather than being read for ever."""
    api = Api([delivered(1), delivered(2), delivered(3)])
    list_page = api.request

    def stuck(method: str, path: str, **options: Any) -> Any:
        page = list_page(method, path, **options)
        return page | {"next_cursor": "2", "has_more": True} if "next_cursor" in page else page

    api.request = stuck  # type: ignore[method-assign]
    status, lines = Desk(api=api)("reconcile")
    assert (status, lines[-1]) == (1, "3 deliveries to we_0: 3 were missing, 0 are unfinished")
