"""A start is quick because of what it leaves for later: what is loaded when the first answer leaves is held here."""

from __future__ import annotations

import subprocess
import sys

LATER = {
    "h11",
    "httpx2",
    "jinja2",
    "paylera_sandbox.openapi",
    "paylera_sandbox.pages",
    "paylera_sandbox.seeding.seeder",
    "paylera_sandbox.testing",
    "paylera_sandbox.webhooks.triggers",
    "pydantic",
    "rich",
    "typer",
}
SERVE = """
import http.client, sys, threading
from paylera_sandbox import startup
from paylera_sandbox.cli import main

class Server(startup.Server):
    def __init__(self, app, **more):
        super().__init__(app, **more)
        threading.Thread(target=self.ask).start()

    def ask(self):
        self.ready.wait(60)
        port = self.servers[0].sockets[0].getsockname()[1]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/v1/plans", headers={"Authorization": "Bearer pl_test_sandbox"})
        print("answer", connection.getresponse().status, *sys.modules, file=sys.stderr)
        self.end()

startup.Server = Server
sys.argv = ["paylera-sandbox", "serve", "--memory", "--port", "0"]
main()
"""


def test_a_start_loads_no_more_than_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, timeout=100, check=True)
    word, status, *loaded = done.stderr.split()
    assert (word, status) == ("answer", "200")
    assert "paylera_sandbox.routes" in loaded
    assert sorted(LATER & set(loaded)) == []
