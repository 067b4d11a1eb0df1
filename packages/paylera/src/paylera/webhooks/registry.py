"""Handlers as decorated functions: `on = WebhookHandlers()`, then `@on("invoice.paid")`.

To a type checker the string decides which event class the function gets; see `_overloads.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from paylera.webhooks._overloads import TypedCall
from paylera.webhooks.catalogue import EVENT_TYPES, PATTERNS
from paylera.webhooks.handlers import EventHandler, HandlerOptions, is_key, nearest

F = TypeVar("F", bound=Callable[..., Any])


class WebhookHandlers(TypedCall, Mapping[str, EventHandler]):
    """A registry of handlers, one for each event type or pattern; it is a mapping, so it stands wherever a dict of
    handlers does: `handlers=on`, `handlers={**on, "*": the_rest}`.

    A type that is not in the catalogue is a `ValueError` with the nearest name. A type that is newer than this version
    goes into the dict.
    """

    def __init__(self) -> None:
        self._table: dict[str, EventHandler] = {}

    if not TYPE_CHECKING:

        def __call__(self, event_type: str, /, **options: Unpack[HandlerOptions]) -> Callable[[F], F]:
            """Return the decorator that registers a function for `event_type`; see `EventHandler` for the options."""
            _check(event_type)

            def register(function: F) -> F:
                if event_type in self._table:
                    msg = f"{event_type!r} has a handler already: {self._table[event_type].function!r}"
                    raise ValueError(msg)
                self._table[event_type] = EventHandler(function, **options)
                return function

            return register

    def __getitem__(self, event_type: str) -> EventHandler:
        return self._table[event_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _check(event_type: object) -> None:
    if callable(event_type):
        raise ValueError('name the event type: @on("invoice.paid")')
    if event_type in EVENT_TYPES or event_type in PATTERNS:
        return
    if not is_key(event_type):
        msg = f"{event_type!r} is no event type ('invoice.paid'), no 'prefix.*' and not '*'"
        raise ValueError(msg)
    msg = f"{event_type!r} is not in the catalogue of this version{nearest(str(event_type))}"
    raise ValueError(msg)
