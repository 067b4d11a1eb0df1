"""Listeners: endpoints that last as long as somebody asks what came of their deliveries (`paylera-sandbox listen`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from paylera_sandbox.engine import Engine
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks import endpoints

LEASE_SECONDS = 60.0
WAIT_SECONDS = 1.0  # how long one question waits for news; a server that stops waits as long
MOST = 20


@dataclass(slots=True)
class Listener:
    """One endpoint, and how many attempts of each open delivery were told."""

    endpoint_id: str
    told: dict[str, int] = field(default_factory=dict)
    floor: int = 0
    lease: asyncio.TimerHandle | None = None


class Listeners:
    """The listeners of one engine. They live on the server's event loop, and their endpoints in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Listener] = {}

    def sweep(self) -> None:
        """Remove the endpoints of listeners of an earlier server."""
        everyone = self._engine.store.newest("webhook_endpoints")
        left = [doc for doc in everyone if doc.get("_listener") and doc["id"] not in self._known]
        if left:
            with self._engine.unit() as unit:
                for endpoint in left:
                    endpoints.remove(unit, endpoint)

    def add(self, *, url: str, events: list[str], secret: str | None) -> Doc:
        """Register a listener; return its endpoint with the secret."""
        if len(self._known) >= MOST:
            raise Problem("listener.too_many", f"There are {MOST} listeners already. End one first.")
        with self._engine.unit() as unit:
            endpoint = endpoints.register(
                unit, url=url, events=events, secret=secret, description="paylera-sandbox listen"
            )
            endpoint["_listener"] = True
            unit.store.save("webhook_endpoints", endpoint)
        self._known[endpoint["id"]] = Listener(endpoint["id"])
        self._renew(self._known[endpoint["id"]])
        return endpoints.shown(endpoint, with_secret=True)

    async def news(self, identifier: str, wait: Callable[[float], Awaitable[None]]) -> list[Doc]:
        """Return the attempts that were not told yet, oldest first; wait a moment if there are none."""
        listener = self._need(identifier)
        found = self._collect(listener)
        if not found:
            await wait(WAIT_SECONDS)
            found = self._collect(self._need(identifier))
        return found

    def remove(self, identifier: str) -> None:
        """End a listener."""
        listener = self._need(identifier)
        if listener.lease is not None:
            listener.lease.cancel()
        del self._known[identifier]
        if self._engine.retired:
            return
        with self._engine.unit() as unit:
            endpoint = unit.store.find("webhook_endpoints", identifier)
            if endpoint is not None:
                endpoints.remove(unit, endpoint)

    def _need(self, identifier: str) -> Listener:
        listener = self._known.get(identifier)
        if listener is None or self._engine.store.find("webhook_endpoints", identifier) is None:
            raise Problem("listener.not_found", "There is no such listener: it ended, or the sandbox was reset.")
        self._renew(listener)
        return listener

    def _renew(self, listener: Listener) -> None:
        if listener.lease is not None:
            listener.lease.cancel()
        loop = asyncio.get_running_loop()
        listener.lease = loop.call_later(LEASE_SECONDS, self._forget, listener.endpoint_id)

    def _forget(self, identifier: str) -> None:
        """End a listener that nobody asks for any more: the command was killed."""
        if identifier in self._known:
            self.remove(identifier)

    def _collect(self, listener: Listener) -> list[Doc]:
        """Find attempts that are new. Deliveries that are done and told are not looked at again."""
        where = {"endpoint_id": listener.endpoint_id}
        rows = self._engine.store.page("deliveries", where, limit=1000, after=listener.floor, oldest_first=True)
        news: list[Doc] = []
        done = True
        for place, delivery in rows:
            fresh = delivery["attempts"][listener.told.get(delivery["id"], 0) :]
            news.extend(_shown(delivery, attempt) for attempt in fresh)
            listener.told[delivery["id"]] = len(delivery["attempts"])
            done = done and delivery["status"] != "pending"
            if done:
                listener.floor = place
                del listener.told[delivery["id"]]
        return sorted(news, key=lambda item: str(item["at"]))


def _shown(delivery: Doc, attempt: Doc) -> Doc:
    return {
        "object": "attempt",
        "at": attempt["at"],
        "event_id": delivery["event_id"],
        "event_type": delivery["event_type"],
        "delivery_id": delivery["id"],
        "status": attempt["status"],
        "error": attempt["error"],
        "duration_ms": attempt["duration_ms"],
        "next_attempt_at": delivery["next_attempt_at"],
    }
