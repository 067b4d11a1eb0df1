"""The pytest plugin. Loading it imports nothing of the sandbox; that begins with the first test that asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from paylera_sandbox import Sandbox, Workbench
    from paylera_sandbox.testing.sender import WebhookSender

_TOKEN, _SECRET = "pl_test_sandbox", "whsec_pytest_local_secret"
_RESERVED = pytest.StashKey[socket]()
_ENV = "paylera_sandbox_env"
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini(
        _ENV, "Point PAYLERA_BASE_URL and its kind at the sandbox before any application is imported.", "bool"
    )
    parser.addini("paylera_sandbox_catalogue", "The TOML file with the plans of the tests' sandbox.", "paths")
    parser.addini("paylera_sandbox_webhook_path", "Where the receiver is mounted.", default="/webhooks/paylera/")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment, if the project asks for that: applications are imported soon, and read it then."""
    if not early_config.getini(_ENV):
        return
    reserved = socket(AF_INET, SOCK_STREAM)
    reserved.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    early_config.stash[_RESERVED] = reserved
    early_config.add_cleanup(reserved.close)
    os.environ["PAYLERA_BASE_URL"] = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    os.environ.setdefault("PAYLERA_API_TOKEN", _TOKEN)
    os.environ.setdefault("PAYLERA_WEBHOOK_SECRET", _SECRET)


@pytest.fixture(scope="session")
def paylera_sandbox_server(pytestconfig: pytest.Config) -> Iterator[Sandbox]:
    """Return the one server of this process. Under pytest-xdist, every worker has its own."""
    from paylera_sandbox import Sandbox

    paths = pytestconfig.getini("paylera_sandbox_catalogue")
    reserved = pytestconfig.stash.get(_RESERVED, None)
    with Sandbox(catalogue=paths[0] if paths else None, listener=reserved) as server:
        yield server


@pytest.fixture
def paylera_sandbox(paylera_sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """Return a sandbox that only this test has. The application's own token opens it as long as the test runs, so an
    application that was set up once sees an empty Paylera in every test."""
    server = paylera_sandbox_server
    token = _setting("PAYLERA_API_TOKEN") or _TOKEN
    name = f"test-{next(_numbers)}"
    bench = server.namespace(name)
    values = {"PAYLERA_BASE_URL": server.url, "PAYLERA_API_TOKEN": token}
    _point(monkeypatch, {**values, "PAYLERA_WEBHOOK_SECRET": _setting("PAYLERA_WEBHOOK_SECRET") or _SECRET})
    with server.namespaces.answering(token, name):
        yield bench
    server.delete_namespace(name)


@pytest.fixture
def paylera_webhooks(paylera_sandbox: Workbench, pytestconfig: pytest.Config) -> WebhookSender:
    """Return a sender of correctly signed events."""
    from paylera_sandbox.testing.sender import WebhookSender

    path = str(pytestconfig.getini("paylera_sandbox_webhook_path"))
    return WebhookSender(paylera_sandbox, secret=_setting("PAYLERA_WEBHOOK_SECRET") or _SECRET, path=path)


def _setting(name: str) -> str | None:
    """Return what the application is set to, in Django's settings or the environment; live mode is never taken."""
    for value in (getattr(_django_settings(), name, None), os.environ.get(name)):
        if isinstance(value, str) and value.strip() and "_live_" not in value:
            return value
    return None


def _point(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    settings = _django_settings()
    for name, value in values.items():
        monkeypatch.setenv(name, value)
        if settings is not None and hasattr(settings, name):
            monkeypatch.setattr(settings, name, value)


def _django_settings() -> Any:
    """Return Django's settings if the project under test has any."""
    conf = sys.modules.get("django.conf")
    return conf.settings if conf is not None and conf.settings.configured else None
