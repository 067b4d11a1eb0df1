"""Start and stop the compared servers, load them, and read what they cost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
BODY = json.dumps({"feature_code": "api_calls"}).encode()


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the root of its processes."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server's processes so far."""
        return sum(_cpu(pid) for pid in _family(self.pid))


@dataclass(frozen=True)
class Cost:
    """What one call cost: CPU of the server and wall-clock median, in microseconds, and calls per second."""

    cpu: float
    p50: float
    rate: float


@contextlib.contextmanager
def serving(name: str, *, kind: str, upstream: int | None = None) -> Iterator[Server]:
    """Run `benchmarks.apps:<name>` under uvicorn or gunicorn on a free loopback port."""
    port = _free_port()
    commands = {
        "uvicorn": ["uvicorn", f"benchmarks.apps:{name}", "--port", str(port), "--log-level", "warning"],
        "gunicorn": ["gunicorn", f"benchmarks.apps:{name}", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads",
                     "8", "--log-level", "error", "--keep-alive", "60"],
    }  # fmt: skip
    environment = os.environ | {"BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}"}
    process = subprocess.Popen([sys.executable, "-m", *commands[kind]], cwd=ROOT, env=environment)
    try:
        _await_port(port, process)
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def load(server: Server, *, calls: int, connections: int) -> Cost:
    """Send `calls` POSTs over kept-alive connections and return what each cost."""
    token = _token(server)
    headers = {"Content-Type": "application/json"}
    if token:
        headers |= {"Paylera-CSRF-Token": token, "Cookie": f"paylera_csrf={token}"}
    times: list[float] = []
    before, begun = server.cpu_seconds(), time.perf_counter()
    threads = [
        threading.Thread(target=_call, args=(server.port, headers, calls // connections, times))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    if len(times) != calls // connections * connections:
        raise RuntimeError(f"{server.name}: {len(times)} of {calls} calls succeeded")
    cpu = (server.cpu_seconds() - before) / len(times)
    return Cost(cpu * 1e6, statistics.median(times) * 1e6, len(times) / elapsed)


def _call(port: int, headers: dict[str, str], calls: int, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(calls):
        begun = time.perf_counter()
        connection.request("POST", "/api/paylera/check", BODY, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"port {port} answered {response.status}: {text[:200]!r}")
        times.append(time.perf_counter() - begun)
    connection.close()


def _token(server: Server) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/api/paylera/csrf-token")
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return json.loads(text)["token"] if response.status == 200 else None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError("a benchmark server ended before it answered")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("a benchmark server did not answer within a minute")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grandchild for child in children for grandchild in _family(int(child)))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
