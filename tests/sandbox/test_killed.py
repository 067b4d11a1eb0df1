"""An advance that is killed half-way goes on when the sandbox starts again, and nothing is lost or done twice."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paylera_sandbox.api.customers import create
from paylera_sandbox.billing import beginnings, methods, subscriptions
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.engine import Engine
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Store
from paylera_sandbox.webhooks.endpoints import register
from sandbox.support import ManualClock

START = datetime(2026, 1, 31, tzinfo=UTC)
TARGET = "2026-10-01T00:00:00.000Z"
KILLS = 10
_HOLDERS = "SELECT id, customer_id FROM subscriptions"
TOKENS = ("tok_visa_success", "tok_visa_decline_later", "tok_visa_success", "tok_visa_chargeback")
TERMS = (
    Terms(),
    Terms(trial_days=14),
    Terms(commitment={"months": 3, "billing": "monthly", "early_cancel": "forbid", "at_end": "renew"}),
    Terms(commitment={"months": 6, "billing": "quarterly", "early_cancel": "allow", "at_end": "end"}),
)


def prepare(db: Path) -> None:
    """Write a pinned database with subscriptions of all kinds; many are due at the same moments."""
    clock = ManualClock(START)
    engine = Engine(store=Store(str(db)), clock=clock)
    with engine.unit() as unit:
        register(unit, url="http://127.0.0.1:9/", events=["*"])
    for number in range(60):
        clock.advance(hours=1 if number % 12 == 0 else 0)
        with engine.unit() as unit:
            customer = create(Call(unit, {}, {}, {"email": f"c{number}@example.com"}))
            method = methods.attach_token(unit, customer, "card", TOKENS[number % 4], default=True)
            terms = TERMS[number % 3 if number % 7 else 3]
            held = beginnings.start(unit, unit.customer(customer["id"]), unit.plan("pro"), terms, method=method)
            if number % 11 == 0:
                subscriptions.cancel(unit, held, at_period_end=True, reason=None)
    with engine.unit() as unit:
        unit.time.pin(START + timedelta(days=1))
    engine.store.close()


class Process:
    """A sandbox in a process of its own."""

    def __init__(self, db: Path) -> None:
        command = [Path(sys.executable).with_name("paylera-sandbox"), "serve", "--port", "0", "--db", db]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self._base = self._process.stdout.readline().strip()
        assert self._base.startswith("http"), "the sandbox did not start"

    def ask(self, path: str, body: dict | None = None) -> dict:
        headers = {"Authorization": "Bearer pl_test_sandbox", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._base + path, data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def position(self) -> tuple[bool, int]:
        """Tell whether the advance is under way, and how many jobs it has done."""
        advance = self.ask("/sandbox/clock")["advance"]
        return advance["status"] == "running", advance["jobs_done"]

    def end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def history(db: Path) -> list[tuple]:
    """What happened, in order, without the ids, which differ from run to run: type, moment, whose, amounts, status."""
    connection = sqlite3.connect(db)
    owners = dict(connection.execute("SELECT id, email FROM customers"))
    owners |= {held: owners[customer] for held, customer in connection.execute(_HOLDERS)}
    documents = [json.loads(row[0]) for row in connection.execute("SELECT doc FROM events ORDER BY seq")]
    deliveries = connection.execute("SELECT count(*), count(DISTINCT event_id) FROM deliveries").fetchone()
    connection.close()
    assert deliveries[0] == deliveries[1], "an event was queued twice"
    assert len({event["id"] for event in documents}) == len(documents)
    told = []
    for event in documents:
        if event["aggregate_type"] == "webhook_endpoint":
            continue  # how often nobody answered depends on the speed of the machine
        data = event["data"]
        amounts = tuple(data.get(name) for name in ("total", "amount", "amount_due", "amount_paid", "number", "status"))
        owner = owners.get(data.get("customer_id") or data["id"])
        told.append((event["type"], event["occurred_at"], owner, amounts, data.get("version")))
    return told


def run(db: Path, kills: int, chance: Callable[[], float]) -> int:
    """Advance to the target, killing the process so many times on the way; return how often that was in the middle."""
    process, middle = Process(db), 0
    process.ask("/sandbox/clock/advance", {"to": TARGET})
    for _ in range(kills):
        time.sleep(chance())  # where in the work the signal strikes is left to chance: that is the point
        running, _ = process.position()
        process.end(signal.SIGKILL)
        middle += running
        process = Process(db)
    while process.position()[0]:
        time.sleep(0.05)
    assert process.ask("/sandbox/clock")["now"] == TARGET
    process.end(signal.SIGTERM)
    return middle


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    db = tmp_path_factory.mktemp("undisturbed") / "sandbox.db"
    prepare(db)
    run(db, 0, lambda: 0)
    return history(db)


def test_killed_again_and_again_it_comes_to_the_same_end(tmp_path: Path, undisturbed: list[tuple]) -> None:
    db = tmp_path / "sandbox.db"
    prepare(db)
    seed = random.randrange(10**6)
    middle = run(db, KILLS, lambda: random.Random(seed).uniform(0.0, 0.03))
    found = history(db)
    assert found == undisturbed, f"seed {seed}"
    assert middle >= 1, "no kill struck in the middle of the advance"


def test_what_the_undisturbed_run_does(undisturbed: list[tuple]) -> None:
    """The comparison above is worth something: many kinds of events, in the order of time."""
    kinds = {event[0] for event in undisturbed}
    assert {
        "invoice.paid", "payment.failed", "payment.charged_back", "subscription.trial_ended", "subscription.past_due",
        "subscription.dunning_exhausted", "subscription.commitment_renewed", "subscription.commitment_ended",
        "subscription.canceled", "invoice.marked_uncollectible",
    } <= kinds  # fmt: skip
    moments = [event[1] for event in undisturbed]
    assert moments == sorted(moments)
    assert len(undisturbed) > 2000
