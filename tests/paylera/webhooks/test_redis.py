"""Claims in a real Redis, through a blocking and through an async client."""

from __future__ import annotations

import asyncio
import sys
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from paylera.flow import Awaiting, Blocking, Flow, arun, run
from paylera.stores.redis import RedisClaims
from support.redis import RedisServer, running_redis
from support.stores import ClaimBackend, ClaimContract

from .deliveries import delivery, receiver

NO_TRANSPORT: Any = None


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Return a running Redis."""
    with running_redis() as running:
        yield running


def blocking(flow: Flow[Any]) -> Any:
    """Drive a flow without an event loop."""
    return run(flow, Blocking(NO_TRANSPORT))


class Contract(ClaimContract):
    """What both colours of client share."""

    def forward(self, client: Redis, seconds: float) -> None:
        """Let the server's seconds pass: every key loses as many."""
        for key in client.scan_iter():
            left = client.pttl(key) - int(seconds * 1000)
            client.pexpire(key, left)


class TestBlocking(Contract):
    """A `redis.Redis`."""

    @pytest.fixture(params=[False, True], ids=["bytes", "str"])
    def claims(self, server: RedisServer, request: pytest.FixtureRequest) -> Iterator[ClaimBackend]:
        """Return an empty store."""
        with Redis.from_url(server.url, decode_responses=request.param) as client:
            client.flushall()
            yield ClaimBackend(RedisClaims(client), blocking, partial(self.forward, client))


class TestAwaiting(Contract):
    """A `redis.asyncio.Redis`, all of whose calls are on one event loop."""

    @pytest.fixture
    def claims(self, server: RedisServer) -> Iterator[ClaimBackend]:
        """Return an empty store."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        def on_the_loop(flow: Flow[Any]) -> Any:
            task = arun(flow, Awaiting(NO_TRANSPORT, in_thread=asyncio.to_thread))
            return asyncio.run_coroutine_threadsafe(task, loop).result(60)

        async def close() -> None:
            await asynchronous.aclose()
            await loop.shutdown_default_executor()

        asynchronous = AsyncRedis.from_url(server.url)
        with Redis.from_url(server.url) as client:
            client.flushall()
            yield ClaimBackend(RedisClaims(asynchronous), on_the_loop, partial(self.forward, client))
        asyncio.run_coroutine_threadsafe(close(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


def test_a_command_that_was_sent_twice_is_one_claim(server: RedisServer) -> None:
    """A client repeats it when the answer is lost."""
    store, event_id = RedisClaims.from_url(server.url), uuid.uuid4().hex
    assert [store.claim(event_id, owner) for owner in ("me", "me", "you")] == ["claimed", "claimed", "busy"]


def test_two_receivers_have_a_prefix_each(server: RedisServer) -> None:
    """Both get the event."""
    event_id = uuid.uuid4().hex
    for prefix in ("a:", "b:"):
        assert RedisClaims.from_url(server.url, prefix=prefix).claim(event_id, "me") == "claimed"


def test_while_redis_is_down_the_sender_is_told_to_come_again() -> None:
    """Nothing is handled, and nothing is lost; what the new Redis does not know is handled when it comes again."""
    seen: list[str] = []
    with running_redis() as server:
        store = RedisClaims.from_url(server.url)
        target = receiver(handlers={"*": lambda event: seen.append(event.id)}, claims=store)

        def deliver(event_id: str) -> int:
            return blocking(target.handle(delivery(id=event_id))).status

        assert (deliver("evt_1"), deliver("evt_1"), seen) == (200, 200, ["evt_1"])
        server.stop()
        assert (deliver("evt_2"), deliver("evt_2"), seen) == (503, 503, ["evt_1"])
        server.start()
        assert (deliver("evt_2"), deliver("evt_2"), seen) == (200, 200, ["evt_1", "evt_2"])
        server.stop()
        server.start()  # the pooled connection is broken
        assert (deliver("evt_3"), deliver("evt_3"), seen[2:]) == (200, 200, ["evt_3"])


def test_redis_may_fail_while_a_handler_runs() -> None:
    """What was handled is acknowledged; what failed runs again."""
    outcomes = iter([None, RuntimeError("not now"), None])
    with running_redis() as server:

        def handler(_event: Any) -> None:
            server.stop()
            error = next(outcomes)
            if error is not None:
                raise error

        target = receiver(handlers={"*": handler}, claims=RedisClaims.from_url(server.url))
        statuses = []
        for event_id in ("evt_1", "evt_2", "evt_2"):
            statuses.append(blocking(target.handle(delivery(id=event_id))).status)
            server.start()
        assert statuses == [200, 500, 200]


def test_a_lease_is_a_time(server: RedisServer) -> None:
    """Zero would claim nothing."""
    with pytest.raises(ValueError, match="lease_seconds"):
        RedisClaims.from_url(server.url, lease_seconds=0)


def test_without_its_client_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is an extra."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r"paylera\[redis\]"):
        RedisClaims.from_url("redis://127.0.0.1/0")
