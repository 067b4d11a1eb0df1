"""Shops on real servers: start one, deliver to it, run its commands, ask for what it committed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.serving import TESTS, free_port, gunicorn, process, require, uvicorn
from paylera.testing import signed_event

APP = "inbox.apps.shop"
STALL = "inbox.apps.stall"
SECRET = "whsec_shop"
PATIENCE = 60.0
SERVERS = {"gunicorn": (gunicorn, "wsgi"), "uvicorn": (uvicorn, "asgi", "--lifespan", "off")}


@dataclass
class Shop:
    """A shop's database and settings; `port` while it is served."""

    env: dict[str, str]
    log: Path
    port: int = 0
    module: str = APP

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command of its `manage.py`."""
        return subprocess.run(
            self.command(*arguments), env=self.environment(**more), capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of its `manage.py`."""
        return [sys.executable, "-m", self.module, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables of its processes."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("PAYLERA_", "COV_"))}
        return mine | {"PYTHONPATH": str(TESTS)} | self.env | more

    def counts(self) -> dict[str, Any]:
        """Ask `stats`; only the states that there are."""
        found = json.loads(self.manage("paylera_inbox", "stats", "--json").stdout)
        return {state: count for state, count in found.items() if count and state != "secrets"}

    def deliver(self, event_id: str, *, aggregate: str = "inv_1", minute: int = 0, kind: str = "invoice.paid") -> int:
        """Deliver an event over a connection of its own; return the status."""
        at = f"2026-11-24T09:{minute:02}:00Z"
        sent = signed_event(kind, secret=SECRET, id=event_id, aggregate_id=aggregate, occurred_at=at)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Host": "localhost", "Content-Type": "application/json", **sent.headers}
            connection.request("POST", "/hooks/", sent.body, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def deliver_and_leave(self, event_id: str, *, aggregate: str) -> None:
        """Deliver an event, and hang up once it is stored."""
        sent = signed_event("invoice.paid", secret=SECRET, id=event_id, aggregate_id=aggregate)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/hooks/", sent.body, {"Host": "localhost", **sent.headers})
        end = time.monotonic() + PATIENCE
        while event_id not in self.stored() and time.monotonic() < end:
            time.sleep(0.02)  # another process stores it
        connection.close()

    def stored(self) -> list[str]:
        """Return the ids of the events that it has stored."""
        return self._asked("/stored")

    def effects(self) -> list[str]:
        """Return what its handlers have committed."""
        found = self._asked("/effects")
        return [name.removeprefix("effect ") for name in found if name.startswith("effect ")]

    def _asked(self, path: str) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            found: list[str] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return found


class Stall(Shop):
    """Its commands are those of `paylera_fastapi.inbox`."""

    def command(self, *arguments: str) -> list[str]:
        """Return a command line; what Django calls `paylera_inbox` has its module's name here."""
        return [sys.executable, "-m", "paylera_fastapi.inbox", f"{STALL}:inbox", *arguments[1:]]


def new_shop(database: str, home: Path, **env: str) -> Shop:
    """Return a shop with its tables made."""
    shop = Shop({"SHOP_DATABASE": database, **env}, home / "shop.log")
    made = shop.manage("migrate", "-v", "0")
    assert made.returncode == 0, made.stderr
    return shop


@contextmanager
def serving(shop: Shop, server: str, *more: str) -> Iterator[Shop]:
    """Serve a shop for the body of a `with`."""
    require(server)
    make, app, *options = SERVERS[server]
    shop.port = free_port()
    command = make(f"{shop.module}:{app}", shop.port, *options, *more)  # type: ignore[operator]
    with process(command, shop.port, env=shop.env, log=shop.log):
        yield shop


@contextmanager
def worker(shop: Shop, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker until the block ends."""
    with (shop.log.parent / "worker.log").open("wb") as log:
        command = shop.command("paylera_inbox", "process", "--interval", "0.05", *more)
        child = subprocess.Popen(command, env=shop.environment(), stdout=log, stderr=log)
        try:
            _await_its_handler(child)
            yield child
        finally:
            child.terminate()
            child.wait(PATIENCE)


def _await_its_handler(child: subprocess.Popen[bytes]) -> None:
    # Until then SIGTERM ends it as it ends any program.
    status, end = Path(f"/proc/{child.pid}/status"), time.monotonic() + PATIENCE
    while time.monotonic() < end and child.poll() is None:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.02)  # another process installs it


def eventually(shop: Shop, effects: int) -> list[str]:
    """Wait until so many effects are committed; return them."""
    end = time.monotonic() + PATIENCE
    while len(found := shop.effects()) < effects and time.monotonic() < end:
        time.sleep(0.05)  # another process commits them
    return found


def handles_once(shop: Shop) -> None:
    """Check that a served shop handles each event once, however many deliver it at once; and that a failure leaves its
    record and nothing else."""
    with ThreadPoolExecutor(12) as pool:
        jobs = [(f"evt_{n}", f"inv_{n % 3}", n) for n in range(8)] * 6
        statuses = Counter(pool.map(lambda job: shop.deliver(job[0], aggregate=job[1], minute=job[2]), jobs))
    assert set(statuses) <= {200, 503}, statuses
    for event_id, aggregate, minute in jobs[:8]:
        assert shop.deliver(event_id, aggregate=aggregate, minute=minute) == 200
    assert not [one for one, count in Counter(shop.effects()).items() if count != 1]
    handled = set(shop.effects())
    assert [shop.deliver("evt_bad", aggregate="fail_1", minute=n) for n in range(2)] == [500, 500]
    assert set(shop.effects()) == handled
    assert shop.counts() == {"done": 8, "failed": 1}


def works_through(shop: Shop) -> None:
    """Check that a served shop acknowledges what it stored; that two workers share the work, each effect is there once
    and in the order of its lane; and that they find what comes later, and end well when they are told to."""
    jobs = [(f"evt_{n:02}", f"inv_{n % 4}", n) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda job: shop.deliver(job[0], aggregate=job[1], minute=job[2]), [*jobs, *jobs]))
    assert answers == {200}
    assert shop.effects() == []
    with worker(shop), worker(shop) as child:
        found = eventually(shop, len(jobs))
        assert sorted(found) == [job[0] for job in jobs]
        for lane in range(4):
            mine = [one for one in found if int(one.removeprefix("evt_")) % 4 == lane]
            assert mine == sorted(mine)
        assert shop.deliver("evt_late", aggregate="inv_9") == 200  # it is found without a restart
        assert "evt_late" in eventually(shop, len(jobs) + 1)
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
