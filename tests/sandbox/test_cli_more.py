"""The commands for time, faults, seeding, listening and the doctor, as processes against a real sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from paylera.webhooks import verify_signature
from paylera_sandbox import Sandbox
from paylera_sandbox.webhooks.listeners import LEASE_SECONDS, MOST
from sandbox.support import Api, Receiver, problem
from sandbox.test_cli_commands import COMMAND, Cli, read, refused, run, told


@pytest.fixture
def server() -> Iterator[Api]:
    with Sandbox() as sandbox, closing(Api(sandbox)) as api:
        yield api


@pytest.fixture
def cli(server: Api, tmp_path: Path) -> Cli:
    return lambda *arguments, **env: run(*arguments, url=server.sandbox.url, cwd=tmp_path, **env)


class TestClock:
    def test_advance(self, server: Api, cli: Cli) -> None:
        assert "stands still" in told(cli("clock", "pin", "2030-01-31T00:00:00Z"))
        assert told(cli("clock", "advance", "45d")).startswith("2030-03-17T00:00:00.000Z")
        assert read(cli("clock", "advance", "--to", "2031-01-01T00:00:00Z", "--json"))["mode"] == "pinned"
        assert read(cli("clock", "show", "--json"))["now"] == "2031-01-01T00:00:00.000Z"
        assert "runs on" in told(cli("clock", "run"))
        assert server.customer()["created_at"].startswith("2031-01-01T")

    def test_stop(self, server: Api, cli: Cli) -> None:
        for number in range(30):
            server.subscribe(server.customer(email=f"{number}@example.com"), "starter")
        before = read(cli("clock", "advance", "30y", "--no-wait", "--json"))
        assert before["advance"]["status"] == "running"
        after = read(cli("clock", "stop", "--json"))
        assert after["advance"]["status"] != "running"
        assert after["now"] < before["advance"]["target"]

    def test_real(self, cli: Cli) -> None:
        told(cli("clock", "pin"))
        assert "real time" in told(cli("clock", "real"))

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (["advance"], 2, "--to"),
            (["advance", "1d", "--to", "2040-01-01T00:00:00Z"], 2, "--to"),
            (["advance", "soon"], 4, "by"),
            (["advance", "--to", "tomorrow"], 4, "to"),
            (["advance", "--to", "2001-01-01T00:00:00Z"], 4, "clock.backwards"),
            (["pin", "never"], 4, "at"),
            (["real", "now"], 2, "now"),
            (["halt"], 2, "halt"),
        ],
    )
    def test_mistakes(self, shared: Api, arguments: list[str], code: int, words: str) -> None:
        assert words in refused(run("clock", *arguments, url=shared.sandbox.url), code)


class TestFaults:
    def test_add_list_and_clear(self, server: Api, cli: Cli) -> None:
        added = read(cli("faults", "add", "error", "path=/v1/plans", "times=1", "status=503", "--json"))
        assert server.get("/v1/plans").status_code == 503
        assert server.get("/v1/plans").status_code == 200
        listed = told(cli("faults", "list"))
        assert "path=/v1/plans" in listed
        assert "status=503" in listed
        told(cli("faults", "remove", added["id"]))
        assert "No faults" in told(cli("faults", "list"))
        told(cli("faults", "add", "error"))
        told(cli("faults", "clear"))
        assert read(cli("faults", "list", "--json"))["data"] == []
        assert "latency" in told(cli("faults", "actions"))

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (["add"], 2, "ACTION"),
            (["add", "earthquake"], 4, "action"),
            (["add", "error", "times"], 2, "name=value"),
            (["add", "error", "times=many"], 4, "times"),
            (["add", "error", "colour=red"], 4, "colour"),
            (["remove", "flt_0"], 4, "fault.not_found"),
        ],
    )
    def test_mistakes(self, shared: Api, arguments: list[str], code: int, words: str) -> None:
        assert words.lower() in refused(run("faults", *arguments, url=shared.sandbox.url), code).lower()


def test_rate_limits(server: Api, cli: Cli) -> None:
    assert "off" in told(cli("rate-limits"))
    assert read(cli("rate-limits", "reads=2", "--json"))["setting"] == {"reads": 2}
    assert {server.get("/v1/plans").status_code for _ in range(6)} == {200, 429}
    assert "documented" in told(cli("rate-limits", "documented"))
    told(cli("rate-limits", "off"))
    for arguments, code in ((["fast"], 4), (["reads=0"], 4), (["reads=x"], 2), (["other=1"], 4), (["off", "on"], 2)):
        refused(cli("rate-limits", *arguments), code)


class TestSeed:
    def test_an_empty_sandbox_gets_a_past(self, server: Api, cli: Cli) -> None:
        assert "20 customers" in told(cli("seed", "--customers", "20", "--months", "3"))
        assert server.get("/sandbox/clock").json()["mode"] == "real"
        assert len(server.get("/v1/subscriptions").json()["data"]) > 10
        created = [customer["created_at"] for customer in server.get("/v1/customers").json()["data"]]
        assert created == sorted(created, reverse=True)
        assert created[0][:7] != created[-1][:7]
        types = {event["type"] for event in server.get("/v1/admin/events", limit=100).json()["data"]}
        assert types >= {"invoice.paid", "subscription.updated"}

    def test_any_other_goes_on(self, server: Api, cli: Cli) -> None:
        server.customer()
        before = server.get("/sandbox/clock").json()["now"]
        done = read(cli("seed", "--customers", "3", "--months", "1", "--json"))
        assert (done["status"], done["share"]) == ("done", 1.0)
        assert server.get("/sandbox/clock").json()["now"] > before
        assert server.get("/sandbox/health").json()["customers"] == 4

    def test_the_same_seed_tells_the_same_story(self) -> None:
        def tell() -> list[object]:
            with Sandbox(socket=False, seed=1) as sandbox:
                sandbox.clock.pin("2030-01-01T00:00:00.000Z")
                sandbox.seed(customers=8, months=2, seed=5)
                assert sandbox.clock.now().isoformat() == "2030-01-01T00:00:00+00:00"
                return [(event["id"], event["type"], event["occurred_at"]) for event in sandbox.events()]

        first = tell()
        assert len(first) > 50
        assert tell() == first

    def test_one_at_a_time(self, server: Api) -> None:
        problem(server.get("/sandbox/seed"), 404, "seeding.not_found")
        body = {"customers": 500, "months": 24}
        assert server.client.post("/sandbox/seed", json=body).status_code == 202
        problem(server.client.post("/sandbox/seed", json=body), 409, "seeding.running")
        assert server.client.post("/sandbox/reset").status_code == 200
        server.sandbox._host.wait(lambda: server.get("/sandbox/seed").json()["status"] == "failed", 30)
        assert server.get("/sandbox/health").json()["customers"] == 0

    @pytest.mark.parametrize("option", ["--customers=0", "--customers=x", "--months=-1", "--months=121", "--seed=-1"])
    def test_mistakes(self, shared: Api, option: str) -> None:
        assert option.partition("=")[0] in refused(run("seed", option, url=shared.sandbox.url), 2)


class TestListen:
    @contextmanager
    def listening(self, server: Api, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [*COMMAND, "listen", "--url", server.sandbox.url, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=10)

    @pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
    def test_deliveries_are_shown_with_what_came_back(
        self, server: Api, receiver: Receiver, name: signal.Signals
    ) -> None:
        receiver.answer = lambda got: 500 if got.event["type"] == "invoice.voided" else 200
        options = ("--forward-to", receiver.url, "--events", "invoice.*, customer.created", "--secret", "whsec_mine")
        with self.listening(server, *options) as process:
            assert "whsec_mine" in process.stdout.readline()
            server.customer()
            assert "customer.created" in (line := process.stdout.readline())
            assert " 200 (" in line
            server.sandbox.trigger("subscription.paused")
            server.sandbox.trigger("invoice.voided")
            assert " 500 (" in (line := process.stdout.readline())
            assert "again at" in line
            process.send_signal(name)
            _, errors = process.communicate(timeout=20)
            assert (process.returncode, errors) == (0, "\nEnded.\n")
        assert [got.event["type"] for got in receiver.received] == ["customer.created", "invoice.voided"]
        got = receiver.received[0]
        assert verify_signature(got.body, got.headers["paylera-signature"], "whsec_mine")
        assert server.get("/v1/admin/webhook-endpoints").json()["data"] == []

    def test_lines_for_programs(self, server: Api, receiver: Receiver) -> None:
        with self.listening(server, "--forward-to", receiver.url.removeprefix("http://"), "--json") as process:
            server.sandbox._host.wait(lambda: bool(server.get("/v1/admin/webhook-endpoints").json()["data"]), 20)
            event = server.sandbox.trigger("invoice.paid")
            assert json.loads(process.stdout.readline())["event_id"] == event["id"]

    def test_a_sandbox_that_ends(self, receiver: Receiver) -> None:
        with (
            Sandbox() as sandbox,
            closing(Api(sandbox)) as server,
            self.listening(server, "--forward-to", receiver.url) as process,
        ):
            process.stdout.readline()
            sandbox.stop()
            _, errors = process.communicate(timeout=30)
            assert process.returncode == 3
            assert errors.startswith("paylera-sandbox: ")

    def test_a_listener_that_was_killed_is_forgotten(self, tmp_path: Path, receiver: Receiver) -> None:
        """By the next server at the latest; a running one waits a minute."""
        assert LEASE_SECONDS <= 60
        with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as server:
            assert server.client.post("/sandbox/listeners", json={"url": receiver.url}).status_code == 201
        with Sandbox(db=tmp_path / "data.db") as sandbox, closing(Api(sandbox)) as server:
            assert server.get("/v1/admin/webhook-endpoints").json()["data"] == []

    def test_there_is_an_end_to_their_number(self, server: Api) -> None:
        made = [server.client.post("/sandbox/listeners", json={"url": "http://127.0.0.1:1/"}) for _ in range(MOST)]
        assert {answer.status_code for answer in made} == {201}
        problem(server.client.post("/sandbox/listeners", json={"url": "http://127.0.0.1:1/"}), 409, "listener.too_many")
        first = made[0].json()["id"]
        assert server.client.delete(f"/sandbox/listeners/{first}").status_code == 204
        problem(server.client.delete(f"/sandbox/listeners/{first}"), 404, "listener.not_found")
        problem(server.get(f"/sandbox/listeners/{first}/attempts"), 404, "listener.not_found")

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            ([], 2, "--forward-to"),
            (["--forward-to", ""], 4, "url"),
            (["--forward-to", "ftp://x/"], 4, "url"),
            (["--forward-to", "localhost:1/", "--events", "Nonsense"], 4, "events"),
            (["--forward-to", "localhost:1/", "--events", ""], 4, "events"),
            (["--forward-to", "localhost:1/", "--secret", "mine"], 4, "secret"),
        ],
    )
    def test_mistakes(self, shared: Api, arguments: list[str], code: int, words: str) -> None:
        assert words in refused(run("listen", *arguments, url=shared.sandbox.url), code)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def merchant(app: Callable) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


SHOP = """
import os, sys
import django
from django.conf import settings

