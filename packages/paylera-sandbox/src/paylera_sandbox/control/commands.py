"""The vocabulary of the control table: a command is what one method of one `/sandbox/...` path does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from paylera_sandbox.engine import Engine
from paylera_sandbox.fields import Rules
from paylera_sandbox.namespaces import Namespace, Namespaces
from paylera_sandbox.operations import File
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
class Command:
    """One method of one path of the control API. No command needs an idempotency key. `file` takes a body of any type,
    of at most so many bytes, in place of JSON. `name`, `answer`, `problems` and `either` are for the OpenAPI document,
    as those of an `Operation` are."""

    method: str
    path: str
    handler: CommandHandler
    body: Rules = field(default_factory=dict)
    query: Rules = field(default_factory=dict)
    status: int = 200
    file: int = 0
    name: str = ""
    answer: Any = None
    problems: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    @property
    def control(self) -> bool:
        """Tell that this is about the sandbox, and not about Paylera."""
        return True

    @property
    def needs_key(self) -> bool:
        """Tell that no command needs an idempotency key."""
        return False

    @property
    def may_have_key(self) -> bool:
        """Tell that a key that is sent does not count."""
        return False
