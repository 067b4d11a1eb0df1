"""`demo.py` and the command lines of the examples: what they print, how they end, what they say in case of a fault."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.conftest import EXAMPLES, free_port, load_demo

DJANGO_APP, FASTAPI_APP = EXAMPLES / "django-app", EXAMPLES / "fastapi-app"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PAYLERA_", "APP_", "DJANGO_"))}


def run(*command: str, cwd: Path = EXAMPLES, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a Python command to its end; warnings are errors."""
    full = [sys.executable, "-W", "error", *command]
    return subprocess.run(full, cwd=cwd, env=CLEAN | env, capture_output=True, text=True, timeout=60, check=False)


def test_it_starts_both_tells_how_to_use_them_and_ends_both() -> None:
    port, sandbox_port = free_port(), free_port()
    command = [sys.executable, "demo.py", "fastapi", "--port", str(port), "--sandbox-port", str(sandbox_port)]
    with subprocess.Popen(
        command, cwd=EXAMPLES, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        said = b"".join(iter_until(process.stdout, b"Ctrl-C")).decode()
        assert f"http://127.0.0.1:{port}" in said
        assert "ada / skyline-demo" in said
        assert "4000 0000 0000 0002" in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/paylera/plans", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read().decode()
        assert process.wait(20) == 0
    assert "Traceback" not in rest
    assert not is_listening(port)
    assert not is_listening(sandbox_port)


def iter_until(lines: Any, last: bytes) -> Any:
    for line in lines:
        yield line
        if last in line:
            return


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_a_port_in_use_is_told_with_the_way_out(option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free = "--port" if option == "--sandbox-port" else "--sandbox-port"
        port = str(taken.getsockname()[1])
        result = run("demo.py", "django", option, port, free, str(free_port()))
    assert result.returncode == 2
    assert result.stderr.startswith(f"demo: port {port} cannot be used")
    assert f"choose another with {option}" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("rails",), ("django", "--port", "x"), ("django", "--port", "70000")])
def test_wrong_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    result = run("demo.py", *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_an_app_that_does_not_start_takes_the_sandbox_with_it(demos: Callable[..., Any]) -> None:
    demo_module = load_demo()
    demo = demo_module.Demo("fastapi", port=free_port(), sandbox_port=free_port(), env={"PAYLERA_API_TOKEN": ""})
    with pytest.raises(demo_module.DemoError, match="the example ended with code"), demo:
        pass
    assert demo.sandbox.process.poll() is not None


def test_a_server_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    demo_module = load_demo()
    with (tmp_path / "log").open("wb") as log:
        demo = demo_module.Demo("fastapi", port=free_port(), sandbox_port=free_port(), log=log)
        with demo:
            demo.sandbox.process.terminate()
            with pytest.raises(demo_module.DemoError, match="the sandbox ended by itself"):
                demo.watch()


@pytest.mark.parametrize(
    "arguments", [("check", "--fail-level", "WARNING"), ("makemigrations", "--check", "--dry-run")]
)
def test_django_finds_no_fault_in_the_project(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = run("manage.py", *arguments, cwd=DJANGO_APP, SKYLINE_DB=str(tmp_path / "db.sqlite3"))
    assert result.returncode == 0, result.stderr


def test_the_demo_accounts_can_be_taken_away_again(tmp_path: Path) -> None:
    env = {"SKYLINE_DB": str(tmp_path / "db.sqlite3")}
    assert run("manage.py", "migrate", cwd=DJANGO_APP, **env).returncode == 0
    assert run("manage.py", "migrate", "skyline", "0001", cwd=DJANGO_APP, **env).returncode == 0
    count = "from django.contrib.auth.models import User; print('left:', User.objects.count())"
    assert "left: 0" in run("manage.py", "shell", "-c", count, cwd=DJANGO_APP, **env).stdout


def test_servers_do_not_fall_back_to_the_settings_of_the_sandbox() -> None:
    result = run("-c", "import skyline.wsgi", cwd=DJANGO_APP)
    assert result.returncode == 1
    assert "PAYLERA_API_TOKEN" in result.stderr
    result = run("-c", "import main", cwd=FASTAPI_APP)
    assert result.returncode == 1
    assert result.stderr.startswith("PAYLERA_API_TOKEN is not set. For the sandbox:")
