"""A shop with an inbox on real servers and real databases: its answers, its worker, its commands, its checks."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paylera import PayleraClient
from paylera_sandbox import Sandbox

from .shops import PATIENCE, Shop, eventually, handles_once, new_shop, serving, worker, works_through


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Return an empty shop on either database."""
    if request.param == "sqlite":
        yield new_shop(str(tmp_path / "db.sqlite3"), tmp_path)
        return
    shop = new_shop(str(request.getfixturevalue("postgres")), tmp_path)
    yield shop
    shop.manage("flush", "--noinput")


HOSTS = [
    pytest.param("gunicorn", {"SHOP_ATOMIC": "1"}, id="wsgi-atomic"),
    pytest.param("gunicorn", {}, id="wsgi"),
    pytest.param("gunicorn", {"SHOP_ASYNC": "1", "SHOP_ATOMIC": "1"}, id="wsgi-async-atomic"),
    pytest.param("uvicorn", {"SHOP_ATOMIC": "1"}, id="asgi-atomic"),
    pytest.param("uvicorn", {"SHOP_ASYNC": "1"}, id="asgi-async"),
    pytest.param("uvicorn", {"SHOP_ASYNC": "1", "SHOP_ATOMIC": "1"}, id="asgi-async-atomic"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("server", "env"), HOSTS)
def test_in_the_request(new: Shop, server: str, env: dict[str, str]) -> None:
    """Handled once, however many deliver it at once; a failure leaves its record and nothing else."""
    new.env |= env
    workers = ("--workers", "2")
    with serving(new, server, *workers):
        handles_once(new)


@pytest.mark.slow
@pytest.mark.parametrize("env", [{}, {"SHOP_ASYNC": "1"}], ids=["def", "async"])
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_behind_the_worker(new: Shop, server: str, env: dict[str, str]) -> None:
    """Acknowledged when stored; two workers share the work, and each effect is there once, in the order of its lane."""
    new.env |= {"SHOP_ENQUEUE": "1", **env}
    with serving(new, server):
        works_through(new)


def test_a_worker_that_is_told_to_stop_ends_well(new: Shop) -> None:
    """With what it did; SIGKILL needs no word."""
    new.env["SHOP_ENQUEUE"] = "1"
    with serving(new, "gunicorn"):
        assert new.deliver("evt_1") == 200
        with worker(new) as child:
            eventually(new, 1)
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE) == 0
    assert (new.log.parent / "worker.log").read_text().endswith("1 handled\n")


def test_what_a_handler_wants_on_commit_comes_after_the_commit(new: Shop) -> None:
    """And not at all if it failed."""
    new.env |= {"SHOP_ENQUEUE": "1", "SHOP_LOG": "INFO"}
    with serving(new, "gunicorn"):
        assert [new.deliver("evt_1"), new.deliver("evt_bad", aggregate="fail_1")] == [200, 200]
    done = new.manage("paylera_inbox", "process", "--once")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("committed")] == [
        "committed evt_1 in_atomic=False"
    ]


@pytest.mark.slow
def test_senders_that_hang_up_leave_no_connections_behind(new: Shop, tmp_path: Path) -> None:
    """Their events are handled all the same, on threads that nobody but us knows under ASGI."""
    if not (port := new.env["SHOP_DATABASE"]).isdigit():
        pytest.skip("a file has no server that counts")
    new.env["SHOP_GATE"] = str(tmp_path)
    events = [f"evt_{n:02}" for n in range(12)]
    with serving(new, "uvicorn"), psycopg.connect(f"host=127.0.0.1 port={port} user=postgres", autocommit=True) as ours:
        for event in events:
            new.deliver_and_leave(event, aggregate=f"block {event}")
        (tmp_path / "open").touch()
        assert sorted(eventually(new, len(events))) == events
        count, end = 99, time.monotonic() + PATIENCE
        while count > 3 and time.monotonic() < end:
            time.sleep(0.1)  # the last of them are still at their end
            sql = "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
            count = ours.execute(sql).fetchone()[0]  # type: ignore[index]
        assert count <= 3


@pytest.mark.slow
def test_the_worker_outlives_a_restart_of_its_database(new: Shop) -> None:
    """Its connection is made anew."""
    if not new.env["SHOP_DATABASE"].isdigit():
        pytest.skip("a file does not restart")
    new.env["SHOP_ENQUEUE"] = "1"
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    with serving(new, "gunicorn"), worker(new) as child:
        assert new.deliver("evt_1") == 200
        assert eventually(new, 1) == ["evt_1"]
        ended = new.manage("shell", "-c", f'from django.db import connection as c; c.cursor().execute("{end}")')
        assert ended.returncode == 0, ended.stderr
        assert new.deliver("evt_2", minute=1) in (200, 500, 503)
        assert new.deliver("evt_2", minute=1) == 200
        assert eventually(new, 2) == ["evt_1", "evt_2"]
        assert child.poll() is None


