"""Faults on demand: those that are in force, and ways to add more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paylera_sandbox.faults.actions import ACTIONS
from paylera_sandbox.faults.specs import rules_of
from paylera_sandbox.pages.acting import command, given
from paylera_sandbox.pages.endpoint import Answer, Errand, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import public

_HOME = "/console/faults"
# What is wanted most, by one click.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "The next request fails with 503": {"action": "error", "status": 503, "times": 1},
    "The next answer is lost, its work is done": {"action": "reset_after_commit", "times": 1},
    "The next three requests are one too many (429)": {"action": "rate_limit", "times": 3},
    "Every request takes two seconds more": {"action": "latency", "milliseconds": 2000},
    "One request in ten fails": {"action": "error", "probability": 0.1, "seed": 1},
    "The next webhook comes twice": {"action": "webhook_duplicate", "times": 1},
    "The next webhook is badly signed": {"action": "webhook_bad_signature", "times": 1},
    "The next webhook never comes": {"action": "webhook_drop", "times": 1},
    "The next charge is declined": {"action": "decline", "times": 1},
}
_NUMBERS = {"skip", "times", "seed", "milliseconds", "seconds", "retry_after", "status"}
_SCHEDULE = ("skip", "times", "probability", "seed")


def show(visit: Visit) -> Answer:
    """Show the faults, and the form of the action that was chosen."""
    chosen = visit.query.get("action", "")
    rules = rules_of(chosen) if chosen in ACTIONS else {}
    values = {
        "here": "faults",
        "faults": [public(fault) for fault in visit.unit.store.newest("faults")],
        "presets": PRESETS,
        "actions": ACTIONS,
        "chosen": chosen if rules else None,
        "fields": {name: rule.default for name, rule in rules.items() if name != "action"},
        "schedule": _SCHEDULE,
    }
    return Page("console/faults.html", values)


async def add(errand: Errand) -> Answer:
    """Add a fault: a preset, or what the form says."""
    names = ["action", *(rules_of(errand.form["action"]) if errand.form.get("action") in ACTIONS else ())]
    preset = PRESETS.get(errand.form.get("preset", ""))
    await command(errand, "POST", "/sandbox/faults", dict(preset) if preset else _read(errand, names))
    return Redirect(_HOME)


def _read(errand: Errand, names: list[str]) -> Doc:
    """Read the form: what is to be a number comes as its digits."""
    found = given(errand, *names)
    digits = {name: int(found[name]) for name in _NUMBERS & found.keys() if re.fullmatch(r"[0-9]{1,18}", found[name])}
    return {**found, **digits}


async def remove(errand: Errand) -> Answer:
    """Remove a fault."""
    await command(errand, "DELETE", "/sandbox/faults/{id}", id=errand.ids["id"])
    return Redirect(_HOME)


async def clear(errand: Errand) -> Answer:
    """Remove all faults."""
    await command(errand, "DELETE", "/sandbox/faults")
    return Redirect(_HOME)
