"""The session of the transaction that a handler runs in: what is done through it is committed with the event's mark."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

_current: ContextVar[AsyncSession | Session | None] = ContextVar("paylera_inbox_session", default=None)


class HandlersSession(Session):
    """What handlers write through. Only the inbox ends its transaction, and nothing is done through it afterwards.

    A handler that committed would have done its work before the event is done, and be run again.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, close_resets_only=False, **options)

    def commit(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("do not commit the inbox's session: it is committed with the event's mark")

    def rollback(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("do not roll the inbox's session back: raise, or try things within begin_nested()")


def session() -> AsyncSession:
    """Return the session of the event being handled, in an `async def` handler of an inbox on an `AsyncEngine`.

    Only the inbox ends its transaction; try things within `begin_nested()`. Anywhere else a `RuntimeError`.
    """
    current = _current.get()
    if not (isinstance(current, AsyncSession) and current.in_transaction() and _is_on_a_loop()):
        raise _nowhere("session()", "an async def handler of an inbox on an AsyncEngine")
    return current


def sync_session() -> Session:
    """Return the session of the event being handled, in a `def` handler of an inbox on an `Engine`; see `session`."""
    current = _current.get()
    if not (isinstance(current, Session) and current.in_transaction()):
        raise _nowhere("sync_session()", "a def handler of an inbox on an Engine")
    return current


@contextmanager
def published(current: AsyncSession | Session) -> Iterator[None]:
    """Let handlers find this session."""
    token = _current.set(current)
    try:
        yield
    finally:
        _current.reset(token)


def _is_on_a_loop() -> bool:
    # A `def` handler runs on a thread: what it asked of an `AsyncSession` would never be awaited.
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _nowhere(name: str, place: str) -> RuntimeError:
    return RuntimeError(f"{name} is there for {place}, while it handles an event")
