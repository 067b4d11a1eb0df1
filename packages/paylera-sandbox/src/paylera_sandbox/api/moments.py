"""Moments in a body: any time is a time, but not every one makes sense."""

from __future__ import annotations

from datetime import timedelta

from paylera_sandbox.clock import stamp
from paylera_sandbox.problems import fault
from paylera_sandbox.unit import Unit

_FAR = timedelta(days=3660)


def expect_near(unit: Unit, field: str, given: str | None) -> str | None:
    """Return a stamp, or refuse one that is more than ten years away."""
    if given is not None and not stamp(unit.now - _FAR) <= given <= stamp(unit.now + _FAR):
        raise fault(field, "timestamp.far_away", f"must be at most ten years from {unit.stamp}")
    return given
