"""Processes are killed with SIGKILL at every step: no effect is lost, doubled or torn (see `support.killing`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.serving import TESTS

STORES = {
    "django": ("inbox.apps.kills:life", {}),
    "sqlalchemy": ("inbox.apps.stall_kills:life", {"SHOP_ENGINE": "plain"}),
    "sqlalchemy-async": ("inbox.apps.stall_kills:life", {"SHOP_ENGINE": "async"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("store", STORES)
def test_kills(store: str, database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A few dozen of them here; hundreds by hand."""
    name = str(tmp_path / "db") if database == "sqlite" else str(request.getfixturevalue("postgres"))
    factory, more = STORES[store]
    command = [sys.executable, "-m", "support.killing", factory, "--kills", "24"]
    env = os.environ | {"SHOP_DATABASE": name, "PYTHONPATH": str(TESTS)} | more
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] >= 24
    assert report["states"] == {"done": report["events"]}
