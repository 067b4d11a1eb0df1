"""The commands that talk to a running sandbox, as processes against a real one."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.cli.exits import CODES
from sandbox.support import Api, Receiver

COMMAND = [sys.executable, "-c", "from paylera_sandbox.cli import main; main()"]
Cli = Callable[..., subprocess.CompletedProcess[str]]


def run(*arguments: str, url: str = "", cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAYLERA_")}
    if url:
        environment["PAYLERA_BASE_URL"] = url
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**environment, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def server() -> Iterator[Api]:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        yield api


@pytest.fixture
def cli(server: Api, tmp_path: Path) -> Cli:
    return lambda *arguments, **env: run(*arguments, url=server.sandbox.url, cwd=tmp_path, **env)


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def read(done: subprocess.CompletedProcess[str]) -> dict:
    return json.loads(told(done))


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("paylera-sandbox: ")
    return done.stderr


def test_status(server: Api, cli: Cli) -> None:
    server.customer()
    assert "1 customers" in told(cli("status"))
    assert read(cli("status", "--json"))["customers"] == 1


def test_where_the_sandbox_is(server: Api, tmp_path: Path) -> None:
    assert run("status", "--url", server.sandbox.url + "/").returncode == 0
    assert "401" not in refused(run("status", "--url", server.sandbox.url, "--token", "wrong"), 4)
    assert "start it with paylera-sandbox serve" in refused(run("status", "--url", "http://127.0.0.1:1"), 3)
    assert run("status", url=server.sandbox.url, PAYLERA_API_TOKEN="wrong").returncode == 4


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a", "http://", "http://a:x", "http://a b", "http://ä", "http://[", "//a"]
)
def test_urls_that_are_none(url: str) -> None:
    assert "--url" in refused(run("status", "--url", url), 2)


def test_what_answers_is_no_sandbox() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.strip("/")[:3]) if self.path[1:2].isdigit() else 200)
            self.end_headers()
            self.wfile.write(b"[1]")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        assert "not a Paylera sandbox" in refused(run("status", "--url", url), 3)
        assert "not a Paylera sandbox" in refused(run("status", "--url", f"{url}/500"), 3)
        other.shutdown()


def test_what_answers_is_not_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert "cannot reach" in refused(run("status", "--url", f"http://127.0.0.1:{other.getsockname()[1]}"), 3)


def test_snapshot_reset_and_restore(server: Api, cli: Cli, tmp_path: Path) -> None:
    server.customer()
    assert "kept.db" in told(cli("snapshot", "kept.db"))
    assert read(cli("reset", "--json"))["customers"] == 0
    assert "1 customers" in told(cli("restore", "kept.db"))
    assert read(cli("snapshot", "kept.db", "--json"))["bytes"] == (tmp_path / "kept.db").stat().st_size
    assert [file.name for file in tmp_path.iterdir()] == ["kept.db"]


def test_files_that_are_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    assert "none.db" in refused(cli("restore", "none.db"), 2)
    assert "snapshot.invalid" in refused(cli("restore", "text"), 4)
    assert "none/x.db" in refused(cli("snapshot", "none/x.db"), 2)
    assert "directory" in refused(cli("snapshot", "."), 2)


def test_events(server: Api, cli: Cli) -> None:
    assert told(cli("events", "list")) == "Nothing has happened yet.\n"
    customer = server.customer()
    server.customer()
    first, second = told(cli("events", "list")).splitlines()
    assert "customer.created" in first
    assert second.split("\t")[3] == customer["id"]
    listed = read(cli("events", "list", "--json", "--limit", "1", "--type", "customer.created"))["data"]
    assert len(listed) == 1
    event = read(cli("events", "show", listed[0]["id"]))
    assert event == listed[0]
    assert read(cli("events", "list", "--json", "--type", "invoice.paid"))["data"] == []
    assert "event.not_found" in refused(cli("events", "show", "evt_0"), 4)
    assert refused(cli("events", "show", "../plans"), 4)
    assert "--limit" in refused(cli("events", "list", "--limit", "0"), 2)


def test_trigger_and_resend(server: Api, cli: Cli, receiver: Receiver) -> None:
    server.ok("/v1/admin/webhook-endpoints", {"url": receiver.url})
    options = ["--set", "amount_paid=5.40", "--set", "metadata.order=7", "--set", "lines.0.description=A b"]
    assert "queued 1 delivery" in told(cli("trigger", "invoice.paid", *options))
    [got] = receiver.wait_for(1)
    data = got.event["data"]
    assert (data["amount_paid"], data["metadata"]) == ("5.40", {"order": 7})
    assert data["lines"][0]["description"] == "A b"
    assert "Queued 1 delivery" in told(cli("events", "resend", got.event["id"]))
    assert receiver.wait_for(2)[1].body == got.body
    assert read(cli("trigger", "customer.created", "--json"))["event"]["type"] == "customer.created"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trigger", "invoice.payed"], 4, "invoice.paid"),
        (["trigger", "invoice.paid", "--set", "a"], 2, "--set"),
        (["trigger", "invoice.paid", "--set", "=a"], 2, "--set"),
        (["trigger", "invoice.paid", "--set", "a..b=1"], 2, "--set"),
        (["trigger", "invoice.paid", "--set", "lines.7.x=1"], 4, "lines.7.x"),
        (["trigger", "invoice.paid", "--object", "inv_0"], 4, "object_id"),
        (["trigger"], 2, "TYPE"),
        (["events", "resend", "evt_0"], 4, "event.not_found"),
        (["events"], 2, "Missing command"),
        (["namespaces", "create", "A"], 4, "lower-case"),
        (["namespaces", "create", "live"], 4, "namespace.exists"),
        (["namespaces", "delete", "none"], 4, "namespace.not_found"),
        (["namespaces", "delete", "default"], 4, "namespace.protected"),
        (["requests", "--limit", "1001"], 2, "--limit"),
        (["requests", "--method", "x"], 4, "method"),
        (["completion", "cmd"], 2, "bash, zsh, fish"),
        (["nonsense"], 2, "nonsense"),
        (["status", "--bogus"], 2, "--bogus"),
    ],
)
def test_mistakes(shared: Api, arguments: list[str], code: int, words: str) -> None:
    assert words in refused(run(*arguments, url=shared.sandbox.url), code)


def test_namespaces(server: Api, cli: Cli) -> None:
    assert "pl_test_ci" in told(cli("namespaces", "create", "ci"))
    assert read(cli("status", "--json", PAYLERA_API_TOKEN="pl_test_ci"))["namespace"] == "ci"
    assert [entry["name"] for entry in read(cli("namespaces", "list", "--json"))["data"]] == ["default", "ci"]
    told(cli("namespaces", "delete", "ci"))
    assert told(cli("namespaces", "list")).count("\n") == 1


def test_requests(server: Api, cli: Cli) -> None:
    server.post("/v1/customers", {"email": "a@example.com"}, key="k1")
    assert "k1" in told(cli("requests"))
    assert read(cli("requests", "--json", "--key", "k1"))["data"][0]["status"] == 201
    told(cli("requests", "--clear"))
    assert told(cli("requests")) == "No requests yet.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    assert "paylera-sandbox" in told(run("completion", shell))


def test_completion_completes() -> None:
    asked = {"_PAYLERA_SANDBOX_COMPLETE": "bash_complete", "COMP_WORDS": "paylera-sandbox names", "COMP_CWORD": "1"}
    assert run(**asked).stdout.split() == ["plain,namespaces"]


def test_a_closed_pipe_is_no_error(server: Api) -> None:
    for _ in range(60):
        server.customer()
    line = f"{sys.executable} -c 'from paylera_sandbox.cli import main; main()' events list --limit 60 | head -1"
    environment = {**os.environ, "PAYLERA_BASE_URL": server.sandbox.url}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")


def test_the_program_starts_without_the_server() -> None:
    """Commands other than serve load no server, no templates and no tables; help stays quick."""
    heavy = "{'starlette', 'uvicorn', 'jinja2', 'httpx2', 'sqlite3', 'rich', 'pydantic', 'typer'}"
    script = f"import sys, paylera_sandbox.cli; print([m for m in sys.modules if m.split('.')[0] in {heavy}])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]"


def test_errors_for_programs(shared: Api) -> None:
    done = run("events", "show", "evt_0", "--json", url=shared.sandbox.url)
    error = json.loads(told(done, 4))["error"]
    assert (error["exit_code"], error["problem"]["code"]) == (4, "event.not_found")
    error = json.loads(told(run("status", "--json", "--url", "http://127.0.0.1:1"), 3))["error"]
    assert (error["exit_code"], error["problem"]) == (3, None)


def test_the_codes_are_told_apart() -> None:
    assert sorted(CODES) == [0, 1, 2, 3, 4, 130]


def test_a_terminal_gets_a_table_with_whole_ids(server: Api) -> None:
    customer = server.customer()
    controller, terminal = os.openpty()
    environment = {**os.environ, "PAYLERA_BASE_URL": server.sandbox.url, "COLUMNS": "40"}
    command = [*COMMAND, "events", "list"]
    subprocess.run(command, env=environment, stdout=terminal, stderr=subprocess.PIPE, timeout=60, check=True)
    os.close(terminal)
    header, line = os.read(controller, 10_000).decode().splitlines()
    os.close(controller)
    assert header.startswith("occurred at")
    assert line.endswith(customer["id"])
    assert line.index("customer.created") == header.index("type")


def test_a_terminal_gets_a_bar_while_the_work_takes_long(server: Api) -> None:
    controller, terminal = os.openpty()
    environment = {**os.environ, "PAYLERA_BASE_URL": server.sandbox.url, "TERM": "xterm"}
    command = [*COMMAND, "seed", "--customers", "40"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=terminal, timeout=120, check=True)
    os.close(terminal)
    assert "Seeding" in os.read(controller, 100_000).decode()
    os.close(controller)
    assert b"40 customers" in done.stdout
