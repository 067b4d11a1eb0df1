"""One aiohttp session an event loop: made on the first call there, closed when the loop shuts down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import AsyncGenerator
from typing import NamedTuple

import aiohttp

from paylera.transport.incoming import MAX_HEAD

MAX_CONNECTIONS = 512
KEPT_SECONDS = 30.0


class _Entry(NamedTuple):
    session: aiohttp.ClientSession
    guard: AsyncGenerator[None, None]


class Sessions:
    """The sessions of this transport, by process and loop. Sessions of a forked process's parent are left alone for
    ever: closing one would take its sockets out of the epoll that both share."""

    __slots__ = ("_context", "_entries", "_lock", "_pid")

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._entries: dict[tuple[int, asyncio.AbstractEventLoop], _Entry] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    async def current(self) -> aiohttp.ClientSession:
        """Return the session of the running loop."""
        key = (os.getpid(), asyncio.get_running_loop())
        entry = self._entries.get(key)
        return entry.session if entry is not None and not entry.session.closed else await self._opened(key)

    async def _opened(self, key: tuple[int, asyncio.AbstractEventLoop]) -> aiohttp.ClientSession:
        session = _session(self._context)
        guard = self._guard(key, session)
        self._sweep()
        self._entries[key] = _Entry(session, guard)
        # A started async generator is what `asyncio.run` ends before it closes its loop: the only hook there is.
        await anext(guard)
        return session

    async def _guard(
        self, key: tuple[int, asyncio.AbstractEventLoop], session: aiohttp.ClientSession
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._forget(key, session)
            await _closed(session)

    def _forget(self, key: tuple[int, asyncio.AbstractEventLoop], session: aiohttp.ClientSession) -> None:
        with self._renewed_lock():
            entry = self._entries.get(key)
            if entry is not None and entry.session is session:
                del self._entries[key]

    def _sweep(self) -> None:
        # Loops that were closed without a shutdown: their sessions can only be marked as closed.
        with self._renewed_lock():
            dead = [key for key in self._entries if key[0] == os.getpid() and key[1].is_closed()]
            swept = [self._entries.pop(key) for key in dead]
        for entry in swept:
            closing = entry.session.close()
            with contextlib.suppress(StopIteration):
                closing.send(None)
            closing.close()

    def _renewed_lock(self) -> threading.Lock:
        # A lock held at the moment of a fork stays held in the child for ever.
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
        return self._lock

    async def aclose(self) -> None:
        """Close the session of the running loop."""
        entry = self._entries.pop((os.getpid(), asyncio.get_running_loop()), None)
        if entry is not None:
            await entry.guard.aclose()


def _session(context: ssl.SSLContext | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=MAX_CONNECTIONS, keepalive_timeout=KEPT_SECONDS, ssl=True if context is None else context
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        raise_for_status=False,
        skip_auto_headers=("accept", "content-type", "user-agent"),
        timeout=aiohttp.ClientTimeout(),  # the call's one deadline is the transport's own
        max_line_size=MAX_HEAD,
        max_field_size=MAX_HEAD,
    )


async def _closed(session: aiohttp.ClientSession) -> None:
    await session.close()
    await asyncio.sleep(0)  # lets the loop close the sockets, which it does in its next round
