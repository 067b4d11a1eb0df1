"""Delivery: takes what is due from the outbox, in order per endpoint and aggregate, signs and posts it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import signing
from paylera_sandbox.webhooks.events import body

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 1.0  # after a fault of our own
AT_ONCE = 16  # to one endpoint: a slow one does not hold up the others
_KEPT_OF_ANSWER = 2048
_MINUTE, _HOUR = 60, 3600
# Seconds from a failure to the next attempt; with the first attempt that makes nine.
DELAYS = (15, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)
log = logging.getLogger("paylera_sandbox")

# The first of each queue: the next event of an aggregate waits until this one is done.
_HEADS = """
SELECT delivery_id, endpoint_id, aggregate, due_at FROM outbox
WHERE seq IN (SELECT min(seq) FROM outbox GROUP BY endpoint_id, aggregate) ORDER BY due_at
"""


class Head(NamedTuple):
    """A delivery that is the first in its queue."""

    delivery_id: str
    endpoint_id: str
    aggregate: str
    due_at: str


class Outcome(NamedTuple):
    """What came of one attempt: an HTTP status and the start of the body, or the reason why there is none."""

    status: int | None
    answer: str
    error: str | None


class Courier:
    """Runs the deliveries of one engine on the server's event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._opening = asyncio.Lock()
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the outbox again. Any thread may call it, and before the delivery runs it does no harm."""
        if self._loop is None or self._loop is _running_loop():
            self._wake.set()
        else:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver until cancelled; sleeps until something is due or somebody wakes it."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._look())
        finally:
            await self._stop()

    async def idle(self) -> None:
        """Return once nothing is due and nothing is under way. Retries that are due later do not count."""
        async with self._progress:
            await self._progress.wait_for(lambda: not self._under_way and not self._due())

    def _heads(self) -> list[Head]:
        return [Head(*row) for row in self._engine.store.execute(_HEADS)]

    def _due(self) -> list[Head]:
        now = stamp(self._engine.clock.now())
        return [head for head in self._heads() if head.due_at <= now]

    def _look(self) -> float | None:
        """Start what is due; a database that fails now may work in a second."""
        try:
            return self._start_due()
        except sqlite3.Error:
            log.exception("the outbox cannot be read")
            return PAUSE_SECONDS

    def _start_due(self) -> float | None:
        """Start what is due and may start; return the seconds until the next is due, None if nothing waits for time.
        What is due and may not start yet needs no time either: the end of a delivery wakes the loop."""
        now = self._engine.clock.now()
        for head in self._heads():
            if moment(head.due_at) > now:  # heads come in the order in which they are due
                return max(0.001, (moment(head.due_at) - now).total_seconds())
            queue = (head.endpoint_id, head.aggregate)
            if queue not in self._under_way and self._load(head.endpoint_id) < AT_ONCE:
                self._under_way[queue] = asyncio.create_task(self._deliver(head, queue))
        return None

    def _load(self, endpoint_id: str) -> int:
        return sum(1 for busy, _ in self._under_way if busy == endpoint_id)

    async def _deliver(self, head: Head, queue: tuple[str, str]) -> None:
        try:
            with self._engine.unit() as unit:
                delivery, endpoint, payload, headers = _prepare(unit, head)
            outcome = await self._post(endpoint["url"], payload, headers)
            with self._engine.unit() as unit:
                _conclude(unit, delivery["id"], outcome, self._engine.time_scale)
        except Exception:
            log.exception("delivery %s broke", head.delivery_id)
            await asyncio.sleep(PAUSE_SECONDS)  # it is still due: do not spin
        finally:
            del self._under_way[queue]
            self.wake()
            async with self._progress:
                self._progress.notify_all()

    async def _post(self, url: str, payload: bytes, headers: dict[str, str]) -> Outcome:
        """Send once; redirects are failures, an answer that takes longer than ten seconds too."""
        client = await self._connections()
        from httpx2 import HTTPError, InvalidURL

        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                client.stream("POST", url, content=payload, headers=headers) as answer,
            ):
                return Outcome(answer.status_code, await _beginning(answer), None)
        except TimeoutError:
            return Outcome(None, "", f"no answer within {TIMEOUT_SECONDS:g} s")
        except (HTTPError, InvalidURL, OSError) as error:
            return Outcome(None, "", str(error) or type(error).__name__)

    async def _connections(self) -> httpx2.AsyncClient:
        """Return the client, made in a thread when the first delivery needs it: loading it would hold up the API."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_new_client)
            return self._client

    async def _stop(self) -> None:
        """Give up what is under way: it is still in the outbox and comes again after a restart."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()


def _new_client() -> httpx2.AsyncClient:
    from httpx2 import AsyncClient

    return AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _beginning(answer: httpx2.Response) -> str:
    kept = b""
    async for chunk in answer.aiter_bytes():
        kept += chunk
        if len(kept) >= _KEPT_OF_ANSWER:
            break
    return kept[:_KEPT_OF_ANSWER].decode("utf-8", "replace")


def _prepare(unit: Unit, head: Head) -> tuple[Doc, Doc, bytes, dict[str, str]]:
    delivery = unit.need("deliveries", head.delivery_id, "webhook_delivery.not_found")
    endpoint = unit.need("webhook_endpoints", head.endpoint_id, "webhook_endpoint.not_found")
    payload = body(unit.need("events", delivery["event_id"], "event.not_found"))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Paylera-Sandbox",
        "Paylera-Signature": signing.signature(payload, endpoint["_secrets"], unit.now),
        "Paylera-Event-Id": delivery["event_id"],
        "Paylera-Delivery-Id": delivery["id"],
        "Paylera-Event-Type": delivery["event_type"],
    }
    return delivery, endpoint, payload, headers


def _conclude(unit: Unit, delivery_id: str, outcome: Outcome, time_scale: float) -> None:
    """Write an attempt down and say what follows: done, again later, or given up."""
    delivery = unit.store.find("deliveries", delivery_id)
    if delivery is None or delivery["status"] != "pending":
        return  # dropped while it was under way
    attempt = {"at": unit.stamp, "status": outcome.status, "error": outcome.error, "answer": outcome.answer}
    delivery["attempts"] = [*delivery["attempts"], attempt]
    succeeded = outcome.status is not None and 200 <= outcome.status < 300
    following = None if succeeded else _next_attempt(delivery, unit.now, time_scale)
    delivery.update(_fate(succeeded, following), _round=delivery["_round"] + 1)
    unit.store.save("deliveries", delivery)
    if following is None:
        unit.store.execute("DELETE FROM outbox WHERE delivery_id = ?", (delivery_id,))
    else:
        unit.store.execute("UPDATE outbox SET due_at = ? WHERE delivery_id = ?", (stamp(following), delivery_id))


def _fate(succeeded: bool, following: datetime | None) -> dict[str, Any]:
    if following is not None:
        return {"status": "pending", "next_attempt_at": stamp(following)}
    return {"status": "succeeded" if succeeded else "failed", "next_attempt_at": None}


def _next_attempt(delivery: Doc, now: datetime, time_scale: float) -> datetime | None:
    if delivery["_round"] >= len(DELAYS):
        return None
    return now + timedelta(seconds=DELAYS[delivery["_round"]] / time_scale)
