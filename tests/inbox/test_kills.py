"""Processes are killed with SIGKILL at every step: no effect is lost, doubled or torn, and what is
given up is told (see `support.killing`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.serving import TESTS
from support.postgres import empty

STORES = {
    "django": ("inbox.apps.kills:life", {}),
    "sqlalchemy": ("inbox.apps.stall_kills:life", {"SHOP_ENGINE": "plain"}),
    "sqlalchemy-async": ("inbox.apps.stall_kills:life", {"SHOP_ENGINE": "async"}),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return what SHOP_DATABASE is for an empty database; on the server that others use, nothing is left behind."""
    if request.param == "sqlite":
        yield str(tmp_path / "db")
        return
    port = request.getfixturevalue("postgres")
    empty(port)
    yield str(port)
    empty(port)


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_kills(store: str, name: str) -> None:
    """A few dozen of them here; hundreds by hand."""
    factory, more = STORES[store]
    command = [sys.executable, "-m", "support.killing", factory, "--kills", "24"]
    env = os.environ | {"SHOP_DATABASE": name, "PYTHONPATH": str(TESTS)} | more
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] >= 24
    assert sum(report["states"].values()) == report["events"]
    assert set(report["states"]) == {"done", "quarantined"}
