"""A tutorial as a person follows it: its files written, its commands run, with free ports in place of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
STEP = re.compile(r"<!-- (terminal|file|append): (\S+) -->\n```[a-z]+\n(.*?)```", re.DOTALL)
PATIENCE_SECONDS = 30


class Ports(NamedTuple):
    """What stands for 8000 and 8787 here."""

    shop: int
    sandbox: int


class Tutorial:
    """One walk through a page in a directory of its own."""

    def __init__(self, folder: Path, page: str = "tutorial.md") -> None:
        self.folder = folder
        self.ports = Ports(free_port(), free_port())
        self.log = folder / "log.txt"
        self._steps = {name: (kind, text) for kind, name, text in STEP.findall((DOCS / page).read_text())}

    @property
    def sandbox(self) -> str:
        """Return the address of the sandbox."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def shop(self) -> str:
        """Return the address of the shop."""
        return f"http://127.0.0.1:{self.ports.shop}"

    def text(self, name: str) -> str:
        """Return a block of the page, with our ports."""
        text = self._steps[name][1].replace("8000", str(self.ports.shop)).replace("8787", str(self.ports.sandbox))
        return text.replace("serve --memory", f"serve --memory --port {self.ports.sandbox}")

    def write(self, name: str, *, within: str = "", target: str | None = None) -> None:
        """Do what the page says about one file."""
        path = self.folder / within / (target or name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if self._steps[name][0] == "append" else "w") as file:
            file.write(self.text(name))

    def run(self, name: str) -> str:
        """Type a block of commands; return what they print."""
        script = ["bash", "-e", "-c", self.text(name)]
        here = env() | {"PAYLERA_BASE_URL": self.sandbox}  # where a person's is by itself
        return subprocess.run(script, cwd=self.folder, env=here, stdout=subprocess.PIPE, text=True, check=True).stdout

    def wait_for(self, condition: Callable[[str], bool]) -> None:
        """Wait until what the servers printed is as expected."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition(self.log.read_text()):
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    @contextmanager
    def serving(self, name: str, url: str, *, within: str = "") -> Iterator[None]:
        """Type a block of commands whose last one is a server, and stop it afterwards."""
        *before, server = self.text(name).strip().splitlines()
        # The person would be asked for a password; a reload watches files nobody changes.
        script = "\n".join([*before, f"exec {server}"]).replace("createsuperuser", "createsuperuser --noinput")
        script = re.sub(r"runserver (\d+)", r"runserver \1 --noreload", script)
        with self.log.open("ab") as log:
            command = ["bash", "-e", "-c", script]
            process = subprocess.Popen(command, cwd=self.folder / within, env=env(), stdout=log, stderr=log)
        try:
            self._wait_for(url, process)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)

    def _wait_for(self, url: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not answers(url):
            assert time.monotonic() < deadline, self.log.read_text()
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise AssertionError(self.log.read_text())


def env() -> dict[str, str]:
    """Return an environment in which the programs of this Python come first, and that configures nothing of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PAYLERA_", "DJANGO_"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return clean | {"PATH": path, "DJANGO_SUPERUSER_PASSWORD": "pw"}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Tell whether anything answers at `url`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True
