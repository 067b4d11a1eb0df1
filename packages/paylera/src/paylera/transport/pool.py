"""Idle connections of one process, the latest used first."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from paylera.transport.connection import Connection
from paylera.transport.outgoing import Origin

MAX_IDLE = 16
MAX_IDLE_SECONDS = 60.0


class Pool:
    """Keeps at most `MAX_IDLE` connections an origin, each at most `MAX_IDLE_SECONDS`; safe over threads."""

    __slots__ = ("_idle", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[Origin, list[Connection]] = defaultdict(list)

    def take(self, origin: Origin) -> Connection | None:
        """Return a usable idle connection, which is the caller's from then on; drop the unusable ones."""
        while True:
            with self._lock:
                idle = self._idle[origin]
                connection = idle.pop() if idle else None
            if connection is None:
                return None
            if time.monotonic() - connection.idle_since < MAX_IDLE_SECONDS and connection.is_quiet():
                return connection
            connection.close()

    def give(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for later; the one that waited longest goes when there are too many."""
        connection.idle_since = time.monotonic()
        with self._lock:
            idle = self._idle[origin]
            idle.append(connection)
            surplus = idle.pop(0) if len(idle) > MAX_IDLE else None
        if surplus is not None:
            surplus.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def abandon(self) -> None:
        """Close what is idle without the lock: nobody else uses the pool any more, or the fork that made this process
        left its lock held for ever."""
        for connections in list(self._idle.values()):
            for connection in list(connections):
                connection.close()
        self._idle.clear()
