"""The vocabulary of the route table: an operation is what one method of one path does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paylera_sandbox.fields import Rules
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given: its unit of work, the ids from the path, and the fields it declared."""

    unit: Unit
    ids: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is not JSON."""

    content: bytes
    media_type: str
    name: str


Handler = Callable[[Call], "Doc | File | None"]


@dataclass(frozen=True, slots=True)
class Row:
    """One method of one path, in the table of the API or of the control API: who answers, which fields it takes, the
    status of success.

    The rest is what the OpenAPI document says: `name` is the operationId; `answer` is the model of the answer, or a
    media type for a file, or None for no body; `problems` are the codes of refusals beyond those that the path and the
    fields imply (`paylera_sandbox.openapi.refusals`); of the fields `either`, one at least is needed. The first
    sentence of the handler's docstring is the summary.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    body: Rules = field(default_factory=dict)
    query: Rules = field(default_factory=dict)
    status: int = 200
    name: str = ""
    answer: Any = None
    problems: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    file: int = 0  # of a row that takes a body of any type in place of JSON: its most bytes

    @property
    def control(self) -> bool:
        """Tell whether it is about the sandbox and not about Paylera: without rate limits, keys, and another mode."""
        return False

    @property
    def needs_key(self) -> bool:
        """Tell whether a call needs an idempotency key."""
        return False

    @property
    def may_have_key(self) -> bool:
        """Tell whether a call may have one: where it is not needed, one that is sent counts all the same."""
        return False


@dataclass(frozen=True, slots=True)
class Operation(Row):
    """A row of Paylera's API. A POST needs an idempotency key unless `keyed` is False."""

    handler: Handler
    keyed: bool = True

    @property
    def needs_key(self) -> bool:
        """Tell whether a call needs an idempotency key."""
        return self.method == "POST" and self.keyed

    @property
    def may_have_key(self) -> bool:
        """Tell whether a call may have one."""
        return self.method != "GET"
