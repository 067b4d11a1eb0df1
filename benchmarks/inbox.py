"""How long an acknowledgement takes while its handler, of five seconds, is behind a queue; beside an empty view that is
sent the same."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from benchmarks.servers import ROOT, serving
from paylera.testing import signed_event

SECRET = "whsec_benchmark"
CALLS, WARM = 3000, 100


def main() -> None:
    """Print the 50th and 99th percentile of both, and the ratios."""
    print("\n### Acknowledged with a handler of 5 s behind the worker; 1.00 = an empty view that is sent the same\n")
    print("| | empty view p50, p99 | acknowledged p50, p99 | p50 | p99 |\n|---|---|---|---|---|")
    with ExitStack() as stack:
        os.environ["BENCH_POSTGRES"] = str(stack.enter_context(_postgres()))
        for name, app, kind, path, driver in (
            ("Django, gunicorn, psycopg", "django_inbox", "gunicorn", "/hooks/", ""),
            ("FastAPI, uvicorn, asyncpg", "fastapi_inbox", "uvicorn", "/hooks", "asyncpg"),
            ("FastAPI, uvicorn, psycopg", "fastapi_inbox", "uvicorn", "/hooks", "psycopg"),
        ):
            os.environ |= {"BENCH_DATABASE": _new_database(app + driver), "BENCH_DRIVER": driver}
            with serving(app, kind=kind) as server:
                _post(http.client.HTTPConnection("127.0.0.1", server.port), "/empty", b"", {})  # its tables are made
                with _worker(app):
                    _print(name, server.port, path)


def _postgres() -> AbstractContextManager[int]:
    sys.path.insert(0, str(ROOT / "tests"))
    from support.postgres import postgres

    return postgres()


def _new_database(name: str) -> str:
    import psycopg

    where = f"host=127.0.0.1 port={os.environ['BENCH_POSTGRES']} user=postgres dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return name


def _print(name: str, port: int, path: str) -> None:
    numbers = iter(range(1_000_000))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def sent_to(path: str) -> float:
        event_id = f"evt_{next(numbers)}"
        sent = signed_event("invoice.paid", secret=SECRET, id=event_id, aggregate_id=event_id)
        return _post(connection, path, sent.body, dict(sent.headers))

    # In turn, so that a slow moment hits both alike.
    pairs = [(sent_to("/empty"), sent_to(path)) for _ in range(CALLS + WARM)][WARM:]
    rows = [(_percentile(found, 50), _percentile(found, 99)) for found in zip(*pairs, strict=True)]
    cells = " | ".join(f"{p50 * 1000:.2f}, {p99 * 1000:.2f} ms" for p50, p99 in rows)
    print(f"| {name} | {cells} | {rows[1][0] / rows[0][0]:.2f} | {rows[1][1] / rows[0][1]:.2f} |")


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> float:
    begun = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {text[:200]!r}")
    return time.perf_counter() - begun


def _percentile(times: Sequence[float], rank: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * rank // 100)]


@contextmanager
def _worker(app: str) -> Iterator[None]:
    command = [sys.executable, "-c", f"from benchmarks.apps import {app}; from benchmarks.apps import work; work()"]
    child = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
