"""A small stateful Paylera: customers with idempotency, a word for everything else, and doors to hold calls at."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.upstream import Received, Script

Answer = dict[str, Any]
HOLD_SECONDS = 20.0


@dataclass
class Door:
    """Where calls wait: `reached` is set when one arrives, `opened` lets them through."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Hold the call of this thread."""
        self.reached.set()
        self.opened.wait(HOLD_SECONDS)


@dataclass
class Stub(Script):
    """Answers from its state; `doors` holds calls by `METHOD /path`, before or after they take effect."""

    customers: dict[str, Answer] = field(default_factory=dict)
    keys: dict[str, str | None] = field(default_factory=dict)
    doors: dict[str, Door] = field(default_factory=dict)
    gate: Callable[[Received], object] = lambda _: None
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def next(self, call: Received) -> Answer:
        """Record a call, hold it if asked to, and answer it."""
        with self.arrived:
            self.received.append(call)
            self.arrived.notify_all()
        self.gate(call)
        answer = self._answer(call)
        if door := self.doors.get(f"{call.method} {call.path}"):
            door.wait()
        return answer

    def await_call(self, method: str, path: str) -> Received:
        """Return the first call of this kind, waiting for it."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self._find(method, path), HOLD_SECONDS), (
                f"{method} {path} did not come"
            )
            return self._find(method, path)[0]

    def _find(self, method: str, path: str) -> list[Received]:
        return [call for call in self.received if (call.method, call.path) == (method, path)]

    def count(self, method: str, path: str) -> int:
        """Return how many calls of this kind there were."""
        with self.arrived:
            return len(self._find(method, path))

    def reset(self) -> None:
        """Forget the calls; customers stay, because the relays remember them too."""
        self.doors, self.received = {}, []
        self.gate = lambda _: None

    def _answer(self, call: Received) -> Answer:
        parts = call.path.removeprefix("/v1/").split("/")
        if (call.method, call.path) == ("GET", "/v1/customers"):
            found = [c for c in list(self.customers.values()) if all(c.get(k) == v for k, v in call.query.items())]
            return {"status": 200, "json": {"data": found, "has_more": False}}
        if (call.method, call.path) == ("POST", "/v1/customers"):
            return self._create(call.header("idempotency-key") or "", json.loads(call.body))
        if parts[0] == "subscriptions" and call.method == "GET":
            return {"status": 200, "json": {"id": parts[1], "customer_id": "cus_1", "version": 3}}
        if parts[0] == "customers" and len(parts) == 2:
            return {"status": 200, "json": self.customers.get(parts[1], {"id": parts[1]})}
        return {"status": 200, "json": {"allowed": True, "path": call.path}}

    def _create(self, key: str, fields: Answer) -> Answer:
        with self.lock:
            if self.keys.get(key, ...) is None:
                return {"status": 409, "json": {"type": "paylera.idempotency_in_progress", "status": 409}}
            if known := self.keys.get(key):
                headers = [["Idempotent-Replayed", "true"]]
                return {"status": 201, "headers": headers, "json": self.customers[known]}
            self.keys[key] = None
        if door := self.doors.get("create"):
            door.wait()
        with self.lock:
            customer = {"id": f"cus_{len(self.customers) + 1}"} | fields
            self.customers[customer["id"]], self.keys[key] = customer, customer["id"]
        return {"status": 201, "json": customer}