def test_the_commands(new: Shop) -> None:
    """What each says, and how it ends."""
    with serving(new, "gunicorn"):
        assert [new.deliver("evt_1"), new.deliver("evt_bad", aggregate="fail_1")] == [200, 500]
    stats = new.manage("paylera_inbox", "stats")
    assert "done        1" in stats.stdout.splitlines()
    assert "secret 1 last signed an event at " in stats.stdout
    replayed = new.manage("paylera_inbox", "replay", "--state", "failed")
    assert (replayed.returncode, replayed.stdout.split(";")[0]) == (0, "1 to be handled again")
    assert new.counts() == {"done": 1, "failed": 1}
    nothing = new.manage("paylera_inbox", "replay")
    assert (nothing.returncode, nothing.stdout[:20]) == (2, "name what to replay:")
    assert new.manage("paylera_inbox", "prune", "--older-than", "1h").stdout == "0 deleted\n"
    assert new.manage("paylera_inbox", "prune", "--older-than", "0s").stdout == "1 deleted\n"
    assert new.manage("paylera_inbox", "reconcile").returncode == 2
    assert new.manage("paylera_inbox").returncode != 0
    wrong = new.manage("paylera_inbox", "stats", SHOP_INBOX="inbox.apps.shop.on")
    assert wrong.returncode == 1
    assert "is no paylera_django.inbox.Inbox but WebhookHandlers" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.slow
def test_reconcile_pulls_what_the_real_sandbox_could_not_deliver(tmp_path: Path) -> None:
    """The exit status says whether anything was missing; afterwards nothing is."""
    with Sandbox() as sandbox:
        shop = new_shop(str(tmp_path / "db.sqlite3"), tmp_path, SHOP_API=sandbox.url)
        with PayleraClient(api_token=sandbox.token, base_url=sandbox.url) as paylera:
            paylera.create_webhook_endpoint(url="http://127.0.0.1:9/nobody-is-there", events=["*"])
            for number in range(3):
                paylera.create_customer(email=f"c{number}@example.com")
        first = shop.manage("paylera_inbox", "reconcile", "--since", "1h")
        assert first.returncode == 1, first.stderr
        assert len([line for line in first.stdout.splitlines() if line.startswith("pulled evt_")]) >= 3
        assert "missing" in first.stdout
        assert shop.counts()["done"] >= 3
        assert json.loads(shop.manage("paylera_inbox", "stats", "--json").stdout)["secrets"] == {}
        second = shop.manage("paylera_inbox", "reconcile", "--since", "1h")
        assert (second.returncode, second.stdout.rstrip().endswith("all there")) == (0, True), second.stdout


CHECKS = [
    ({"SHOP_INBOX": ""}, "paylera.W001", "the setting PAYLERA_INBOX is missing"),
    ({"SHOP_INBOX": "no.such.thing"}, "paylera.E001", "'no.such.thing' cannot be imported"),
    ({"SHOP_INBOX": "inbox.apps.shop.on"}, "paylera.E001", "is no paylera_django.inbox.Inbox"),
    ({"SHOP_NO_TZ": "1"}, "paylera.E002", "USE_TZ = True"),
    ({"SHOP_DEFERRED": "1"}, "paylera.W002", "transaction_mode"),
]


@pytest.mark.parametrize(("env", "code", "words"), CHECKS)
def test_the_checks(tmp_path: Path, env: dict[str, str], code: str, words: str) -> None:
    """What is wrong is told by `manage.py check`, with what to do."""
    shop = Shop({"SHOP_DATABASE": str(tmp_path / "db.sqlite3"), **env}, tmp_path / "log")
    found = shop.manage("check", "--fail-level", "WARNING")
    assert found.returncode == 1
    assert code in found.stderr
    assert words in found.stderr


def test_a_sound_shop_has_nothing_to_be_told(tmp_path: Path) -> None:
    """Before the migration its tables are missing, and a command says so."""
    shop = Shop({"SHOP_DATABASE": str(tmp_path / "db.sqlite3")}, tmp_path / "log")
    assert shop.manage("check", "--fail-level", "WARNING").returncode == 0
    deploy = shop.manage("check", "--deploy", "--database", "default")
    assert "paylera.E003" in deploy.stderr
    assert "manage.py migrate --database default" in deploy.stderr
    command = shop.manage("paylera_inbox", "stats")
    assert (command.returncode, "run: manage.py migrate --database default" in command.stderr) == (1, True)
    assert "Traceback" not in command.stderr
    assert shop.manage("migrate", "-v", "0").returncode == 0
    assert "paylera.E003" not in shop.manage("check", "--deploy", "--database", "default").stderr
    complete = shop.manage("makemigrations", "--check", "--dry-run")
    assert complete.returncode == 0, complete.stdout
