"""What a machine may lack: its tests skip with the reason, or fail where PAYLERA_REQUIRE says that it must be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(what: str, reason: str) -> NoReturn:
    """Skip the test, or fail it if PAYLERA_REQUIRE (a comma-separated list) names `what`."""
    if what in os.environ.get("PAYLERA_REQUIRE", "").split(","):
        pytest.fail(f"PAYLERA_REQUIRE names {what}: {reason}")
    pytest.skip(reason)
