"""SIGKILL at every step of an inbox: processes are killed, again and again, and what they leave behind is judged.

`python -m support.killing MODULE:FACTORY --kills 500 [--seed 1]`. The factory makes a `Life` for a process that was
just forked: an inbox on a `Mortal` store, and what drives its flows. Two processes live at a time; each delivers new
events, those that no process acknowledged, and some twice, then works. One half die at a step that is drawn, the others
at a moment that is drawn. Between two rounds the inbox's clock goes on by more than a lease. Prints a JSON report; the
exit status is 1 if an effect was lost or doubled, or if nobody was told of an event whose data do not fit.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from paylera.system import System
from paylera.testing import signed_event
from paylera.webhooks import Inbox, InboxRecord, PayleraWebhookEvent
from paylera.webhooks.parsing import read_event

NEW_EVENTS = 3
LANES = 5
MISFIT = 4  # one event of so many
ROUND_SECONDS = 100_000.0  # longer than any lease, and than any wait after a failure


@dataclass
class Killer:
    """Counts the steps of this process, and kills it at one of them."""

    left: int
    journal: Path

    def step(self, name: str) -> None:
        """Pass a step, or end there."""
        self.left -= 1
        if self.left == 0:
            note(self.journal, f"died {name}")
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, record: InboxRecord) -> None:
        """Be told of an event that is given up, as an inbox's `on_dead`."""
        self.step("on_dead: before")
        note(self.journal, f"told {record.event_id}")
        self.step("on_dead: after")


