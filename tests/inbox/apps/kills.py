"""The Django inbox for `support.killing`: SHOP_DATABASE is a path (SQLite) or a port (PostgreSQL)."""

from __future__ import annotations

from typing import Any

from inbox.apps import shop  # configures Django

from django.core.management import call_command  # isort: skip
from django.db import connection, connections

from paylera.flow import Blocking, run
from paylera.system import System
from paylera.webhooks import Inbox
from paylera_django._host import wait_for
from paylera_django.inbox import DjangoInboxStore
from support.killing import Killer, Life, Mortal

NO_TRANSPORT: Any = None

assert shop.NAME
call_command("migrate", verbosity=0)
with connection.cursor() as made:
    made.execute("DROP TABLE IF EXISTS halves")
    made.execute("CREATE TABLE halves (part varchar(300))")
connections.close_all()  # no process may inherit one


def life(killer: Killer, system: System) -> Life:
    """Return an inbox whose handler writes twice, and may die in between."""

    def write(part: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO halves (part) VALUES (%s)", [part])

    def handler(event: Any) -> None:
        write(f"{event.id}/1")
        killer.step("handler: between two writes")
        write(f"{event.id}/2")

    def effects() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT part FROM halves")
            return [row[0] for row in cursor.fetchall()]

    inbox = Inbox(
        Mortal(DjangoInboxStore(), killer),
        handlers={"*": handler},
        enqueue="worker",
        stale="handle",
        max_attempts=10_000,
        on_dead=killer.tell,
        system=system,
    )
    return Life(inbox, lambda flow: run(flow, Blocking(NO_TRANSPORT, wait_for=wait_for)), effects)
