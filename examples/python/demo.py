"""Start the sandbox and one of the examples, wired to each other: `python demo.py django`. Ctrl-C ends everything.

Everything is kept in a temporary directory and in memory: every start is a fresh one.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, NoReturn, Self

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Example:
    """One way to serve an example. `{port}` stands for the port; `prepare` runs first and must succeed; `worker` runs
    beside it, and `note` is for the person at the terminal."""

    folder: str
    port: int
    command: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    note: str = ""


RUNSERVER = (PYTHON, "manage.py", "runserver", f"{HOST}:{{port}}", "--noreload")
MIGRATE = (PYTHON, "manage.py", "migrate", "--verbosity", "0")
WORKER = (PYTHON, "manage.py", "paylera_inbox", "process", "--interval", "0.2")
ADMIN = "Webhook events  {url}/admin/ as operator / {password}"
UVICORN = (PYTHON, "-m", "uvicorn", "--host", HOST, "--port", "{port}")
GUNICORN = (PYTHON, "-m", "gunicorn", "--bind", f"{HOST}:{{port}}", "--workers", "2", "--threads", "8")
EXAMPLES = {
    "django": Example("django-app", 8001, RUNSERVER, MIGRATE, WORKER, ADMIN),
    "django-gunicorn": Example("django-app", 8001, (*GUNICORN, "skyline.wsgi"), MIGRATE, WORKER, ADMIN),
    "django-asgi": Example(
        "django-app", 8001, (*UVICORN, "--lifespan", "off", "skyline.asgi:application"), MIGRATE, WORKER, ADMIN
    ),
    "fastapi": Example("fastapi-app", 8002, (*UVICORN, "main:app")),
}
CARDS = {
    "4242 4242 4242 4242": "succeeds",
    "4000 0000 0000 0002": "is declined",
    "4000 0000 0000 9995": "has too little on it",
    "4000 0000 0000 3220": "asks for a confirmation first",
}


class DemoError(Exception):
    """Something that the person at the terminal can put right; the message says how."""


@dataclass
class Service:
    """A process of ours, from its start until it has ended; a worker has no `url`."""

    name: str
    command: tuple[str, ...]
    url: str
    env: Mapping[str, str]
    folder: Path = HERE
    log: IO[Any] | None = None
    process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        # A process group of its own: Ctrl-C reaches this script alone, which then ends the servers in order.
        env = {**os.environ, **self.env}
        self.process = subprocess.Popen(  # noqa: S603 - a command of the table above
            self.command, cwd=self.folder, env=env, stdout=self.log, stderr=self.log, process_group=0
        )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ended(self, *, within: float) -> bool:
        """Wait at most `within` seconds for the process to end; tell whether it did."""
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End the process, by force if it does not listen."""
        self.process.terminate()
        if not self.ended(within=8):
            self.process.kill()
            self.process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.url and not answers(self.url):
            if self.ended(within=0.1):
                msg = f"{self.name} ended with code {self.process.returncode} instead of starting; its output says why"
                raise DemoError(msg)
            if time.monotonic() > deadline:
                msg = f"{self.name} did not answer at {self.url} within {PATIENCE_SECONDS} seconds"
                raise DemoError(msg)


