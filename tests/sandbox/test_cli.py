"""The command, as a user starts it."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from paylera_sandbox.cli import main

COMMAND = [sys.executable, "-c", "from paylera_sandbox.cli import main; main()"]
TOKEN = {"Authorization": "Bearer pl_test_sandbox"}


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=20, check=False)


def main_here(arguments: list[str], cwd: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run the command in this process, which is faster, and return its exit code."""
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(sys, "argv", ["paylera-sandbox", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@contextmanager
def served(*arguments: str, cwd: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a sandbox and yield its URL once it says that it is ready."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line), line or process.stderr.read()
        yield line, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_as_a_success(tmp_path: Path, name: signal.Signals) -> None:
    with served("--memory", cwd=tmp_path) as (url, process):
        assert httpx2.get(f"{url}/v1/plans", headers=TOKEN).status_code == 200
        process.send_signal(name)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_first_answer_comes_within_a_second(tmp_path: Path) -> None:
    """Processor time, from start to end: a busy machine does not make the sandbox slow."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with served("--memory", cwd=tmp_path) as (url, _):
        assert httpx2.get(f"{url}/v1/plans", headers=TOKEN).status_code == 200
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_a_killed_sandbox_keeps_what_it_answered(tmp_path: Path) -> None:
    with served("--db", "data.db", cwd=tmp_path) as (url, process):
        headers = {**TOKEN, "Idempotency-Key": "k"}
        first = httpx2.post(f"{url}/v1/customers", json={"email": "a@b.c"}, headers=headers)
        process.kill()
        process.wait(timeout=10)
    with served("--db", "data.db", cwd=tmp_path) as (url, _):
        assert httpx2.get(f"{url}/v1/customers/{first.json()['id']}", headers=TOKEN).json() == first.json()
        again = httpx2.post(f"{url}/v1/customers", json={"email": "a@b.c"}, headers=headers)
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")


def test_options_take_effect(tmp_path: Path) -> None:
    catalogue = tmp_path / "own.toml"
    catalogue.write_text('[plans.only]\nname = "Only"\namount = "1.00"\n')
    options = [
        "--token",
        "pl_test_mine",
        "--catalogue",
        str(catalogue),
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--memory",
    ]
    with served(*options, "--webhook-secret", "whsec_12345678", cwd=tmp_path) as (url, _):
        mine = {"Authorization": "Bearer pl_test_mine"}
        assert [plan["code"] for plan in httpx2.get(f"{url}/v1/plans", headers=mine).json()["data"]] == ["only"]
        assert httpx2.get(f"{url}/v1/plans", headers=TOKEN).status_code == 401
        [endpoint] = httpx2.get(f"{url}/v1/admin/webhook-endpoints", headers=mine).json()["data"]
        assert (endpoint["url"], endpoint["secret_last4"]) == ("http://127.0.0.1:1/", "5678")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command"),
        (["nope"], "nope"),
        (["serve", "--bogus"], "--bogus"),
        (["serve", "--port", "x"], "--port"),
        (["serve", "--port", "65536"], "--port"),
        (["serve", "--host", "0.0.0.0"], "not a loopback address"),
        (["serve", "--host", "example.com"], "not a loopback address"),
        (["serve", "--token", ""], "--token"),
        (["serve", "--token", "a b"], "--token"),
        (["serve", "--time-scale", "0"], "--time-scale"),
        (["serve", "--rate-limits", "some"], "--rate-limits"),
        (["serve", "--time-scale", "nan"], "--time-scale"),
        (["serve", "--memory", "--db", "x"], "--memory"),
        (["serve", "--memory", "--catalogue", "none.toml"], "No such file"),
        (["serve", "--memory", "--catalogue", "bad.toml"], "plans.a.amount"),
        (["serve", "--db", "none/x.db"], "none/x.db"),
        (["serve", "--db", "bad.toml"], "not a database"),
        (["serve", "--memory", "--webhook-url", "/x"], "--webhook-url"),
        (["serve", "--memory", "--webhook-secret", "whsec_12345678"], "--webhook-url"),
        (["serve", "--memory", "--webhook-url", "http://x/", "--webhook-secret", "abc"], "--webhook-secret"),
    ],
)
def test_mistakes_are_one_clear_line(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "bad.toml").write_text('[plans.a]\nname = "A"\namount = "cheap"\n')
    assert main_here(arguments, tmp_path, monkeypatch) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.err.startswith("paylera-sandbox: ")


def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--memory", "--port", str(port), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(port) in done.stderr


def test_database_in_use(tmp_path: Path) -> None:
    with served("--db", "data.db", cwd=tmp_path):
        done = run("serve", "--port", "0", "--db", "data.db", cwd=tmp_path)
    assert (done.returncode, "another sandbox is using it" in done.stderr) == (2, True)


def test_database_of_something_else(tmp_path: Path) -> None:
    import sqlite3

    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE things (id)")
    other.close()
    done = run("serve", "--port", "0", "--db", "other.db", cwd=tmp_path)
    assert (done.returncode, "something else" in done.stderr) == (2, True)


def test_database_of_another_version(tmp_path: Path) -> None:
    import sqlite3

    other = sqlite3.connect(tmp_path / "old.db")
    other.execute("PRAGMA user_version = 99")
    other.close()
    done = run("serve", "--port", "0", "--db", "old.db", cwd=tmp_path)
    assert (done.returncode, "another version" in done.stderr) == (2, True)


def test_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main_here(["serve", "--help"], tmp_path, monkeypatch) == 0
    shown = capsys.readouterr().out
    for option in ("--port", "--db", "--memory", "--token", "--catalogue", "--webhook-url", "--time-scale"):
        assert option in shown


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such address family to ask")
def test_ipv6_loopback(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    process = subprocess.Popen(
        [*COMMAND, "serve", "--memory", "--port", "0", "--host", "::1"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        assert httpx2.get(process.stdout.readline().strip() + "/").status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=10)
