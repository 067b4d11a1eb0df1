"""The commands of an inbox, once for every host: what they are called, what they do, what they print.

A host adds `commands(parser)` to a parser of its own, and drives `execute(inbox, options, say=print,
is_stopping=...)` within `stopping()`.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from paylera.flow import Flow
from paylera.system import REAL, System
from paylera.webhooks.inbox import Inbox, Stopping, never
from paylera.webhooks.lanes import State
from paylera.webhooks.reconcile import reconcile
from paylera.webhooks.stores import InboxQuery

Say = Callable[[str], Any]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?|\.[0-9]{1,6}", re.ASCII)
_CENTURY = timedelta(days=36_500)
_STATES: tuple[str, ...] = get_args(State)


_AFTER_REPLAY = {
    True: "each has had its turn, and stats tells how it went",
    False: "the queue or a worker has them now",
}
_NOTHING_TO_REPLAY = "nothing matches, or it is being handled now"


def commands(parser: argparse.ArgumentParser) -> None:
    """Add the five commands to a parser; which one was given is `options.command`."""
    add = parser.add_subparsers(dest="command", required=True, parser_class=argparse.ArgumentParser).add_parser
    process = add("process", help="handle what is due, and go on looking for more")
    process.add_argument("--once", action="store_true", help="stop when nothing is due")
    process.add_argument("--interval", type=_seconds, default=1.0, help="seconds between two looks (1)")
    replay = add("replay", help="handle events again")
    replay.add_argument("event_ids", nargs="*", metavar="event_id", help="evt_...; any number")
    replay.add_argument("--state", action="append", default=[], choices=_STATES, help="may be repeated")
    replay.add_argument("--type", action="append", default=[], dest="types", help="event type; may be repeated")
    replay.add_argument("--since", type=span, help="received within this time: 30m, 2h, 7d")
    replay.add_argument("--limit", type=_count, default=1000, help="at most so many, the oldest first (1000)")
    replay.add_argument("--force", action="store_true", help="run handlers for stale events too")
    prune = add("prune", help="delete old events that are done")
    prune.add_argument("--older-than", type=span, default=timedelta(days=30), help="30d unless given")
    stats = add("stats", help="count the events by state, and tell when each secret last signed one")
    stats.add_argument("--json", action="store_true", help="for programs")
    drift = add("reconcile", help="pull what was missed from the API; exit status 1 if anything was, or is unfinished")
    drift.add_argument("--since", type=span, default=timedelta(days=2), help="2d unless given")
    drift.add_argument("--endpoint", help="the endpoint's id, if there are several")


def span(text: str) -> timedelta:
    """Return a length of time: `90s`, `30m`, `2h`, `7d`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no length of time such as 90s, 30m, 2h or 7d"
        raise argparse.ArgumentTypeError(msg)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > _CENTURY:
        msg = f"{text!r} is longer than a hundred years"
        raise argparse.ArgumentTypeError(msg)
    return length


def _seconds(text: str) -> float:
    seconds = float(text) if _NUMBER.fullmatch(text) else 0.0
    if not seconds:
        msg = f"{text!r} is no number of seconds greater than 0"
        raise argparse.ArgumentTypeError(msg)
    return seconds


def _count(text: str) -> int:
    count = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if not count:
        msg = f"{text!r} is no whole number greater than 0"
        raise argparse.ArgumentTypeError(msg)
    return count


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Let SIGTERM and SIGINT end the worker after the event that it is at; a second one ends it at once.

    Cut in the middle, an event would wait for the end of its lease. On a thread other than the main one, nothing is
    changed.
    """
    told: list[int] = []

    def tell(number: int, _frame: Any) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(number)

    before: dict[int, Any] = {}
    with suppress(ValueError):  # not on the main thread
        for end in (signal.SIGTERM, signal.SIGINT):
            before[end] = signal.signal(end, tell)
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def execute(inbox: Inbox, options: Any, *, say: Say, is_stopping: Stopping = never, system: System = REAL) -> Flow[int]:
    """Run the command in `options` (a namespace); return the exit status."""
    now = datetime.fromtimestamp(system.now(), UTC)
    if options.command == "process":  # the one that goes on until it is told
        return (yield from _process(inbox, options, say, is_stopping))
    return (yield from _COMMANDS[options.command](inbox, options, say, now))


def _process(inbox: Inbox, options: Any, say: Say, is_stopping: Stopping) -> Flow[int]:
    total = yield from inbox.work(once=options.once, interval=options.interval, is_stopping=is_stopping)
    say(f"{total} handled")
    return 0


def _replay(inbox: Inbox, options: Any, say: Say, now: datetime) -> Flow[int]:
    if not (options.event_ids or options.state or options.types or options.since):
        say("name what to replay: event ids, --state, --type or --since")
        return 2
    query = InboxQuery(
        states=tuple(options.state),
        types=tuple(options.types),
        event_ids=tuple(options.event_ids),
        since=now - options.since if options.since else None,
        limit=options.limit,
    )
    count = yield from inbox.replay(query, force=options.force)
    say(f"{count} to be handled again; {_AFTER_REPLAY[inbox.is_inline]}" if count else _NOTHING_TO_REPLAY)
    if count >= options.limit:
        say(f"there may be more: --limit is {options.limit}")
    return 0


def _prune(inbox: Inbox, options: Any, say: Say, _now: datetime) -> Flow[int]:
    count = yield from inbox.prune(older_than=options.older_than)
    say(f"{count} deleted")
    return 0


def _stats(inbox: Inbox, options: Any, say: Say, _now: datetime) -> Flow[int]:
    counts = yield from inbox.counts()
    found = {state: counts.get(state, 0) for state in _STATES}
    used = {position: at.isoformat() for position, at in sorted((yield from inbox.positions()).items())}
    if options.json:
        say(json.dumps({**found, "secrets": used}))
        return 0
    for state, count in found.items():
        say(f"{state:<12}{count}")
    for position, at in used.items():
        say(f"secret {position} last signed an event at {at}")
    return 0


def _reconcile(inbox: Inbox, options: Any, say: Say, now: datetime) -> Flow[int]:
    if inbox.api is None:
        say("to reconcile, the inbox needs a client: Inbox(..., api=PayleraClient(api_token=...))")
        return 2
    try:
        drift = yield from reconcile(inbox, inbox.api, since=now - options.since, endpoint_id=options.endpoint)
    except ValueError as error:
        say(str(error))
        return 2
    for what in ("pulled", "asked_for", "unfinished"):
        for event_id in getattr(drift, what):
            say(f"{what.replace('_', ' ')} {event_id}")
    found = f"{drift.missing} were missing, {len(drift.unfinished)} are unfinished" if drift else "all there"
    say(f"{drift.deliveries} deliveries to {drift.endpoint_id}: {found}")
    return int(bool(drift))


_COMMANDS = {"replay": _replay, "prune": _prune, "stats": _stats, "reconcile": _reconcile}
