"""Claims in Django's caches and in its database: one contract, real backends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.db.models import F

from paylera_django.inbox import OrmClaims
from paylera_django.inbox.models import Claim
from paylera_django.stores import CacheClaims
from support.stepping import Clock
from support.stores import ClaimBackend, ClaimContract

from .test_django import ALIAS, blocking, database, on_a_loop

__all__ = ["database"]  # a fixture

CACHE = "claims"


@dataclass
class Kept:
    """A cache under test; `forward` lets seconds pass where its keys are."""

    where: Any

    def forward(self, seconds: float) -> None:
        """Let every key be so much older."""
        kind = type(self.where).__name__
        getattr(self, kind)(seconds)

    def LocMemCache(self, seconds: float) -> None:
        for key, end in self.where._expire_info.items():
            self.where._expire_info[key] = end - seconds

    def RedisCache(self, seconds: float) -> None:
        client = self.where._cache.get_client(write=True)
        for key in client.keys("*"):
            client.pexpire(key, max(int(client.pttl(key) - seconds * 1000), 0))


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return an empty cache of the kind that the test asks for."""
    kind = request.param
    options: dict[str, Any] = {
        "redis": lambda: {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{request.getfixturevalue('redis')}",
        },
        "locmem": lambda: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "claims"},
    }[kind]()  # fmt: skip
    caches.settings[CACHE] = options
    caches[CACHE].clear()
    yield caches[CACHE]
    caches[CACHE].clear()
    caches.close_all()
    del caches[CACHE]
    del caches.settings[CACHE]


@pytest.mark.parametrize("cache", ["redis", "locmem"], indirect=True)
class TestCache(ClaimContract):
    """In a cache."""

    @pytest.fixture(params=["wsgi", "asgi"])
    def claims(self, cache: Any, request: pytest.FixtureRequest) -> ClaimBackend:
        """Return an empty store."""
        perform = blocking if request.param == "wsgi" else on_a_loop
        return ClaimBackend(CacheClaims(CACHE, lease_seconds=300), perform, Kept(cache).forward)


@pytest.mark.parametrize("cache", ["redis"], indirect=True)
def test_close_to_its_end_a_claim_is_left_to_run_out(cache: Any) -> None:
    """Somebody else could have it between the look and the deletion."""
    clock = Clock()
    claims = CacheClaims(CACHE, system=clock.system())
    assert claims.claim("evt_1", "me") == "claimed"
    clock.time += 296
    claims.release("evt_1", "me")
    assert claims.claim("evt_1", "you") == "busy"
    clock.time -= 10
    claims.release("evt_1", "me")
    assert claims.claim("evt_1", "you") == "claimed"


@pytest.mark.parametrize("cache", ["redis"], indirect=True)
def test_receivers_with_different_prefixes_do_not_meet(cache: Any) -> None:
    """Nor does a change of the lease change what is done."""
    assert CacheClaims(CACHE, prefix="a:").claim("evt_1", "me") == "claimed"
    assert CacheClaims(CACHE, prefix="b:").claim("evt_1", "you") == "claimed"


@pytest.mark.parametrize("kind", ["dummy.DummyCache", "filebased.FileBasedCache", "db.DatabaseCache"])
def test_a_cache_that_cannot_claim_is_refused(kind: str, tmp_path: Path) -> None:
    """At once, and by name."""
    caches.settings["bad"] = {"BACKEND": f"django.core.cache.backends.{kind}", "LOCATION": str(tmp_path)}
    with pytest.raises(ValueError, match=f"claims cannot be kept in the cache 'bad': {kind.split('.')[1]}"):
        CacheClaims("bad")
    del caches["bad"]
    del caches.settings["bad"]
    with pytest.raises(ValueError, match="alias must be one of those in CACHES, not 'bad'"):
        CacheClaims("bad")


@pytest.mark.parametrize(("cache", "is_told"), [("locmem", True), ("redis", False)], indirect=["cache"])
def test_a_cache_of_one_process_is_told(cache: Any, is_told: bool, caplog: pytest.LogCaptureFixture) -> None:
    """In the log of the receiver."""
    with caplog.at_level(logging.WARNING, "paylera.webhooks"):
        CacheClaims(CACHE)
    assert ("this process's own" in caplog.text) == is_told


class TestOrm(ClaimContract):
    """In the database."""

    @pytest.fixture(params=["wsgi", "asgi"])
    def claims(self, database: str, request: pytest.FixtureRequest) -> ClaimBackend:
        """Return an empty store."""
        perform = blocking if request.param == "wsgi" else on_a_loop

        def forward(seconds: float) -> None:
            Claim.objects.using(database).update(expires_at=F("expires_at") - timedelta(seconds=seconds))

        return ClaimBackend(OrmClaims(using=database), perform, forward)

    def test_nothing_is_claimed_within_a_transaction_of_somebody_else(self, claims: ClaimBackend) -> None:
        """Nobody else would see it."""
        with transaction.atomic(using=ALIAS), pytest.raises(RuntimeError, match="durable"):
            claims.store.claim("evt_1", "me")

    def test_old_rows_go(self, claims: ClaimBackend) -> None:
        """Now and then; what is handled is remembered for 48 hours."""
        assert claims.forward is not None
        claims.ask("complete", "evt_1", "me")
        claims.forward(47 * 3600)
        assert claims.ask("claim", "evt_2", "00ff") == "claimed"
        assert claims.ask("claim", "evt_1", "me") == "done"
        claims.forward(2 * 3600)
        assert claims.ask("claim", "evt_3", "00fe") == "claimed"
        assert list(Claim.objects.using(ALIAS).values_list("event_id", flat=True)) == ["evt_3"]
