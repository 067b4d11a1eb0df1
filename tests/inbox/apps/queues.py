"""What stands behind the shops' inboxes: SHOP_ENQUEUE is `worker`, `celery`, `django_task`, `background`, or nothing.

SHOP_BROKER: where Celery's broker is. SHOP_GATE: a directory; the handler of an aggregate with `block` in its id leaves
its process id there and waits for a file `open`. SHOP_LIMIT: Celery's soft time limit, in seconds. SHOP_GRACE: the
seconds that background tasks have at the end.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery

from paylera.queues import celery_queue

NAME = os.environ.get("SHOP_ENQUEUE")
OPTIONS: dict[str, Any] = {"lease_seconds": float(os.environ.get("SHOP_LEASE", "300"))}
celery = Celery("shop", broker=os.environ.get("SHOP_BROKER", "memory://"))
celery.conf.worker_prefetch_multiplier = 1
celery.conf.task_soft_time_limit = float(os.environ.get("SHOP_LIMIT", "0")) or None


def enqueue(inbox: Callable[[], Any]) -> Any:
    """Return what a shop gives to its inbox."""
    match NAME:
        case "celery":
            return celery_queue(celery, inbox=inbox)
        case "django_task":
            from paylera_django.inbox.queues import django_task_queue

            return django_task_queue()
        case "background":
            from paylera_fastapi.inbox.queues import background_queue

            return background_queue(inbox, at_once=2, grace_seconds=float(os.environ.get("SHOP_GRACE", "60")))
    return "worker" if NAME else None


def gate(event: Any) -> None:
    """Wait, if the event is one of those."""
    while not _is_open(event):
        time.sleep(0.02)  # another process opens it


async def agate(event: Any) -> None:
    """Do the same on the loop."""
    while not _is_open(event):
        await asyncio.sleep(0.02)


def _is_open(event: Any) -> bool:
    if "block" not in str(event.aggregate_id):
        return True
    home = Path(os.environ["SHOP_GATE"])
    mine = home / f"pid.{threading.get_ident()}"  # several may wait at once
    mine.write_text(str(os.getpid()))
    mine.rename(home / "pid")
    return (home / "open").exists()
