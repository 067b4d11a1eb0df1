"""A FastAPI shop with an inbox on a real server and real databases: its answers, its worker, its commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from paylera import PayleraClient
from paylera_sandbox import Sandbox

from .shops import STALL, Stall, handles_once, serving, works_through


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stall]:
    """Return an empty shop on either database."""
    log = tmp_path / "stall.log"
    if request.param == "sqlite":
        yield Stall({"SHOP_DATABASE": str(tmp_path / "db.sqlite3")}, log, module=STALL)
        return
    port = request.getfixturevalue("postgres")
    yield Stall({"SHOP_DATABASE": str(port)}, log, module=STALL)
    engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
    with engine.begin() as connection:
        for table in ("paylera_inbox_event", "paylera_inbox_lane", "paylera_inbox_claim", "effects"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    engine.dispose()


@contextmanager
def served(stall: Stall) -> Iterator[Stall]:
    """Serve a shop; its lifespan makes the tables."""
    with serving(stall, "uvicorn", "--lifespan", "on"):
        yield stall


@pytest.mark.parametrize("engine", ["plain", "async"])
def test_in_the_request(new: Stall, engine: str) -> None:
    """Handled once, however many deliver it at once; a failure leaves its record and nothing else."""
    new.env["SHOP_ENGINE"] = engine
    with served(new):
        handles_once(new)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["plain", "async"])
def test_behind_the_worker(new: Stall, engine: str) -> None:
    """Acknowledged when stored; two workers share the work, and each effect is there once, in the order of its lane."""
    new.env |= {"SHOP_ENQUEUE": "1", "SHOP_ENGINE": engine}
    with served(new):
        works_through(new)


def test_the_commands(new: Stall) -> None:
    """What each says, and how it ends."""
    with served(new):
        assert [new.deliver("evt_1"), new.deliver("evt_bad", aggregate="fail_1")] == [200, 500]
    assert "secret 1 last signed an event at " in new.manage("paylera_inbox", "stats").stdout
    replayed = new.manage("paylera_inbox", "replay", "--state", "failed")
    assert (replayed.returncode, replayed.stdout.split(";")[0]) == (0, "1 to be handled again")
    assert new.manage("paylera_inbox", "prune", "--older-than", "0s").stdout == "1 deleted\n"
    assert new.manage("paylera_inbox", "reconcile").returncode == 2


WRONG = [
    ("no.such:inbox", "cannot be imported"),
    (f"{STALL}:nothing", "cannot be imported"),
    ("nocolon", "cannot be imported"),
    (f"{STALL}:on", "is a WebhookHandlers, not a paylera_fastapi.inbox.Inbox"),
]


@pytest.mark.parametrize(("where", "words"), WRONG)
def test_a_wrong_inbox_is_told(tmp_path: Path, where: str, words: str) -> None:
    """In a line, with exit status 2."""
    stall = Stall({"SHOP_DATABASE": str(tmp_path / "db.sqlite3")}, tmp_path / "log", module=STALL)
    command = [sys.executable, "-m", "paylera_fastapi.inbox", where, "stats"]
    told = subprocess.run(command, env=stall.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_missing_tables_are_told(tmp_path: Path) -> None:
    """In two lines that say how to make them, with exit status 2: also by the worker, which would go on in vain."""
    stall = Stall({"SHOP_DATABASE": str(tmp_path / "db.sqlite3")}, tmp_path / "log", module=STALL)
    for arguments in (("stats",), ("process", "--once")):
        told = stall.manage("paylera_inbox", *arguments)
        assert told.returncode == 2
        assert "paylera_inbox_event" in told.stderr
        assert "create_tables()" in told.stderr
        assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_reconcile_pulls_what_the_real_sandbox_could_not_deliver(tmp_path: Path) -> None:
    """The exit status says whether anything was missing; afterwards nothing is."""
    with Sandbox() as sandbox:
        stall = Stall(
            {"SHOP_DATABASE": str(tmp_path / "db.sqlite3"), "SHOP_API": sandbox.url}, tmp_path / "log", module=STALL
        )
        with PayleraClient(api_token=sandbox.token, base_url=sandbox.url) as paylera:
            paylera.create_webhook_endpoint(url="http://127.0.0.1:9/nobody-is-there", events=["*"])
            paylera.create_customer(email="ada@example.com")
        with served(stall):
            first = stall.manage("paylera_inbox", "reconcile", "--since", "1h")
            assert first.returncode == 1, first.stderr
            assert "missing" in first.stdout
            second = stall.manage("paylera_inbox", "reconcile", "--since", "1h")
            assert (second.returncode, second.stdout.rstrip().endswith("all there")) == (0, True), second.stdout