settings.configure(SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
django.setup()
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import PayleraCustomerIdentity

urlpatterns = [
    path("api/paylera/", include(paylera_relay_urls(
        api_token="pl_test_sandbox", identify=lambda request: PayleraCustomerIdentity()))),
    path("webhooks/paylera/", include(paylera_webhook_urls(signing_secret="whsec_shop", handlers={}))),
]
from wsgiref.simple_server import make_server
with make_server("127.0.0.1", 0, get_wsgi_application()) as http:
    print(http.server_port, flush=True)
    http.serve_forever()
"""


class TestDoctor:
    def test_a_shop_that_is_well(self, server: Api, cli: Cli, tmp_path: Path) -> None:
        import os

        (tmp_path / "shop.py").write_text(SHOP)
        environment = {**os.environ, "PAYLERA_BASE_URL": server.sandbox.url}
        process = subprocess.Popen(
            [sys.executable, "shop.py"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            done = cli("doctor", url, "--secret", "whsec_shop")
            assert "Everything is well." in told(done), done.stdout
            found = cli("doctor", url, "--json", PAYLERA_WEBHOOK_SECRET="whsec_other")
            assert found.returncode == 1
            failed = [entry["check"] for entry in json.loads(found.stdout)["checks"] if not entry["ok"]]
            assert failed == [
                "receiver accepts a right signature",
                "receiver accepts the same event again",
            ]
            assert "secrets differ" in found.stdout
            done = cli("doctor", url, "--secret", "whsec_shop", "--webhook-path", "/webhooks/paylera")
            assert done.returncode == 1
            assert "--webhook-path" in done.stdout
            done = cli("doctor", url, "--no-webhooks", "--relay-path", "/relay")
            assert "--relay-path" in done.stdout
        finally:
            process.terminate()
            process.communicate(timeout=10)

    def test_a_receiver_that_takes_everything(self, cli: Cli) -> None:
        def app(environ, start_response):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("200 OK", [("Content-Length", "2")])
            return [b"ok"]

        with merchant(app) as url:
            found = cli("doctor", url, "--secret", "whsec_x", "--no-relay", "--json")
        assert found.returncode == 1
        failed = {entry["check"] for entry in json.loads(found.stdout)["checks"] if not entry["ok"]}
        assert failed == {
            "receiver refuses a wrong signature",
            "receiver refuses an old signature",
            "receiver refuses no signature",
            "receiver refuses what is signed and no event",
        }
        assert "verify the signature first" in found.stdout

    def test_a_receiver_that_redirects(self, cli: Cli) -> None:
        def app(environ, start_response):
            start_response("301 Moved Permanently", [("Location", "/webhooks/paylera/")])
            return [b""]

        with merchant(app) as url:
            done = cli("doctor", url, "--secret", "whsec_x", "--no-relay", "--webhook-path", "/webhooks/paylera")
        assert done.returncode == 1
        assert "redirects to /webhooks/paylera/" in done.stdout

    def test_nobody_listens(self, cli: Cli) -> None:
        done = cli("doctor", "http://127.0.0.1:1", "--secret", "whsec_x")
        assert done.returncode == 1
        assert "nothing listens" in done.stdout
        assert "start your application" in done.stdout

    def test_no_sandbox(self) -> None:
        done = run("doctor", "http://127.0.0.1:1", "--secret", "whsec_x", "--url", "http://127.0.0.1:2")
        assert done.returncode == 1
        assert "paylera-sandbox serve" in done.stdout

    def test_a_relay_of_another_paylera(self, cli: Cli) -> None:
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"token": "x", "data": [{"id": "plan_other"}]}']

        with merchant(app) as url:
            done = cli("doctor", url, "--no-webhooks")
        assert done.returncode == 1
        assert "another Paylera" in done.stdout

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "URL"),
            (["x"], "URL"),
            (["ftp://x"], "URL"),
            (["http://127.0.0.1:1"], "--secret"),
            (["http://127.0.0.1:1", "--no-webhooks", "--relay-path", "x"], "--relay-path"),
            (["http://127.0.0.1:1", "--secret", "s", "--webhook-path", "x"], "--webhook-path"),
        ],
    )
    def test_mistakes(self, shared: Api, arguments: list[str], words: str) -> None:
        assert words in refused(run("doctor", *arguments, url=shared.sandbox.url), 2)
