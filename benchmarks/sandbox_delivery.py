"""How fast the sandbox delivers: to a receiver that is fast, from a short queue and from two hundred thousand events.

The sandbox and the receiver are processes of their own; the API is asked meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from benchmarks.sandbox_clock import cpu_of
from paylera_sandbox.engine import Engine
from paylera_sandbox.store import Store
from paylera_sandbox.webhooks.endpoints import register
from paylera_sandbox.webhooks.events import emit

WAITING = (2_000, 200_000)
OBJECTS = 1_000
SECONDS = 10.0
_PAUSE = 0.05


def main() -> None:
    """Print deliveries per second, what each costs, and how long the API took to answer meanwhile."""
    print("\n### Sandbox: webhook deliveries to one receiver\n")
    print("| waiting | per second | CPU ms each | `GET /v1/plans` p50 ms | p99 ms |\n" + "|---" * 5 + "|")
    ports: Queue[int] = multiprocessing.Queue()
    receiver = multiprocessing.Process(target=_receive, args=(ports,), daemon=True)
    receiver.start()
    url = f"http://127.0.0.1:{ports.get()}/"
    for waiting in WAITING:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder) / "sandbox.db", waiting, url)
    receiver.terminate()


def _measure(db: Path, waiting: int, url: str) -> None:
    _prepare(db, waiting, url)
    command = [str(Path(sys.executable).with_name("paylera-sandbox")), "serve", "--port", "0", "--db", str(db)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        begun, used, times = time.perf_counter(), cpu_of(process.pid), []
        left = waiting
        while left and time.perf_counter() - begun < SECONDS:
            asked = time.perf_counter()
            _ask(base, "/v1/plans")
            times.append((time.perf_counter() - asked) * 1000)
            left = _ask(base, "/sandbox/health")["pending_deliveries"]
            time.sleep(_PAUSE)
        seconds, used, done = time.perf_counter() - begun, cpu_of(process.pid) - used, waiting - left
    finally:
        process.terminate()
        process.wait(10)
    cuts = statistics.quantiles(times, n=100)
    print(f"| {waiting} | {done / seconds:.0f} | {used / done * 1000:.2f} | {cuts[49]:.1f} | {cuts[98]:.1f} |")


def _prepare(db: Path, waiting: int, url: str) -> None:
    """Write a database with so many events of a thousand objects in the outbox."""
    engine = Engine(store=Store(str(db)), seed=1)
    with engine.unit() as unit:
        register(unit, url=url, events=["*"])
    for first in range(0, waiting, OBJECTS):
        with engine.unit() as unit:
            for number in range(OBJECTS):
                emit(unit, "customer.updated", {"id": f"cus_{number}", "object": "customer", "number": first})
    engine.store.close()


def _ask(base: str, path: str) -> dict[str, Any]:
    request = urllib.request.Request(base + path, headers={"Authorization": "Bearer pl_test_sandbox"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


class _Receiver(asyncio.Protocol):
    """Answers 200 to every request, which it hardly reads."""

    def __init__(self) -> None:
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when a request is whole."""
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._seen = b""
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def _receive(ports: Queue[int]) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Receiver, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
