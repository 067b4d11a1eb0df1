"""A real process, killed again and again while it works: what it answered is there, what happened is told, in order."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import httpx2
import pytest

from sandbox.support import Receiver

COMMAND = [sys.executable, "-c", "from paylera_sandbox.cli import main; main()"]
TOKEN = {"Authorization": "Bearer pl_test_sandbox"}
KILLS = 10
WRITERS = 4
PATIENCE = 60.0


class Server:
    """A sandbox process on one port and one file, which can be killed and started again."""

    def __init__(self, folder: Path, webhook_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--db", str(folder / "sandbox.db"), "--port", str(self.port), "--webhook-url", webhook_url]
        self._command = [*COMMAND, "serve", *options, "--webhook-secret", "whsec_kill", "--time-scale", "1000"]
        self._process: subprocess.Popen[str] | None = None
        self.up = threading.Event()

    def start(self) -> None:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.strip() == self.url, line + process.stdout.read()
        self.up.set()

    def kill(self) -> None:
        assert self._process is not None
        self.up.clear()
        self._process.kill()
        self._process.communicate()


class Writer(threading.Thread):
    """Makes customers who change their names and their plans; sends every call again until it is answered, and keeps in
    mind what was answered."""

    def __init__(self, server: Server, ticks: threading.Semaphore, seed: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._ticks = ticks
        self._random = random.Random(seed)
        self.names: dict[str, list[str]] = {}
        self.charges: dict[str, int] = {}
        self._client = httpx2.Client(base_url=server.url, headers=TOKEN, timeout=30, verify=False)
        self.ending = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ending.is_set():
                self._one_name_changer()
                self._one_payer()
        except BaseException as error:
            self.failure = error
        finally:
            self._client.close()

    def _customer(self) -> dict:
        return self._answered("POST", "/v1/customers", {"email": f"{uuid.uuid4().hex}@example.com", "name": "0"})

    def _one_payer(self) -> None:
        customer = self._customer()["id"]
        card = {"type": "card", "token": "tok_visa_success", "set_as_default": True}
        self._answered("POST", f"/v1/customers/{customer}/payment-methods", card)
        subscription = self._answered("POST", "/v1/subscriptions", {"customer_id": customer, "plan_code": "starter"})
        change = f"/v1/subscriptions/{subscription['id']}/change-plan"
        assert self._answered("POST", change, {"plan_code": "pro"})["plan_code"] == "pro"
        self.charges[customer] = 2

    def _one_name_changer(self) -> None:
        customer = self._customer()
        self.names[customer["id"]] = ["0"]
        for number in range(1, self._random.randint(2, 8)):
            self._answered("PATCH", f"/v1/customers/{customer['id']}", {"name": str(number)})
            self.names[customer["id"]].append(str(number))

    def _answered(self, method: str, path: str, body: dict) -> dict:
        """Send until there is an answer. A POST carries its key, a rename that was done already changes nothing."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        while True:
            assert self._server.up.wait(PATIENCE)
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError:
                continue
            assert answer.status_code in {200, 201}, answer.text
            self._ticks.release()
            return answer.json()


@pytest.fixture
def server(tmp_path: Path, receiver: Receiver) -> Iterator[Server]:
    server = Server(tmp_path, receiver.url)
    server.start()
    yield server
    server.kill()


@pytest.mark.slow
def test_nothing_committed_is_lost(server: Server, receiver: Receiver) -> None:
    chance = random.Random(20261125)
    refused = random.Random(1)
    receiver.answer = lambda _: 500 if refused.random() < 0.1 else 200
    ticks = threading.Semaphore(0)
    writers = [Writer(server, ticks, seed) for seed in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(KILLS):
        for _ in range(chance.randint(3, 40)):
            assert ticks.acquire(timeout=PATIENCE), [writer.failure for writer in writers]
        server.kill()
        server.start()
    for writer in writers:
        writer.ending.set()
    for writer in writers:
        writer.join(PATIENCE)
        assert writer.failure is None
        assert not writer.is_alive()
    told = drained(server)
    names = {customer: list_ for writer in writers for customer, list_ in writer.names.items()}
    assert sum(map(len, names.values())) > 100
    check_state(server, names)
    check_money(server, {customer: count for writer in writers for customer, count in writer.charges.items()})
    check_events(told, names)
    check_deliveries(receiver, told)


def drained(server: Server) -> list[dict]:
    """Wait until nothing is left to deliver, and return all events, oldest first."""
    end = time.monotonic() + PATIENCE
    while get(server, "/sandbox/health")["pending_deliveries"]:
        assert time.monotonic() < end, "deliveries do not end"
        time.sleep(0.1)
    events: list[dict] = []
    query = "limit=100&sort=created_at:asc"
    page = get(server, f"/v1/admin/events?{query}")
    while page["has_more"]:
        events += page["data"]
        page = get(server, f"/v1/admin/events?{query}&cursor={page['next_cursor']}")
    return [event for event in [*events, *page["data"]] if event["aggregate_type"] != "webhook_endpoint"]


def check_state(server: Server, names: dict[str, list[str]]) -> None:
    """Every write that was answered is there."""
    for customer, given in names.items():
        assert get(server, f"/v1/customers/{customer}")["name"] == given[-1]


def check_money(server: Server, charges: dict[str, int]) -> None:
    """Every charge that was answered was made, once: the retry of a call whose answer was lost is no other call."""
    assert charges
    for customer, count in charges.items():
        payments = get(server, f"/v1/payments?customer_id={customer}")["data"]
        assert [payment["status"] for payment in payments] == ["succeeded"] * count
        assert {invoice["status"] for invoice in get(server, f"/v1/customers/{customer}/invoices")["data"]} == {"paid"}


def check_events(told: list[dict], names: dict[str, list[str]]) -> None:
    """Every change of a name was told of once, in order, and nothing else was."""
    by_customer: dict[str, list[str]] = defaultdict(list)
    for event in told:
        if event["aggregate_id"] in names:
            by_customer[event["aggregate_id"]].append(event["data"]["name"])
    assert by_customer == names


def check_deliveries(receiver: Receiver, told: list[dict]) -> None:
    """Every event arrived at least once, and those of one object in order, whatever came twice."""
    expected, arrived = defaultdict(list), defaultdict(list)
    for event in told:
        expected[event["aggregate_id"]].append(event["id"])
    for event in (got.event for got in receiver.received):
        if event["aggregate_type"] != "webhook_endpoint":
            arrived[event["aggregate_id"]].append(event["id"])
    assert {name: [event for event, _ in groupby(ids)] for name, ids in arrived.items()} == expected


def get(server: Server, path: str) -> dict:
    answer = httpx2.get(server.url + path, headers=TOKEN, timeout=30, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()
