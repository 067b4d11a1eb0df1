"""Rate limits: how much a tenant may ask for in any one second, by class of call. Source: the documentation's page on
rate limits. Everything is counted and told; only a sandbox that is asked to refuses what is too much.

Time is the machine's, not the sandbox's: these limits protect a server, and that one runs in real time.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from paylera_sandbox.operations import Operation
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc

WINDOW_SECONDS = 1.0
TEST_MODE_SHARE = 10  # test mode has a tenth of live mode
# Class of call -> how many in a second, in live mode.
DOCUMENTED: Mapping[str, int] = {"reads": 1000, "writes": 200, "money": 100, "usage": 5000, "admin": 50}
# How a path ends -> the class, where it is not that of the method. The first that fits counts.
_ENDINGS: Mapping[str, str] = {
    "/check": "reads",
    "/track": "usage",
    "/usage": "usage",
    "/usage/batch": "usage",
    "/attach": "money",
    "/change-plan": "money",
    "/pay": "money",
    "/refunds": "money",
    "/credits": "money",
    "/credit-notes": "money",
    "/subscriptions": "money",
}
Setting = str | Mapping[str, int]


class Share(NamedTuple):
    """What a class has, what is left of it, and when (unix seconds) all of it is there again."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a caller."""
        return {f"X-RateLimit-{name}": str(value) for name, value in zip(_HEADERS, self, strict=True)}


_HEADERS = ("Limit", "Remaining", "Reset")


@dataclass(slots=True)
class _Window:
    """What was asked for in the last second, oldest first."""

    calls: deque[tuple[float, int]] = field(default_factory=deque)
    used: int = 0

    def slide(self, now: float) -> None:
        while self.calls and self.calls[0][0] <= now - WINDOW_SECONDS:
            self.used -= self.calls.popleft()[1]

    def add(self, now: float, cost: int) -> None:
        self.calls.append((now, cost))
        self.used += cost

    def wait(self, now: float, excess: int) -> float:
        """Return the seconds until so much has left the window."""
        for at, cost in self.calls:
            excess -= cost
            if excess <= 0:
                return at + WINDOW_SECONDS - now
        return WINDOW_SECONDS


class Limits:
    """The limits of one namespace. `setting` is `off` (count and tell), `documented` (refuse beyond the documented
    limits), or limits by class, of which those that are not named stay documented."""

    def __init__(self, setting: Setting = "off", *, live: bool = False, now: Callable[[], float] = time.time) -> None:
        self._live = live
        self._now = now
        self._windows = {name: _Window() for name in DOCUMENTED}
        self.set(setting)

    def set(self, setting: Setting) -> None:
        """Change what is refused, from now on. Raises ValueError for a setting that there is not."""
        given = setting if isinstance(setting, Mapping) else {}
        if not given and setting not in {"off", "documented"}:
            raise ValueError(f"rate limits are 'off', 'documented' or numbers by class ({', '.join(DOCUMENTED)})")
        for name, number in given.items():
            if name not in DOCUMENTED or not 1 <= number <= 10**9:
                raise ValueError(f"rate limits: '{name}' must be one of {', '.join(DOCUMENTED)}, with a number from 1")
        share = 1 if self._live else TEST_MODE_SHARE
        self._limits = {name: number // share for name, number in DOCUMENTED.items()} | dict(given)
        self.setting = setting
        self.enforced = setting != "off"

    def take(self, operation: Operation, cost: int = 1) -> Share:
        """Count a call, or refuse it. One that alone is more than the limit is let through when nothing else is."""
        name = class_of(operation)
        window, limit, now = self._windows[name], self._limits[name], self._now()
        window.slide(now)
        if self.enforced and window.used and window.used + cost > limit:
            raise _too_many(name, limit, self._share(window, limit, now), window.wait(now, window.used + cost - limit))
        window.add(now, cost)
        return self._share(window, limit, now)

    def _share(self, window: _Window, limit: int, now: float) -> Share:
        last = window.calls[-1][0] if window.calls else now
        return Share(limit, max(limit - window.used, 0), math.ceil(last + WINDOW_SECONDS))


def class_of(operation: Operation) -> str:
    """Return the class that an operation counts in."""
    if operation.path.startswith("/v1/admin/"):
        return "admin"
    if operation.method == "GET":
        return "reads"
    return next((name for end, name in _ENDINGS.items() if operation.path.endswith(end)), "writes")


def cost_of(operation: Operation, sent: Doc) -> int:
    """Return what a call counts: a batch of usage events counts each of them."""
    events = sent.get("events") if class_of(operation) == "usage" else None
    return max(len(events), 1) if isinstance(events, list) else 1


def _too_many(name: str, limit: int, share: Share, wait: float) -> Problem:
    detail = f"More than {limit} calls of the class '{name}' in a second. Wait as long as Retry-After says."
    headers = {**share.headers(), "Retry-After": str(max(1, math.ceil(wait)))}
    return Problem("rate_limit.exceeded", detail, headers=headers)
