"""Claims in Redis: several processes, on any number of machines, handle an event once."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Self, cast

from paylera.flow import Callee
from paylera.webhooks.stores import HOLD_SECONDS, ClaimState

_DONE = ""
_STATES: dict[int, ClaimState] = {0: "busy", 1: "claimed", 2: "done"}
# A client may send a command twice, because the answer was lost: then the claim is its own. Numbers come back as
# numbers, whether or not the client decodes answers.
_CLAIM = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
local owner = redis.call('GET', KEYS[1])
return owner == '' and 2 or owner == ARGV[1] and 1 or 0
"""
_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class RedisClaims:
    """A `ClaimStore` on a `redis.Redis` or `redis.asyncio.Redis`; every step is one round trip.

    Give the client a `socket_timeout`, and the server a `maxmemory-policy` of `noeviction`: a claim that is evicted is
    forgotten. What a Redis that was restarted has forgotten is handled again when it is delivered again. Two receivers
    on one Redis need a `prefix` each. `lease_seconds` is how long a handler may take before it is taken for killed.
    """

    def __new__(cls, client: Any, **_options: Any) -> Self:
        """Choose the colour by the client's."""
        is_async = Callee.of(client.execute_command).is_async
        return super().__new__(cast("type[Self]", _AwaitingRedisClaims) if is_async else cls)

    def __init__(self, client: Any, *, prefix: str = "paylera:", lease_seconds: float = 300) -> None:
        if not lease_seconds > 0:
            raise ValueError("lease_seconds must be a number greater than 0")
        self._client = client
        self._prefix = prefix
        self._lease = int(lease_seconds * 1000)

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "paylera:", lease_seconds: float = 300) -> RedisClaims:
        """Make a blocking client that gives a Redis up after two seconds: `redis://127.0.0.1:6379/0`."""
        try:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ImportError('claims in Redis need its client: pip install "paylera[redis]"') from None
        # One retry, for a pooled connection that broke when Redis was restarted.
        client = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1))
        return cls(client, prefix=prefix, lease_seconds=lease_seconds)

    def claim(self, event_id: str, owner: str) -> ClaimState | Awaitable[ClaimState]:
        """Claim `event_id` until its lease runs out."""
        return _STATES[self._claim(event_id, owner)]

    def complete(self, event_id: str, owner: str) -> Awaitable[None] | None:
        """Remember `event_id` as handled."""
        self._complete(event_id)
        return None

    def release(self, event_id: str, owner: str) -> Awaitable[None] | None:
        """Forget `event_id`, if it is still this delivery's."""
        self._release(event_id, owner)
        return None

    def _claim(self, event_id: str, owner: str) -> Any:
        return self._client.eval(_CLAIM, 1, self._prefix + event_id, owner, self._lease)

    def _complete(self, event_id: str) -> Any:
        return self._client.set(self._prefix + event_id, _DONE, ex=HOLD_SECONDS)

    def _release(self, event_id: str, owner: str) -> Any:
        return self._client.eval(_RELEASE, 1, self._prefix + event_id, owner)


class _AwaitingRedisClaims(RedisClaims):
    async def claim(self, event_id: str, owner: str) -> ClaimState:
        return _STATES[await self._claim(event_id, owner)]

    async def complete(self, event_id: str, owner: str) -> None:
        await self._complete(event_id)

    async def release(self, event_id: str, owner: str) -> None:
        await self._release(event_id, owner)
