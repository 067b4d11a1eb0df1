"""The merchant's handlers: one table, looked up by event type.

Source: contract section 7: the exact type, else the longest `prefix.*`, else `*`; one handler runs.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from paylera.flow import Callee
from paylera.webhooks.catalogue import EVENT_TYPES

_WORDS = r"[a-z0-9_]+(?:\.[a-z0-9_]+)*"
_KEY = re.compile(rf"\*|{_WORDS}\.\*|[a-z0-9_]+\.{_WORDS}", re.ASCII)

Around = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What a host puts around every handler (a transaction, say)."""

Stale = Literal["skip", "handle"]
"""What to do with an event that is older than one of its aggregate that was handled: mark and skip it, or run the
handler with `event.is_stale`."""


class HandlerOptions(TypedDict, total=False):
    """What `on(...)` takes besides the type; see `EventHandler`."""

    stale: Stale
    refetch: bool


log = logging.getLogger("paylera.webhooks")


@dataclass(frozen=True, slots=True)
class EventHandler:
    """A handler with options of its own, which need an inbox; None is what the inbox says.

    `stale`: see `Stale`. `refetch`: hand over the live object as `event.live`.
    """

    function: Callable[..., Any]
    stale: Stale | None = None
    refetch: bool | None = None

    def __call__(self, event: Any) -> Any:
        """Run the handler."""
        return self.function(event)

    @property
    def needs_inbox(self) -> bool:
        """Whether it has an option that only an inbox can keep."""
        return self.stale is not None or self.refetch is not None


@dataclass(frozen=True, slots=True)
class Route:
    """Where an event goes: the handler, ready to be invoked, and its options."""

    callee: Callee
    options: EventHandler


class Handlers:
    """The table; a key or a handler that cannot be right is a `ValueError` when it is built."""

    def __init__(self, handlers: Mapping[str, Callable[..., Any]], *, around: Around | None = None) -> None:
        if not isinstance(handlers, Mapping):
            raise ValueError("handlers must map event types to callables, for example {'invoice.paid': on_paid}")
        self._table = {_checked_key(key): _route(key, handler, around) for key, handler in handlers.items()}

    def find(self, event_type: str) -> Route | None:
        """Return the one handler of this type, or None."""
        return next((self._table[key] for key in _keys(event_type) if key in self._table), None)

    def __iter__(self) -> Iterator[EventHandler]:
        return (route.options for route in self._table.values())


def is_key(key: Any) -> bool:
    """Return whether `key` has the form of an event type, of `prefix.*`, or is `*`."""
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def nearest(event_type: str) -> str:
    """Return a hint at the known type that is spelt most like this one, or nothing."""
    near = difflib.get_close_matches(event_type, EVENT_TYPES, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _keys(event_type: str) -> Iterator[str]:
    yield event_type
    prefix = event_type
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        yield f"{prefix}.*"
    yield "*"


def _checked_key(key: Any) -> str:
    if not is_key(key):
        msg = f"handlers: {key!r} is no event type ('invoice.paid'), no 'prefix.*' and not '*'"
        raise ValueError(msg)
    if not key.endswith("*"):
        _look_up(key)
    return str(key)


def _look_up(event_type: str) -> None:
    if event_type in EVENT_TYPES:
        EVENT_TYPES[event_type]  # loaded now rather than within the first delivery
        return
    hint = nearest(event_type)
    log.warning("handlers: %r is not an event type that this version knows%s", event_type, hint)


def _route(key: str, handler: Any, around: Around | None) -> Route:
    options = handler if isinstance(handler, EventHandler) else EventHandler(handler)
    function: Any = options.function
    if not callable(function):
        msg = f"handlers[{key!r}] must be a function of one argument, not {type(function).__name__}"
        raise ValueError(msg)
    return Route(Callee.of(function if around is None else around(function)), options)
