"""The merchant's handlers: one table, looked up by event type.

Source: contract section 7: the exact type, else the longest `prefix.*`, else `*`; one handler runs.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paylera.flow import Callee
from paylera.webhooks.catalogue import EVENT_TYPES

_WORDS = r"[a-z0-9_]+(?:\.[a-z0-9_]+)*"
_KEY = re.compile(rf"\*|{_WORDS}\.\*|[a-z0-9_]+\.{_WORDS}", re.ASCII)

log = logging.getLogger("paylera.webhooks")


class Handlers:
    """The table; a key or a handler that cannot be right is a `ValueError` when it is built."""

    def __init__(self, handlers: Mapping[str, Callable[..., Any]]) -> None:
        if not isinstance(handlers, Mapping):
            raise ValueError("handlers must map event types to callables, for example {'invoice.paid': on_paid}")
        self._table = {_checked_key(key): _callee(key, handler) for key, handler in handlers.items()}

    def find(self, event_type: str) -> Callee | None:
        """Return the one handler of this type, or None."""
        return next((self._table[key] for key in _keys(event_type) if key in self._table), None)


def _keys(event_type: str) -> Iterator[str]:
    yield event_type
    prefix = event_type
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        yield f"{prefix}.*"
    yield "*"


def _checked_key(key: Any) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        msg = f"handlers: {key!r} is no event type ('invoice.paid'), no 'prefix.*' and not '*'"
        raise ValueError(msg)
    if not key.endswith("*"):
        _look_up(key)
    return key


def _look_up(event_type: str) -> None:
    if event_type in EVENT_TYPES:
        EVENT_TYPES[event_type]  # loaded now rather than within the first delivery
        return
    near = difflib.get_close_matches(event_type, EVENT_TYPES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    log.warning("handlers: %r is not an event type that this version knows%s", event_type, hint)


def _callee(key: str, handler: Any) -> Callee:
    if not callable(handler):
        msg = f"handlers[{key!r}] must be a function of one argument, not {type(handler).__name__}"
        raise ValueError(msg)
    return Callee.of(handler)