@dataclass
class Mortal:
    """An inbox store whose every step may be the last of its process; as sync or async as the store within."""

    store: Any
    killer: Killer

    def __getattr__(self, name: str) -> Any:
        """Wrap a method."""
        method, step = getattr(self.store, name), self.killer.step
        if inspect.iscoroutinefunction(method):

            async def acall(*args: Any, **options: Any) -> Any:
                step(f"{name}: before")
                result = await method(*self._mortal(name, args), **options)
                step(f"{name}: after")
                return result

            return acall

        def call(*args: Any, **options: Any) -> Any:
            step(f"{name}: before")
            result = method(*self._mortal(name, args), **options)
            step(f"{name}: after")
            return result

        return call

    def _mortal(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if name == "settle":
            record, work, decide = args
            return record, self._work(work), self._decide(name, decide)
        if name == "change":
            lane, decide = args
            return lane, self._decide(name, decide)
        return args

    def _work(self, work: Any) -> Any:
        self.killer.step("settle: in the transaction, before the handler")
        result = yield from work
        self.killer.step("settle: in the transaction, after the handler")
        return result

    def _decide(self, name: str, decide: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def decided(lane: Any) -> Any:
            self.killer.step(f"{name}: under the lock, before the decision")
            record = decide(lane)
            self.killer.step(f"{name}: under the lock, before it is saved")
            return record

        return decided


@dataclass
class Life:
    """One process's inbox; `drive` runs a flow to its end, `effects` reads what is committed."""

    inbox: Inbox
    drive: Callable[[Any], Any]
    effects: Callable[[], Sequence[str]]


Factory = Callable[[Killer, System], Life]


def note(journal: Path, line: str) -> None:
    """Append a line, at once."""
    with journal.open("a") as lines:
        lines.write(line + "\n")


def event_id(number: int) -> str:
    """Return its id."""
    return f"evt_{number:05}"


def event(number: int) -> tuple[PayleraWebhookEvent, bytes]:
    """Return an event; a higher number occurred later. The data of some do not fit their class."""
    at = f"2026-11-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
    data = {"amount_paid": "much"} if number % MISFIT == 0 else None
    body = signed_event(
        "invoice.paid", secret="x", id=event_id(number), aggregate_id=f"inv_{number % LANES}", occurred_at=at, data=data
    ).body
    return read_event(body)[0], body


@dataclass
class Trial:
    """The rounds: forks, kills, and remembers what was sent and what was acknowledged."""

    factory: Factory
    draw: random.Random
    journal: Path
    kills: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    rounds: int = 0

    def round(self) -> None:
        """Let two processes live and die."""
        self.rounds += 1
        open_ones = sorted(set(range(self.sent)) - self.acknowledged())
        news = range(self.sent, self.sent + 2 * NEW_EVENTS)
        self.sent += len(news)
        children = []
        for number in range(2):
            again = self.draw.sample(range(self.sent), min(2, self.sent))
            todo = [*open_ones, *news[number::2], *again]
            is_drawn = self.draw.random() < 0.5
            killer = Killer(self.draw.randint(1, 90) if is_drawn else 0, self.journal)
            child = self.fork(killer, todo)
            children.append((child, None if is_drawn else time.monotonic() + self.draw.uniform(0, 0.25)))
        for child, end in children:
            self.wait(child, end)

    def fork(self, killer: Killer, todo: Sequence[int]) -> int:
        """Start a process that delivers and works."""
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            self.live(killer, todo)
            status = 0
        except BaseException:
            note(self.journal, f"error {traceback.format_exc()!r}")
        finally:
            os._exit(status)

    def live(self, killer: Killer, todo: Sequence[int]) -> None:
        """Deliver, note what is acknowledged, work until nothing is due."""
        life = self.life(killer)
        for number in todo:
            one, body = event(number)
            try:
                life.drive(life.inbox.receive(one, payload=body))
            except Exception:  # the sender is told 503, and comes again
                continue
            note(self.journal, f"ack {number}")
        life.drive(life.inbox.work(once=True))

    def life(self, killer: Killer) -> Life:
        """Make an inbox whose clock has gone on by the rounds there were."""
        offset = self.rounds * ROUND_SECONDS
        return self.factory(killer, System(now=lambda: time.time() + offset))

    def wait(self, child: int, end: float | None) -> None:
        """Wait for a process; kill it at its moment."""
        if end is not None:
            while time.monotonic() < end:
                if os.waitpid(child, os.WNOHANG)[0]:
                    return
                time.sleep(0.002)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.kills["at a moment" if end is not None else "at a step"] += 1

    def acknowledged(self) -> set[int]:
        """Return the events that a process said are stored."""
        return {int(word) for kind, word in self.lines() if kind == "ack"}

    def lines(self) -> list[tuple[str, str]]:
        """Read the journal; the last line of a killed process may be half."""
        rows = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [(kind, rest) for kind, _, rest in (row.partition(" ") for row in rows) if rest]

    def report(self) -> dict[str, Any]:
        """Let a last process finish everything, then compare."""
        for _ in range(20):
            self.rounds += 1
            self.wait(self.fork(Killer(0, self.journal), sorted(set(range(self.sent)) - self.acknowledged())), None)
        life = self.life(Killer(0, self.journal))
        found = Counter(life.effects())
        misfits = {event_id(number) for number in range(0, self.sent, MISFIT)}
        wanted = set(map(event_id, range(self.sent))) - misfits
        told = [rest for kind, rest in self.lines() if kind == "told"]
        halves = {one.partition("/")[0] for one in found}
        return {
            "kills": sum(self.kills.values()), **self.kills, "events": self.sent,
            "lost": sorted(wanted - halves), "doubled": sorted(one for one, count in found.items() if count > 1),
            "torn": sorted(one for one in halves if not {f"{one}/1", f"{one}/2"} <= set(found)),
            "untold": sorted(misfits ^ set(told)), "told again": len(told) - len(set(told)),
            "states": dict(life.drive(life.inbox.counts())),
            "steps": dict(Counter(rest for kind, rest in self.lines() if kind == "died").most_common()),
            "errors": [rest for kind, rest in self.lines() if kind == "error"],
        }  # fmt: skip


def main() -> None:
    """Run a trial and print its report."""
    parser = argparse.ArgumentParser(description="Kill processes of an inbox.")
    parser.add_argument("factory", help="MODULE:FACTORY")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    module, _, name = options.factory.partition(":")
    factory = getattr(import_module(module), name)
    with tempfile.TemporaryDirectory() as home:
        trial = Trial(factory, random.Random(options.seed), Path(home) / "journal")
        while sum(trial.kills.values()) < options.kills and trial.rounds < 5 * options.kills:
            trial.round()
        report = trial.report()
    print(json.dumps(report, indent=1))
    sys.exit(bool(report["lost"] or report["doubled"] or report["torn"] or report["untold"] or report["errors"]))


if __name__ == "__main__":
    main()
