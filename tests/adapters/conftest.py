"""The served sites, each started at most once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.browser import Browser
from adapters.stub import Stub
from conformance.serving import TESTS, free_port, gunicorn, process, require, uvicorn
from conformance.upstream import ScriptedServer, serving

DB, CACHE, COOKIES = (f"django.contrib.sessions.backends.{name}" for name in ("db", "cache", "signed_cookies"))
DJANGO, FASTAPI = "adapters.apps.django_site", "adapters.apps.fastapi_site"
# The standard library's event loop, because it is the one whose making is counted.
LOOP = ("--loop", "asyncio")
SITES = {
    "django-wsgi": (gunicorn, f"{DJANGO}:wsgi", DB, ()),
    "django-wsgi-cache": (gunicorn, f"{DJANGO}:wsgi", CACHE, ()),
    "django-wsgi-cookies": (gunicorn, f"{DJANGO}:wsgi", COOKIES, ()),
    "django-wsgi-second": (gunicorn, f"{DJANGO}:wsgi", DB, ()),
    "django-asgi": (uvicorn, f"{DJANGO}:asgi", DB, LOOP),
    "django-asgi-cookies": (uvicorn, f"{DJANGO}:asgi", COOKIES, LOOP),
    "fastapi": (uvicorn, f"{FASTAPI}:app", "", LOOP),
}


@dataclass(frozen=True)
class Site:
    """A running site, and the Paylera that it calls."""

    name: str
    port: int
    stub: Stub
    journal: Path

    def browser(self, **headers: str) -> Browser:
        """Return a new person's browser."""
        return Browser(self.port, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture(scope="session")
def upstream() -> Iterator[ScriptedServer]:
    """A Paylera with a memory."""
    server = ScriptedServer(Stub())
    with serving(server):
        yield server


@pytest.fixture
def stub(upstream: ScriptedServer) -> Stub:
    """Return Paylera, no call recorded."""
    assert isinstance(upstream.script, Stub)
    upstream.script.reset()
    return upstream.script


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared database, to be copied."""
    path = tmp_path_factory.mktemp("database") / "template.sqlite3"
    needed = {"SITE_DATABASE": str(path), "SITE_SESSIONS": DB, "SITE_JOURNAL": os.devnull, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", DJANGO]
    subprocess.run(command, env=os.environ | needed | {"TEST_UPSTREAM": "http://localhost"}, check=True, timeout=60)
    return path


@pytest.fixture(scope="session")
def started(
    upstream: ScriptedServer, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Site]]:
    """Return a site by its name."""
    with ExitStack() as stack:
        sites: dict[str, Site] = {}

        def start(name: str) -> Site:
            if name not in sites:
                sites[name] = launch(name)
            return sites[name]

        def launch(name: str) -> Site:
            command, app, sessions, more = SITES[name]
            require(command.__name__)
            home, port = tmp_path_factory.mktemp(name), free_port()
            own = shutil.copy(database, home / "db.sqlite3")
            journal = home / "journal"
            journal.touch()
            env = {"SITE_DATABASE": str(own), "SITE_SESSIONS": sessions, "SITE_JOURNAL": str(journal)}
            env |= {"TEST_UPSTREAM": upstream.base_url}
            log = home / "log"
            stack.enter_context(process(command(app, port, *more), port, env=env, log=log, health="/counts"))
            assert isinstance(upstream.script, Stub)
            return Site(name, port, upstream.script, journal)

        yield start


@pytest.fixture
def site(request: pytest.FixtureRequest, started: Callable[[str], Site], stub: Stub) -> Site:
    """Return the site that the test names by `@pytest.mark.parametrize("site", [...], indirect=True)`."""
    found = started(request.param)
    found.journal.write_text("")
    return found
