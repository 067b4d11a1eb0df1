"""A small map that forgets: bounded in size, with an age limit for every entry."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class ExpiringCache(Generic[V]):
    """Remember at most `max_entries` values for `ttl_seconds` each; the oldest go first. Safe over threads and forks.

    `now` is a monotonic clock in seconds.
    """

    def __init__(self, *, max_entries: int, ttl_seconds: float, now: Callable[[], float]) -> None:
        self._max_entries = max_entries
        self._ttl = ttl_seconds
        self._now = now
        self._entries: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._lock, self._pid = threading.Lock(), os.getpid()

    def get(self, key: str) -> V | None:
        """Return the live value of `key`, or None."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > self._now() else None

    def put(self, key: str, value: V) -> None:
        """Remember `value` under `key`, starting its life anew."""
        with self._own_lock():
            self._store(key, value)

    def add(self, key: str, value: V) -> bool:
        """Remember `value` unless `key` has a live one already; True for the caller that came first."""
        with self._own_lock():
            if self.get(key) is not None:
                return False
            self._store(key, value)
            return True

    def forget(self, key: str) -> None:
        """Drop `key`, if it is there."""
        with self._own_lock():
            self._entries.pop(key, None)

    def _own_lock(self) -> threading.Lock:
        # A lock held at the moment of a fork stays held in the child for ever.
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
        return self._lock

    def _store(self, key: str, value: V) -> None:
        # Never taken out and put in again: `get` looks without the lock.
        self._entries[key] = (self._now() + self._ttl, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
