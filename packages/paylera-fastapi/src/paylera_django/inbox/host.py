"""The inbox of a Django project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Unpack, cast

from django.db import DEFAULT_DB_ALIAS, connections

from paylera.flow import Blocking, Effect, Flow, Pause, SyncTransport, T, run
from paylera.webhooks import Inbox as CoreInbox
from paylera.webhooks.options import InboxOptions
from paylera_django._host import wait_for
from paylera_django._webhooks import atomic
from paylera_django.inbox.store import DjangoInboxStore


class Inbox(CoreInbox):
    """`inbox = Inbox(handlers=on)`: events in Django's database; the options are those of `paylera.webhooks.Inbox`.

    `using` is the alias of the database. A `def` handler also runs in a transaction on every other database with
    `ATOMIC_REQUESTS`.
    """

    def __init__(
        self,
        *,
        handlers: Mapping[str, Callable[..., Any]],
        using: str = DEFAULT_DB_ALIAS,
        **options: Unpack[InboxOptions],
    ) -> None:
        if using not in connections.settings:
            msg = f"using must be one of the aliases in DATABASES, not {using!r}"
            raise ValueError(msg)
        self.using = using
        super().__init__(DjangoInboxStore(using=using), handlers=handlers, around=atomic, **options)

    def drive(self, flow: Flow[T]) -> T:
        """Run one of the inbox's flows on this thread: `inbox.drive(inbox.process(lane))`."""
        return run(flow, _perform)


_BLOCKING = Blocking(cast("SyncTransport", None), wait_for=wait_for)


def _perform(effect: Effect) -> Any:
    if isinstance(effect, Pause):  # the worker outlives a restart of its database
        for connection in connections.all(initialized_only=True):
            if connection.errors_occurred and not connection.in_atomic_block and not connection.is_usable():
                connection.close()
    return _BLOCKING(effect)
