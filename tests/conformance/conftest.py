"""The hosts of the suite: two in process, three behind real servers, all started at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from conformance import runner
from conformance.cases import Case
from conformance.hosts import Host, Served, cores
from conformance.serving import free_port, gunicorn, process, require, uvicorn
from conformance.upstream import BASE_PATH, Script, ScriptedServer, serving

SERVERS = {
    "django-wsgi": (gunicorn, "conformance.apps.django_app:wsgi"),
    "django-asgi": (uvicorn, "conformance.apps.django_app:asgi"),
    "fastapi": (uvicorn, "conformance.apps.fastapi_app:app"),
}
CORES = ("core", "core-async")
MORE_SERVERS = {"fastapi-h11": (uvicorn, "conformance.apps.fastapi_app:app", "--http", "h11")}


@pytest.fixture(scope="session")
def upstream() -> Iterator[ScriptedServer]:
    """Paylera, scripted, over HTTP."""
    server = ScriptedServer(Script())
    with serving(server):
        yield server
        server.hanging.set()


@pytest.fixture(scope="session")
def host_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Host]]:
    """Return a host by its name; started when it is first asked for, stopped at the end."""
    with ExitStack() as stack:
        hosts: dict[str, Host] = {}

        def started(name: str) -> Host:
            if name not in hosts:
                found = stack.enter_context(cores()) if name in CORES else [serve(name)]
                hosts.update({host.name: host for host in found})
            return hosts[name]

        def serve(name: str) -> Host:
            command, app, *more = (SERVERS | MORE_SERVERS)[name]
            require(command.__name__)
            upstream: ScriptedServer = request.getfixturevalue("upstream")
            env = {"TEST_UPSTREAM": upstream.base_url, "TEST_NOBODY": f"http://127.0.0.1:{free_port()}{BASE_PATH}"}
            log = tmp_path_factory.mktemp("hosts") / f"{name}.log"
            port = free_port()
            stack.enter_context(process(command(app, port, *more), port, env=env, log=log, health="/debug/drain"))
            served = Served(name, upstream.script, port)
            stack.callback(served.close)
            return served

        yield started


Runs = Callable[[str, Case], runner.Run]


def _runs(host_of: Callable[[str], Host], kind: str) -> Runs:
    # A case runs once on a host: relays remember customers and owners, so a second run would be another case.
    done: dict[tuple[str, Case | str], runner.Run] = {}

    def run(host: str, case: Case) -> runner.Run:
        key = (host, str(case))
        if key not in done:
            done[key] = runner.run(host_of(host), case, kind)
        return done[key]

    return run


@pytest.fixture(scope="session")
def relay_run(host_of: Callable[[str], Host]) -> Runs:
    """Run a relay case on a host."""
    return _runs(host_of, "relay")


@pytest.fixture(scope="session")
def webhook_run(host_of: Callable[[str], Host]) -> Runs:
    """Run a webhook case on a host."""
    return _runs(host_of, "webhooks")
