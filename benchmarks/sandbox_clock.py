"""How fast the sandbox's clock goes: two years of a thousand monthly subscriptions, every event written and queued.

The server is a process of its own with its database in a file; a receiver in this process takes the webhooks, so that
deliveries compete with the jobs as they do in use.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from paylera_sandbox.api.customers import create
from paylera_sandbox.billing import beginnings, methods
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import whole_millisecond
from paylera_sandbox.engine import Engine
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Store
from paylera_sandbox.webhooks.endpoints import register

SUBSCRIPTIONS, MONTHS = 1_000, 24
FAILING = 50  # every so many'th card is declined from the second charge on
START = datetime(2026, 1, 1, tzinfo=UTC)
_PAUSE = 0.25


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that end with the sandbox."""


class _Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a webhook."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Hand:
    """A clock that is set by hand."""

    at = START

    def now(self) -> datetime:
        """Return the time."""
        return whole_millisecond(self.at)


def main(*, count: int = SUBSCRIPTIONS, months: int = MONTHS) -> None:
    """Print how long the advance took, and how much it did."""
    receiver = _Server(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "sandbox.db"
        _prepare(db, count, f"http://127.0.0.1:{receiver.server_port}/")
        process = subprocess.Popen(
            [Path(sys.executable).with_name("paylera-sandbox"), "serve", "--port", "0", "--db", str(db)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            _report(process.stdout.readline().strip(), process.pid, count, months)
        finally:
            process.terminate()
            process.wait(10)
            receiver.shutdown()


def _prepare(db: Path, count: int, receiver: str) -> None:
    """Write a database with so many subscriptions that began over a month, and one endpoint for all events."""
    clock = _Hand()
    engine = Engine(store=Store(str(db)), clock=clock, seed=1)
    for number in range(count):
        clock.at += timedelta(days=28) / count
        with engine.unit() as unit:
            customer = create(Call(unit, {}, {}, {"email": f"c{number}@example.com"}))
            token = "tok_visa_decline_later" if number % FAILING == 0 else "tok_visa_success"
            method = methods.attach_token(unit, customer, "card", token, default=True)
            plan = unit.plan("pro" if number % 2 else "starter")
            beginnings.start(unit, unit.customer(customer["id"]), plan, Terms(), method=method)
    with engine.unit() as unit:
        register(unit, url=receiver, events=["*"])
        unit.time.pin(unit.now)
    engine.store.close()


def _report(base: str, pid: int, count: int, months: int) -> None:
    begun, cpu = time.perf_counter(), cpu_of(pid)
    clock, slowest = _ask(base, "/sandbox/clock/advance", {"by": f"{months}mo"}), 0.0
    while clock["advance"]["status"] == "running":
        time.sleep(_PAUSE)
        asked = time.perf_counter()
        clock = _ask(base, "/sandbox/clock")
        slowest = max(slowest, time.perf_counter() - asked)
    seconds, cpu = time.perf_counter() - begun, cpu_of(pid) - cpu
    health = _ask(base, "/sandbox/health")
    print(f"\n### Sandbox clock: {months} months of {count} monthly subscriptions\n")
    print("| seconds | CPU seconds | jobs | events | delivered meanwhile | slowest answer, ms |\n" + "|---" * 6 + "|")
    jobs, events, waiting = clock["advance"]["jobs_done"], health["events"], health["pending_deliveries"]
    told = events - 8 * count  # each subscription began with about eight, before the endpoint was there
    print(f"| {seconds:.1f} | {cpu:.1f} | {jobs} | {events} | {max(0, told - waiting)} | {slowest * 1000:.0f} |")


def _ask(base: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    headers = {"Authorization": "Bearer pl_test_sandbox", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers), timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def cpu_of(pid: int) -> float:
    """Return the processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
