"""Faults of requests: what the gateway asks before an operation runs, and how it sends the answer afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paylera_sandbox.engine import Engine
from paylera_sandbox.faults import wire
from paylera_sandbox.faults.registry import fire
from paylera_sandbox.faults.schedule import Subject
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

HEADER = "X-Paylera-Sandbox-Fault"
_PIECES = 20
_PAGE = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>\n"
# Prefix of an id in the path -> the table that knows whose it is.
_OWNED = {
    "sub": "subscriptions",
    "inv": "invoices",
    "pay": "payments",
    "pm": "payment_methods",
    "wal": "wallets",
    "cn": "credit_notes",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one request."""

    fired: Sequence[Doc] = ()

    @property
    def name(self) -> str | None:
        """Return the names of the faults, as the response header and the request log show them."""
        return ", ".join(fault["action"] for fault in self.fired) or None

    @property
    def prevents(self) -> bool:
        """Tell whether the connection is cut before the operation runs."""
        return self._fault("reset_before_commit") is not None

    async def before(self) -> None:
        """Wait, or refuse, before the operation runs. The refusal is a `Problem`."""
        if wait := sum(fault["milliseconds"] for fault in self.fired if fault["action"] == "latency"):
            await asyncio.sleep(wait / 1000)
        if limit := self._fault("rate_limit"):
            headers = {"Retry-After": str(limit["retry_after"])}
            raise Problem("rate_limit.exceeded", f"The fault {limit['id']} was asked for.", headers=headers)
        if error := self._fault("error"):
            problem = Problem("fault.injected", f"The fault {error['id']} was asked for.")
            problem.status = error["status"]
            raise problem

    async def send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, as well as the faults let it."""
        if self._fault("reset_before_commit") or self._fault("reset_after_commit"):
            await wire.reset(scope, receive)
        elif self._fault("truncate"):
            await wire.truncate(response, scope, receive, send)
        elif drip := self._fault("drip"):
            await wire.drip(response, send, seconds=drip["milliseconds"] / 1000, pieces=_PIECES)
        elif self._fault("not_json"):
            await _garbled(response)(scope, receive, send)
        else:
            await response(scope, receive, send)

    def _fault(self, action: str) -> Doc | None:
        return next((fault for fault in self.fired if fault["action"] == action), None)


NONE = Trouble()


def meet(engine: Engine, subject: Subject, *, ids: dict[str, str], sent: dict[str, Any], name: str) -> Trouble:
    """Ask which faults happen to a request; whose it is stands in its path, its query or its body."""
    with engine.unit() as unit:
        found = fire(unit, "request", {**subject, "customer_id": _customer(unit, ids, sent)}, name=name)
    return Trouble(found) if found else NONE


def _customer(unit: Unit, ids: dict[str, str], sent: dict[str, Any]) -> str | None:
    for identifier in ids.values():
        prefix = identifier.partition("_")[0]
        if prefix == "cus":
            return identifier
        owned = unit.store.find(_OWNED[prefix], identifier) if prefix in _OWNED else None
        if owned:
            return str(owned["customer_id"])
    named = sent.get("customer_id")
    return named if isinstance(named, str) else None


def _garbled(response: Response) -> Response:
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    return Response(_PAGE, status_code=response.status_code, headers=kept, media_type="text/html")
