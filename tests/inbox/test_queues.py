"""Shops behind real queues: Celery on a Redis broker, Django's task framework, background tasks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from celery import Celery

from support.postgres import empty
from support.redis import RedisServer, running_redis

from .shops import PATIENCE, Shop, Stall, eventually, new_shop, serving

KILLS = int(os.environ.get("QUEUE_KILLS", "2"))
JOBS = [(f"evt_{number:02}", f"inv_{number % 3}", number) for number in range(12)]


@pytest.fixture
def broker() -> Iterator[RedisServer]:
    """Return a Redis that may be stopped."""
    with running_redis() as server:
        yield server


@pytest.fixture
def shop(broker: RedisServer, tmp_path: Path) -> Shop:
    """Return a Django shop on SQLite that gives its work to Celery."""
    return celery_shop(str(tmp_path / "db.sqlite3"), broker, tmp_path)


def celery_shop(database: str, broker: RedisServer, tmp_path: Path) -> Shop:
    """Return a Django shop whose leases are short."""
    env = {"SHOP_ENQUEUE": "celery", "SHOP_BROKER": broker.url, "SHOP_GATE": str(tmp_path), "SHOP_LEASE": "2"}
    return new_shop(database, tmp_path, **env)


@pytest.fixture
def database(postgres: int) -> Iterator[str]:
    """Return an empty PostgreSQL database, where a slow handler keeps nobody from storing."""
    empty(postgres)
    yield str(postgres)
    empty(postgres)


@contextmanager
def celery(shop: Shop, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery worker until the block ends; it and what it forked are a process group of their own."""
    command = [sys.executable, "-m", "celery", "-A", f"{shop.module}:celery", "worker", "--loglevel", "WARNING",
               "--without-gossip", "--without-mingle", *(more or ("--pool", "solo"))]  # fmt: skip
    log = shop.log.parent / "celery.log"
    with log.open("ab") as output:
        child = subprocess.Popen(command, env=shop.environment(), stdout=output, stderr=output, start_new_session=True)
    try:
        yield child
        assert child.poll() in (None, -signal.SIGKILL), log.read_text()[-4000:]
    finally:
        kill(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a worker and its pool, with no time to put anything in order."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(PATIENCE)


def message(broker: RedisServer, task: str, *args: str) -> None:
    """Send a message as a queue might deliver it: once more, or late."""
    with Celery("outside", broker=broker.url) as app:
        app.send_task(task, args, ignore_result=True)


def wait_for(path: Path) -> str:
    """Return what another process writes."""
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return path.read_text()


def wait_for_text(path: Path, text: str) -> None:
    """Wait until another process has written it."""
    end = time.monotonic() + PATIENCE
    while text not in path.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert text in path.read_text()


def deliver_all(shop: Shop) -> None:
    """Every event twice."""
    for event_id, aggregate, minute in JOBS:
        for _ in range(2):
            assert shop.deliver(event_id, aggregate=aggregate, minute=minute) == 200


IMMEDIATE = (
    "django.tasks.backends.immediate.ImmediateBackend"
    if find_spec("django.tasks")
    else "django_tasks.backends.immediate.ImmediateBackend"
)
HOSTS = [
    pytest.param("gunicorn", {"SHOP_ATOMIC": "1"}, ("--pool", "prefork", "--concurrency", "2"), id="wsgi-prefork"),
    pytest.param("uvicorn", {"SHOP_ASYNC": "1"}, ("--pool", "threads", "--concurrency", "2"), id="asgi-threads"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("server", "env", "pool"), HOSTS)
def test_celery_does_the_work(
    shop: Shop, broker: RedisServer, server: str, env: dict[str, str], pool: tuple[str, ...]
) -> None:
    """Acknowledged when stored, whoever works; doubled messages, and some for nobody, do no harm."""
    shop.env |= env
    with serving(shop, server):
        deliver_all(shop)
        assert shop.effects() == []
        for _, aggregate, _ in JOBS:
            message(broker, "paylera.process_lane", f"invoice:{aggregate}")
        message(broker, "paylera.process_lane", "nobody:1")
        with celery(shop, *pool):
            found = eventually(shop, len(JOBS))
            assert sorted(found) == [job[0] for job in JOBS]
            for lane in range(3):
                mine = [one for one in found if int(one.removeprefix("evt_")) % 3 == lane]
                assert mine == sorted(mine)
    assert shop.counts() == {"done": len(JOBS)}


@pytest.mark.slow
def test_a_dead_broker_loses_nothing(shop: Shop, broker: RedisServer) -> None:
    """The answer is 200 as before: the worker command finds the rows, or a scheduled sweep once the broker is back."""
    with serving(shop, "gunicorn"):
        broker.stop()
        assert [shop.deliver("evt_1"), shop.deliver("evt_2", aggregate="inv_2")] == [200, 200]
        assert "the queue did not take invoice:inv_1" in shop.log.read_text()
        assert shop.manage("paylera_inbox", "process", "--once").stdout == "2 handled\n"
        assert shop.deliver("evt_3") == 200
        broker.start()  # and it has forgotten what it knew
        with celery(shop):
            message(broker, "paylera.sweep")
            assert eventually(shop, 3) == ["evt_1", "evt_2", "evt_3"]
            assert shop.deliver("evt_4") == 200  # the connection that broke is made anew
            assert len(eventually(shop, 4)) == 4


@pytest.mark.slow
@pytest.mark.timeout(550)
@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_workers_that_are_killed_in_a_handler_lose_nothing(
    broker: RedisServer, tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    """When the lease is over, a sweep runs the handlers again; what the killed ones did is rolled back."""
    file = str(tmp_path / "db.sqlite3")
    shop = celery_shop(file if where == "sqlite" else request.getfixturevalue("database"), broker, tmp_path)
    cut = [f"evt_cut_{number}" for number in range(KILLS)]
    with serving(shop, "gunicorn"):
        for number, event_id in enumerate(cut):
            with celery(shop) as child:
                assert shop.deliver(event_id, aggregate=f"block_{number}") == 200
                assert int(wait_for(tmp_path / "pid")) == child.pid
                kill(child)
            (tmp_path / "pid").unlink()
        with celery(shop):
            assert shop.deliver("evt_other", aggregate="inv_2") == 200
            assert eventually(shop, 1) == ["evt_other"]
            (tmp_path / "open").touch()
            end = time.monotonic() + PATIENCE
            while len(shop.effects()) < KILLS + 1 and time.monotonic() < end:
                message(broker, "paylera.sweep")  # as a schedule does
                time.sleep(0.2)
        assert sorted(shop.effects()) == sorted([*cut, "evt_other"])
    assert shop.counts() == {"done": KILLS + 1}


LIMITED = [("shop", {}), ("shop", {"SHOP_ASYNC": "1"}), ("stall", {})]


@pytest.mark.slow
@pytest.mark.parametrize(("host", "env"), LIMITED, ids=["django-def", "django-async", "fastapi-async"])
def test_a_soft_time_limit_is_a_failed_attempt(
    broker: RedisServer, tmp_path: Path, host: str, env: dict[str, str]
) -> None:
    """Long before the lease is over; what was done is rolled back, and the same worker tries again."""
    env = env | {"SHOP_ENQUEUE": "celery", "SHOP_BROKER": broker.url, "SHOP_GATE": str(tmp_path), "SHOP_LIMIT": "3"}
    database = str(tmp_path / "db.sqlite3")
    is_django = host == "shop"
    shop = (
        new_shop(database, tmp_path, **env)
        if is_django
        else Stall(env | {"SHOP_DATABASE": database}, tmp_path / "log", module="inbox.apps.stall")
    )
    server = ("gunicorn",) if is_django else ("uvicorn", "--lifespan", "on")
    with serving(shop, *server), celery(shop, "--pool", "prefork", "--concurrency", "1"):
        assert shop.deliver("evt_1", aggregate="block_1") == 200
        first = wait_for(tmp_path / "pid")
        end = time.monotonic() + PATIENCE
        while shop.counts() != {"failed": 1} and time.monotonic() < end:
            time.sleep(0.1)
        assert (shop.counts(), shop.effects()) == ({"failed": 1}, [])
        (tmp_path / "pid").unlink()
        (tmp_path / "open").touch()
        assert shop.deliver("evt_1", aggregate="block_1") == 200  # due again at once
        assert eventually(shop, 1) == ["evt_1"]
        assert wait_for(tmp_path / "pid") == first
    assert shop.counts() == {"done": 1}


@pytest.mark.slow
def test_celery_drives_an_async_inbox(broker: RedisServer, tmp_path: Path) -> None:
    """All of a worker's tasks are on one loop, as its engine's connections are."""
    env = {"SHOP_DATABASE": str(tmp_path / "db.sqlite3"), "SHOP_ENQUEUE": "celery", "SHOP_BROKER": broker.url}
    stall = Shop(env, tmp_path / "stall.log", module="inbox.apps.stall")
    with serving(stall, "uvicorn", "--lifespan", "on"):
        deliver_all(stall)
        with celery(stall, "--pool", "threads", "--concurrency", "2"):
            assert sorted(eventually(stall, len(JOBS))) == [job[0] for job in JOBS]


@pytest.mark.parametrize("engine", ["plain", "async"])
def test_background_tasks_do_the_work(tmp_path: Path, engine: str) -> None:
    """In the process that received the event, after the answer."""
    env = {"SHOP_DATABASE": str(tmp_path / "db.sqlite3"), "SHOP_ENQUEUE": "background", "SHOP_ENGINE": engine}
    env |= {"SHOP_GATE": str(tmp_path)}
    stall = Shop(env, tmp_path / "stall.log", module="inbox.apps.stall")
    with serving(stall, "uvicorn", "--lifespan", "on"):
        deliver_all(stall)
        assert stall.deliver("evt_bad", aggregate="fail_1") == 200
        assert sorted(eventually(stall, len(JOBS))) == [job[0] for job in JOBS]


@pytest.mark.parametrize("engine", ["plain", "async"])
def test_a_server_that_stops_finishes_what_it_is_at(database: str, tmp_path: Path, engine: str) -> None:
    """And begins nothing more: the worker finds the rest."""
    stall = stopping(database, tmp_path, SHOP_ENGINE=engine)
    with serving(stall, "uvicorn", "--lifespan", "on", "--log-level", "info"):
        block_and_stop(stall, tmp_path)
        (tmp_path / "open").touch()
    assert stall.counts() == {"received": 1, "done": 1}
    assert stall.manage("paylera_inbox", "process", "--once").stdout == "1 handled\n"


def test_a_server_that_stops_does_not_wait_for_ever(database: str, tmp_path: Path) -> None:
    """What is cut is rolled back, and handled again when its lease is over."""
    stall = stopping(database, tmp_path, SHOP_GRACE="0.1", SHOP_LEASE="1")
    with serving(stall, "uvicorn", "--lifespan", "on", "--log-level", "info"):
        block_and_stop(stall, tmp_path)
        wait_for_text(stall.log, "Finished server process")
    assert "took longer than the 0.1 s of grace" in stall.log.read_text()
    assert stall.counts() == {"received": 1, "processing": 1}
    (tmp_path / "open").touch()
    end = time.monotonic() + PATIENCE
    while stall.counts() != {"done": 2} and time.monotonic() < end:  # until its lease is over
        assert stall.manage("paylera_inbox", "process", "--once").returncode == 0
    with serving(stall, "uvicorn", "--lifespan", "on"):
        assert stall.effects() == ["evt_1", "evt_2"]


def stopping(database: str, home: Path, **env: str) -> Shop:
    """Return a FastAPI shop that gives its work to its own tasks, two at once."""
    env |= {"SHOP_DATABASE": database, "SHOP_ENQUEUE": "background", "SHOP_GATE": str(home)}
    return Stall(env, home / "stall.log", module="inbox.apps.stall")


def block_and_stop(stall: Shop, home: Path) -> None:
    """Deliver an event that is being handled and one that waits behind it; then tell the server to stop."""
    assert stall.deliver("evt_1", aggregate="block_1") == 200
    server = int(wait_for(home / "pid"))
    assert stall.deliver("evt_2", aggregate="block_1", minute=1) == 200
    os.kill(server, signal.SIGTERM)
    wait_for_text(stall.log, "Waiting for application shutdown")


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_djangos_tasks_at_once(tmp_path: Path, server: str) -> None:
    """The immediate backend handles the event before the answer; what fails is the record's business."""
    env = {"SHOP_ENQUEUE": "django_task", "SHOP_TASKS": IMMEDIATE, "SHOP_ATOMIC": "1"}
    shop = new_shop(str(tmp_path / "db.sqlite3"), tmp_path, **env)
    with serving(shop, server):
        assert [shop.deliver("evt_1"), shop.deliver("evt_1"), shop.deliver("evt_bad", aggregate="fail_1")] == [200] * 3
        assert shop.effects() == ["evt_1"]
    assert shop.counts() == {"done": 1, "failed": 1}


@pytest.mark.slow
def test_djangos_tasks_in_the_database(tmp_path: Path) -> None:
    """Its worker handles what is stored; one that is killed leaves it to ours."""
    env = {"SHOP_ENQUEUE": "django_task", "SHOP_TASKS": "django_tasks_db.DatabaseBackend", "SHOP_LEASE": "1"}
    shop = new_shop(str(tmp_path / "db.sqlite3"), tmp_path, **env, SHOP_GATE=str(tmp_path))
    with serving(shop, "gunicorn"):
        deliver_all(shop)
        assert shop.effects() == []
        worked = shop.manage("db_worker", "--batch", "--no-startup-delay")
        assert worked.returncode == 0, worked.stderr
        assert sorted(shop.effects()) == [job[0] for job in JOBS]
        assert shop.deliver("evt_killed", aggregate="block_1") == 200
        child = subprocess.Popen(
            shop.command("db_worker", "--batch", "--no-startup-delay"), env=shop.environment(), start_new_session=True
        )
        wait_for(tmp_path / "pid")
        kill(child)
        (tmp_path / "open").touch()
        while "evt_killed" not in shop.effects():  # until its lease is over
            assert shop.manage("paylera_inbox", "process", "--once").returncode == 0
    assert shop.counts() == {"done": len(JOBS) + 1}
