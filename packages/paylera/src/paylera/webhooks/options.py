"""What a merchant may set of an inbox, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypedDict

from paylera.system import System
from paylera.webhooks.handlers import Stale
from paylera.webhooks.lanes import InboxRecord
from paylera.webhooks.refetch import Api

Enqueue = Callable[[str], Any] | Literal["worker"] | None
"""Called with a lane once its new record is committed; `"worker"`: the worker finds it; None: handled at once."""


class InboxOptions(TypedDict, total=False):
    """What a host's own `Inbox` hands on; see `Inbox`."""

    enqueue: Enqueue
    stale: Stale
    refetch: bool
    api: Api | None
    max_attempts: int
    lease_seconds: float
    on_dead: Callable[[InboxRecord], Any] | None
    tracer: Any
    system: System


def check(enqueue: Any, stale: Any, max_attempts: Any, lease_seconds: Any) -> None:
    """Refuse a bad setting with a `ValueError` that names it."""
    if enqueue is not None and enqueue != "worker" and not callable(enqueue):
        raise ValueError("enqueue must be a function of one argument (the lane), 'worker', or None")
    if stale not in ("skip", "handle"):
        raise ValueError("stale must be 'skip' or 'handle'")
    if not isinstance(max_attempts, int) or max_attempts < 1:
        raise ValueError("max_attempts must be a whole number greater than 0")
    if not isinstance(lease_seconds, int | float) or not lease_seconds > 0:
        raise ValueError("lease_seconds must be a number greater than 0")
