"""The vocabulary of the control table: a command is what one method of one `/sandbox/...` path does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from paylera_sandbox.engine import Engine
from paylera_sandbox.namespaces import Namespace, Namespaces
from paylera_sandbox.operations import File, Row
from paylera_sandbox.store import Doc


@dataclass(frozen=True, slots=True)
class Order:
    """What a command is given: the namespace of its token, all namespaces of the server, the ids from the path and the
    fields it declared. It begins its own units of work, and may wait between them. `content` is the raw body of a
    command that takes a file."""

    namespaces: Namespaces
    namespace: Namespace
    ids: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    content: bytes = b""

    @property
    def engine(self) -> Engine:
        """Return the engine of the namespace."""
        return self.namespace.engine


CommandHandler = Callable[[Order], Awaitable["Doc | File | None"]]


@dataclass(frozen=True, slots=True)
class Command(Row):
    """A row of the control API. No command needs an idempotency key, or heeds one."""

    handler: CommandHandler

    @property
    def control(self) -> bool:
        """Tell that it is about the sandbox."""
        return True
