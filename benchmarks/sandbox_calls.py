"""What the sandbox costs: checks and tracks a second on one core, time to the first answer, memory and file size."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

TOKEN = "pl_test_sandbox"
TICKS = os.sysconf("SC_CLK_TCK")
CALLS, ROUNDS, STARTS, CUSTOMERS = 2_000, 5, 7, 100_000


def main() -> None:
    """Print the figures."""
    calls()
    starts()
    sizes()


def calls() -> None:
    """Measure calls over one kept-alive connection. The rate of one core is what the CPU time of the server allows."""
    print("\n### Sandbox, in memory, one kept-alive connection (median of 5 rounds of 2,000 calls)\n")
    print("| | CPU a call, µs | calls/s of one core | calls/s measured |\n|---|---|---|---|")
    with _serving("--memory") as (port, pid):
        customer = _call(port, "POST", "/v1/customers", {"email": "ada@example.com"})["id"]
        _call(port, "POST", "/v1/attach", {"customer_id": customer, "plan_code": "free"})
        for path, feature in (("/v1/check", "api_calls"), ("/v1/track", "exports")):
            body = json.dumps({"customer_id": customer, "feature_code": feature, "quantity": "1"}).encode()
            _load(port, pid, path, body)  # warm
            rounds = [_load(port, pid, path, body) for _ in range(ROUNDS)]
            cpu, rate = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"| `POST {path}` | {cpu * 1e6:.0f} | {1 / cpu:.0f} | {rate:.0f} |")


def starts() -> None:
    """Measure from the start of the process to its first answer."""
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with _serving("--memory") as (port, _pid):
            _call(port, "GET", "/v1/plans")
            times.append(time.perf_counter() - begun)
    print(f"\nStart to first answer: {min(times):.2f} s best, {statistics.median(times):.2f} s median of {STARTS}")


def sizes() -> None:
    """Measure memory and file size with many customers, created over the API."""
    print(f"\n### {CUSTOMERS:,} customers\n\n| | resident, MiB | file, MiB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sandbox.db"
        for name, options in (("--memory", ["--memory"]), ("--db FILE", ["--db", str(file)])):
            with _serving(*options) as (port, pid):
                empty = _resident(pid)
                _fill(port)
                print(
                    f"| `{name}` | {_resident(pid):.0f} (empty: {empty:.0f}) | {{}} |".format(
                        f"{file.stat().st_size / 2**20:.0f}" if file.exists() else "–"
                    )
                )


def _fill(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(CUSTOMERS):
        body = {"email": f"user{number}@example.com", "name": f"User {number}", "external_id": f"user-{number}"}
        connection.request("POST", "/v1/customers", json.dumps(body), _headers())
        response = connection.getresponse()
        response.read()
        if response.status != 201:
            raise RuntimeError(f"a customer was answered {response.status}")
    connection.close()


def _load(port: int, pid: int, path: str, body: bytes) -> tuple[float, float]:
    """Return the CPU seconds of a call and the calls a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    before, begun = _cpu(pid), time.perf_counter()
    for _ in range(CALLS):
        connection.request("POST", path, body, _headers(keyed=path != "/v1/check"))
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {text[:200]!r}")
    elapsed = time.perf_counter() - begun
    connection.close()
    return (_cpu(pid) - before) / CALLS, CALLS / elapsed


def _call(port: int, method: str, path: str, body: object = None) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, None if body is None else json.dumps(body), _headers())
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{method} {path} answered {response.status}: {answer}")
    return answer


def _headers(*, keyed: bool = True) -> dict[str, str]:
    key = {"Idempotency-Key": uuid.uuid4().hex} if keyed else {}
    return {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **key}


@contextlib.contextmanager
def _serving(*options: str) -> Iterator[tuple[int, int]]:
    """Run `paylera-sandbox serve` on a free port, on one core if the machine lets us choose, and wait until it says
    that it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pin = ["taskset", "-c", str(max(os.sched_getaffinity(0)))] if shutil.which("taskset") else []
    command = [*pin, str(Path(sys.executable).with_name("paylera-sandbox")), "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("the sandbox ended before it was ready")
        yield port, process.pid
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
