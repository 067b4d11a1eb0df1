"""Starting and stopping real servers, each a process of its own on a free loopback port."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from conformance.upstream import free_port
from support.presence import absent

TESTS = Path(__file__).resolve().parents[1]
START_SECONDS = 30.0
STOP_SECONDS = 10.0


def gunicorn(app: str, port: int, *more: str) -> list[str]:
    """Return the command of a WSGI server with threads."""
    options = ["--worker-class", "gthread", "--threads", "32", "--keep-alive", "30", "--log-level", "warning", *more]
    return [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", app]


def uvicorn(app: str, port: int, *more: str) -> list[str]:
    """Return the command of an ASGI server."""
    options = ["--log-level", "warning", "--timeout-keep-alive", "30", *more]
    return [sys.executable, "-m", "uvicorn", *options, "--port", str(port), app]


def require(module: str) -> None:
    """Skip where a server is not installed, unless PAYLERA_REQUIRE names it: then its absence is a failure."""
    if find_spec(module) is None:
        absent(module, f"{module} is not installed")


@contextmanager
def process(
    command: Sequence[str], port: int, *, env: Mapping[str, str], log: Path, cwd: Path | None = None, health: str = "/"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it has answered `health` when the block begins."""
    variables = {"PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "default"} | dict(env)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PAYLERA_", "COV_"))} | variables
    with log.open("wb") as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=cwd)
    try:
        _await_health(child, port, health, log)
        yield child
    finally:
        _stop(child)


def _await_health(child: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            pytest.fail(f"the server ended with {child.returncode}:\n{log.read_text()[-4000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path, headers={"Host": "localhost"})
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)  # nothing announces that a foreign process listens
        else:
            return
        finally:
            connection.close()
    pytest.fail(f"the server did not start:\n{log.read_text()[-4000:]}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOP_SECONDS)


__all__ = ["free_port", "gunicorn", "process", "require", "uvicorn"]
