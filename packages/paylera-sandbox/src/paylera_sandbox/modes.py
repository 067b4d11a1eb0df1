"""Test and live mode: two Payleras side by side. An object of one is refused by the other as such."""

from __future__ import annotations

import re
from collections.abc import Mapping

from paylera_sandbox.namespaces import Namespace
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Store
from paylera_sandbox.tables import RESOURCES

_ID = re.compile(r"[a-z]{2,8}_[0-9a-f]{32}")


def explain(problem: Problem, twin: Namespace | None, *given: Mapping[str, object]) -> Problem:
    """Return 403 `auth.wrong_environment` in place of "not found" if an id among the input is one of the twin's."""
    if twin is None or not problem.code.endswith(".not_found"):
        return problem
    for identifier in (value for values in given for value in values.values() if isinstance(value, str)):
        if _ID.fullmatch(identifier) and _holds(twin.engine.store, identifier):
            detail = f"'{identifier}' is an object of {twin.mode} mode. Use a token of {twin.mode} mode for it."
            return Problem("auth.wrong_environment", detail)
    return problem


def _holds(store: Store, identifier: str) -> bool:
    return any(store.find(table, identifier) is not None for table in RESOURCES)
