"""Django's task framework behind an inbox: `django.tasks` of Django 6, or its backport `django-tasks`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

from paylera_django.inbox.setting import configured


def _task_of(module: str) -> Any:
    try:
        return import_string(f"{module}.task")
    except ImportError:
        return None


task: Any = _task_of("django.tasks") or _task_of("django_tasks")
if task is None:
    raise ImportError('django.tasks needs Django 6 or its backport: pip install "django-tasks"')


@task  # type: ignore[untyped-decorator]
def process_lane(lane: str) -> None:
    """Handle what is due in a lane of the inbox that PAYLERA_INBOX names."""
    inbox = configured()
    inbox.drive(inbox.process(lane))


def django_task_queue(**using: Any) -> Callable[[str], None]:
    """Return an `enqueue` for Django's task framework: `Inbox(handlers=on, enqueue=django_task_queue())`.

    `using` is what a task's `using` takes: `queue_name`, `priority`, `backend`. The framework runs no task again: what
    is due after a failure is found by the command `paylera_inbox process`.
    """
    chosen = process_lane.using(**using)

    def enqueue(lane: str) -> None:
        chosen.enqueue(lane)

    return enqueue
