"""The session of the transaction that a handler runs in: what is done through it is committed with the event's mark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

_current: ContextVar[AsyncSession | Session | None] = ContextVar("paylera_inbox_session", default=None)


def session() -> AsyncSession:
    """Return the session of the event being handled, in an `async def` handler of an inbox on an `AsyncEngine`.

    Do not commit it: the inbox does, with the event's mark. Anywhere else a `RuntimeError`.
    """
    current = _current.get()
    if not isinstance(current, AsyncSession):
        raise _nowhere("session()", "an async def handler of an inbox on an AsyncEngine")
    return current


def sync_session() -> Session:
    """Return the session of the event being handled, in a `def` handler of an inbox on an `Engine`; see `session`."""
    current = _current.get()
    if not isinstance(current, Session):
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


def _nowhere(name: str, place: str) -> RuntimeError:
    return RuntimeError(f"{name} is there for {place}, while it handles an event")
