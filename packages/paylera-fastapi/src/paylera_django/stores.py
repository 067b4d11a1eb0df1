"""Claims in Django's cache: for a receiver with handlers and several processes, without an inbox."""

from __future__ import annotations

import hashlib
import logging

from django.core.cache import DEFAULT_CACHE_ALIAS, BaseCache, InvalidCacheBackendError, caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

from paylera.system import REAL, System
from paylera.webhooks.stores import HOLD_SECONDS, ClaimState

log = logging.getLogger("paylera.webhooks")

_REFUSED: dict[type[BaseCache], str] = {
    DummyCache: "remembers nothing",
    FileBasedCache: "cannot add a key atomically, so that one event could run twice",
    # Its `set` swallows every error of the database, and what was handled would be handled again.
    DatabaseCache: "loses writes without a word; paylera_django.inbox.OrmClaims does not",
}
_DONE = "done"
_MARGIN_SECONDS = 5


class CacheClaims:
    """`paylera_webhook_urls(claims=CacheClaims(), ...)`: claims in one of `CACHES`, such as Redis or Memcached.

    A cache that cannot do this is a `ValueError`; one that does it badly is told in the log. Receivers with different
    secrets need different prefixes. A cache that evicts keys forgets what was handled: see to its memory.
    """

    def __init__(
        self,
        alias: str = DEFAULT_CACHE_ALIAS,
        *,
        prefix: str = "paylera:",
        lease_seconds: float = 300,
        system: System = REAL,
    ) -> None:
        _check(alias)
        self._alias = alias
        self._prefix = prefix
        self._lease_seconds = lease_seconds
        self._system = system

    def claim(self, event_id: str, owner: str) -> ClaimState:
        """Claim an event."""
        key = self._key(event_id)
        mine = (owner, self._system.now() + self._lease_seconds)
        if self._cache.add(key, mine, self._lease_seconds):
            return "claimed"
        return "done" if self._cache.get(key) == _DONE else "busy"

    def complete(self, event_id: str, owner: str) -> None:
        """Remember an event as handled."""
        self._cache.set(self._key(event_id), _DONE, HOLD_SECONDS)

    def release(self, event_id: str, owner: str) -> None:
        """Give an event up, if it is still this delivery's.

        No cache of Django's compares and deletes in one step: so close to the end of the lease, when somebody else
        could have it in between, it is left to run out.
        """
        key = self._key(event_id)
        found = self._cache.get(key)
        if found is None or found == _DONE or found[0] != owner:
            return
        if found[1] - self._system.now() > _MARGIN_SECONDS:
            self._cache.delete(key)

    @property
    def _cache(self) -> BaseCache:
        return caches[self._alias]  # the thread's own

    def _key(self, event_id: str) -> str:
        # Memcached takes 250 plain characters; an id may be longer.
        return f"{self._prefix}{hashlib.sha256(event_id.encode()).hexdigest()}"


def _check(alias: str) -> None:
    try:
        cache = caches[alias]
    except InvalidCacheBackendError:
        msg = f"alias must be one of those in CACHES, not {alias!r}"
        raise ValueError(msg) from None
    for kind, fault in _REFUSED.items():
        if isinstance(cache, kind):
            msg = f"claims cannot be kept in the cache {alias!r}: {kind.__name__} {fault}"
            raise ValueError(msg)
    if isinstance(cache, LocMemCache):
        log.warning(
            "claims are kept in the cache %r, which is this process's own; several processes need another", alias
        )
