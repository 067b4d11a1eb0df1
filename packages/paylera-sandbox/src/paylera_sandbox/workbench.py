"""One namespace in the hands of a test: its requests, its time, its data. Every action is a call of the control API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from paylera_sandbox.namespaces import Namespace
from paylera_sandbox.recorder import RecordedRequest
from paylera_sandbox.unit import public

if TYPE_CHECKING:
    from paylera_sandbox.hosting import Host

Doc = dict[str, Any]


class SandboxError(Exception):
    """A refusal of the sandbox. `problem` is its problem document."""

    def __init__(self, problem: Doc) -> None:
        super().__init__(f"{problem['detail']} ({problem['code']})")
        self.problem = problem
        self.code = str(problem["code"])


class Workbench:
    """What a test does with a namespace. `url` and `token` are what a client needs."""

    def __init__(self, host: Host, namespace: Namespace) -> None:
        self._host = host
        self._namespace = namespace
        self.engine = namespace.engine
        self.token = namespace.engine.token
        self.clock = SandboxClock(self)
        self.faults = SandboxFaults(self)

    @property
    def name(self) -> str:
        """Return the name of the namespace."""
        return self._namespace.name

    @property
    def url(self) -> str:
        """Return the base URL of the API."""
        return self._host.url

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return the API requests, oldest first."""
        return self.engine.recorder.requests()

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self.engine.recorder.clear()

    def assert_requested(self, method: str, path: str, *, json: object = None, times: int | None = None) -> None:
        """Fail unless there was such a request; see `paylera_sandbox.requested`."""
        from paylera_sandbox.requested import check

        check(self.requests, method, path, wanted=json, times=times)

    def wait_idle(self, timeout: float = 10.0) -> None:
        """Wait until every webhook delivery that is due has been tried; raises TimeoutError."""
        future = asyncio.run_coroutine_threadsafe(self._namespace.courier.idle(), self._host.loop)
        try:
            future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise TimeoutError(f"webhook deliveries are still under way after {timeout:g} s") from None

    def advance(self, by: str | None = None, *, to: str | datetime | None = None, timeout: float = 300.0) -> datetime:
        """Move the time on by a duration ("45d", "1mo", "2h30m") or to a moment; return the time when everything that
        became due on the way has happened."""
        return self.clock.advance(by, to=to, timeout=timeout)

    def trigger(self, event_type: str, *, object_id: str | None = None, **members: Any) -> Doc:
        """Send an event of any type and return it. `members` are set in its data; for a path take
        `**{"metadata.order": 7}`."""
        body: Doc = {"type": event_type, "set": members}
        if object_id is not None:
            body["object_id"] = object_id
        event: Doc = self.control("POST", "/sandbox/trigger", body)["event"]
        return event

    def resend(self, event_id: str) -> list[Doc]:
        """Send an event again; return its new deliveries."""
        deliveries: list[Doc] = self.control("POST", f"/sandbox/events/{event_id}/resend", {})["deliveries"]
        return deliveries

    def events(self, *, type: str | None = None) -> list[Doc]:  # noqa: A002 the member's name
        """Return the events so far, oldest first, of one type or all."""
        with self.engine.unit() as unit:
            found = unit.store.newest("events", {} if type is None else {"type": type})
        return [public(event) for event in reversed(found)]

    def seed(self, *, customers: int = 50, months: int = 6, seed: int = 1, timeout: float = 600.0) -> Doc:
        """Fill the namespace with customers who came over the last months, and return when that is done."""
        self.control("POST", "/sandbox/seed", {"customers": customers, "months": months, "seed": seed})
        self._host.wait(lambda: self.control("GET", "/sandbox/seed")["status"] != "running", timeout)
        found = self.control("GET", "/sandbox/seed")
        if found["status"] == "failed":
            raise RuntimeError(f"the seeding failed: {found['error']}")
        return found

    def limit_rates(self, setting: str | Mapping[str, int]) -> None:
        """Refuse what is too much: "documented", numbers a second by class, or "off"."""
        self.control("PUT", "/sandbox/rate-limits", {"setting": setting})

    def reset(self) -> None:
        """Empty the namespace, as it was at its start."""
        self.control("POST", "/sandbox/reset")

    def snapshot(self) -> bytes:
        """Return everything in the namespace, for `restore`."""
        return self.call("GET", "/sandbox/snapshot")

    def restore(self, snapshot: bytes) -> None:
        """Put a snapshot in place of everything in the namespace."""
        self.call("POST", "/sandbox/restore", snapshot, media_type="application/vnd.sqlite3")

    def health(self) -> Doc:
        """Return how much is in the namespace and what time it has."""
        return self.control("GET", "/sandbox/health")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Doc:
        """Call the API or the control API with JSON; raises SandboxError for a refusal."""
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.call(method, path, content)
        found: Doc = json.loads(answer) if answer else {}
        return found

    def call(self, method: str, path: str, content: bytes = b"", *, media_type: str = "application/json") -> bytes:
        """Call the API or the control API; return the body of the answer. Raises SandboxError for a refusal."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type}
        status, answer = self._host.request(method, path, content, headers)
        if status >= 400:
            raise SandboxError(json.loads(answer))
        return answer


class SandboxClock:
    """The time of a namespace."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def now(self) -> datetime:
        """Return the time."""
        return self._bench.engine.time.now()

    def state(self) -> Doc:
        """Return the clock as the control API shows it: mode, time, and how far an advance has come."""
        return self._bench.control("GET", "/sandbox/clock")

    def advance(self, by: str | None = None, *, to: str | datetime | None = None, timeout: float = 300.0) -> datetime:
        """Move the time on; see `Sandbox.advance`."""
        given = {"by": by, "to": _stamp(to)}
        body = {name: value for name, value in given.items() if value is not None}
        self._bench.control("POST", "/sandbox/clock/advance", body)
        return self._settled(timeout)

    def stop(self) -> datetime:
        """End an advance where it has come to, one that another thread began for example; return the time."""
        self._bench.control("DELETE", "/sandbox/clock/advance")
        return self.now()

    def pin(self, at: str | datetime | None = None) -> datetime:
        """Let time stand still, now or at a moment."""
        return self._put("pinned", at)

    def run_from(self, at: str | datetime) -> datetime:
        """Let time run on from a moment."""
        return self._put("offset", at)

    def real(self) -> datetime:
        """Go by real time."""
        return self._put("real", None)

    def _put(self, mode: str, at: str | datetime | None) -> datetime:
        body = {"mode": mode} if at is None else {"mode": mode, "at": _stamp(at)}
        self._bench.control("PUT", "/sandbox/clock", body)
        return self._settled(300.0)

    def _settled(self, timeout: float) -> datetime:
        """Wait until an advance has arrived."""
        self._bench._host.wait(lambda: not self._bench.engine.time.state().running, timeout)  # noqa: SLF001 the two are one
        return self.now()


class SandboxFaults:
    """The faults on demand of a namespace."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def add(self, action: str, **fault: Any) -> Doc:
        """Add a fault; the members are those of `POST /sandbox/faults`. A wrong one is a SandboxError that names it."""
        return self._bench.control("POST", "/sandbox/faults", {"action": action, **fault})

    def get(self, identifier: str) -> Doc:
        """Return a fault, with how often it matched and fired."""
        return self._bench.control("GET", f"/sandbox/faults/{identifier}")

    def remove(self, identifier: str) -> None:
        """Remove a fault."""
        self._bench.call("DELETE", f"/sandbox/faults/{identifier}")

    def list(self) -> list[Doc]:
        """Return the faults that are in force."""
        found: list[Doc] = self._bench.control("GET", "/sandbox/faults")["data"]
        return found

    def clear(self) -> None:
        """Take all faults away."""
        self._bench.call("DELETE", "/sandbox/faults")


def _stamp(moment: str | datetime | None) -> str | None:
    if isinstance(moment, datetime):
        from paylera_sandbox.clock import stamp

        return stamp(moment)
    return moment