class Demo:
    """The sandbox and an example, as a context manager. `log` takes the output of both; by default it is ours."""

    def __init__(
        self,
        name: str,
        *,
        port: int,
        sandbox_port: int,
        env: Mapping[str, str] | None = None,
        log: IO[Any] | None = None,
    ) -> None:
        self.url, self.sandbox_url = f"http://{HOST}:{port}", f"http://{HOST}:{sandbox_port}"
        self.webhook_secret = f"whsec_{secrets.token_urlsafe(24)}"
        self._example, self._port, self._env, self._log = EXAMPLES[name], port, dict(env or {}), log
        self._stack = ExitStack()
        self.sandbox: Service
        self.app: Service
        self.services: list[Service] = []

    def __enter__(self) -> Self:
        with self._stack:
            directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="skyline-"))
            self.sandbox = self._run(self._sandbox())
            self.app = self._run(self._app(directory))
            if self._example.worker:
                self._run(replace(self.app, name="the worker", command=self._example.worker, url=""))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _run(self, service: Service) -> Service:
        self.services.append(service)
        return self._stack.enter_context(service)

    def _sandbox(self) -> Service:
        port = self.sandbox_url.rpartition(":")[2]
        hook = ("--webhook-url", f"{self.url}/webhooks/paylera/", "--webhook-secret", self.webhook_secret)
        command = (sandbox_program(), "serve", "--memory", "--port", port, *hook)
        return Service("the sandbox", command, f"{self.sandbox_url}/", {}, log=self._log)

    def _app(self, directory: str) -> Service:
        folder = HERE / self._example.folder
        env = {
            "PAYLERA_API_TOKEN": "pl_test_sandbox",
            "PAYLERA_BASE_URL": self.sandbox_url,
            "PAYLERA_WEBHOOK_SECRET": self.webhook_secret,
            "APP_SECRET_KEY": secrets.token_urlsafe(48),
            "DJANGO_DEBUG": "1",
            "SKYLINE_DB": str(Path(directory) / "skyline.sqlite3"),
            **self._env,
        }
        if self._example.prepare:
            merged = {**os.environ, **env}
            prepared = subprocess.run(self._example.prepare, cwd=folder, env=merged, check=False)  # noqa: S603 - as above
            if prepared.returncode:
                raise DemoError("the database could not be prepared; the lines above say why")
        command = tuple(part.replace("{port}", str(self._port)) for part in self._example.command)
        return Service("the example", command, f"{self.url}/login", env, folder, self._log)

    def note(self, password: str) -> str:
        """Return what there is to know about this example alone."""
        return self._example.note.format(url=self.url, password=password)

    def watch(self) -> NoReturn:
        """Wait for ever; when one of the processes ends by itself, raise `DemoError`."""
        while True:
            for service in self.services:
                if service.ended(within=0.5):
                    msg = f"{service.name} ended by itself with code {service.process.returncode}"
                    raise DemoError(msg)


def answers(url: str) -> bool:
    """Tell whether `url` is answered at all. A proxy in the environment has no say in what is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def sandbox_program() -> str:
    """Return the path of `paylera-sandbox`, which lives next to this Python."""
    program = shutil.which("paylera-sandbox", path=str(Path(PYTHON).parent))
    if program is None:
        raise DemoError("paylera-sandbox is not installed; run `make setup`, or `pip install paylera-sandbox`")
    return program


def need_free(port: int, *, option: str) -> None:
    """Refuse a port that somebody else listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            msg = f"port {port} cannot be used ({error}); choose another with {option}"
            raise DemoError(msg) from None


def guide(demo: Demo) -> str:
    """Return what the person needs to know, for the terminal."""
    accounts = json.loads((HERE / "pages" / "accounts.json").read_text())
    cards = "\n".join(f"    {number}   {effect}" for number, effect in CARDS.items())
    return f"""
  Skyline is at   {demo.url}
  The sandbox at  {demo.sandbox_url}

  Sign in as      {accounts["people"][0]["username"]} / {accounts["password"]}
  Test cards (any date in the future, any three digits)
{cards}

  {demo.note(accounts["password"])}

  Ctrl-C ends everything.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until it is stopped; return the exit code."""
    parser = argparse.ArgumentParser(description="Start the sandbox and an example.")
    parser.add_argument("example", choices=EXAMPLES)
    parser.add_argument("--port", type=int, help="of the example; 8001 for Django, 8002 for FastAPI")
    parser.add_argument("--sandbox-port", type=int, default=8787)
    options = parser.parse_args(arguments)
    port = options.port or EXAMPLES[options.example].port
    signal.signal(signal.SIGTERM, _stop)
    try:
        need_free(port, option="--port")
        need_free(options.sandbox_port, option="--sandbox-port")
        with Demo(options.example, port=port, sandbox_port=options.sandbox_port) as demo:
            print(guide(demo), flush=True)
            demo.watch()
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
