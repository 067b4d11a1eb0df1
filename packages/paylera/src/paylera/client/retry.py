"""When a call is sent again: never with another key or body, never beyond its deadline, never as a stampede.

Source: contract section 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from paylera.client.budget import COST, RetryBudget
from paylera.client.problems import is_worth_repeating, retry_after
from paylera.errors import TransportError
from paylera.flow import Flow, pause, send
from paylera.http import Request, Response
from paylera.system import System

BASE_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 8.0
MAX_RETRY_AFTER_SECONDS = 60.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

Outcome = Response | TransportError


@dataclass(frozen=True, slots=True)
class Retries:
    """The retry policy of a client."""

    max_retries: int
    budget: RetryBudget
    system: System

    def answer(self, request: Request, *, timeout: float) -> Flow[Response]:
        """Send a request until there is an answer to keep, and return it, success or not; raise `TransportError`.

        `timeout` is the total over all attempts and waits. A request without a key whose method is not idempotent is
        sent once.
        """
        deadline = self.system.monotonic() + timeout
        may_repeat = request.method in _REPEATABLE or request.header("idempotency-key") is not None
        retries = 0
        outcome = yield from self._attempt(request, deadline)
        while may_repeat and retries < self.max_retries and _is_worth_repeating(outcome):
            wait = self._wait(outcome, retries)
            if wait is None or wait >= deadline - self.system.monotonic() or not self.budget.take():
                break
            yield from pause(wait)
            retries += 1
            outcome = yield from self._attempt(request, deadline)
        return self._settled(outcome, retries)

    def _attempt(self, request: Request, deadline: float) -> Flow[Outcome]:
        try:
            left = deadline - self.system.monotonic()
            return (yield from send(request, timeout=left, max_bytes=MAX_ANSWER_BYTES))
        except TransportError as error:
            return error

    def _wait(self, outcome: Outcome, retries: int) -> float | None:
        """Return the seconds to wait: what the answer asks for and a little more, else full jitter; None for never."""
        asked = retry_after(outcome, now=self.system.now()) if isinstance(outcome, Response) else None
        if asked is not None and asked > MAX_RETRY_AFTER_SECONDS:
            return None
        ceiling: float = min(MAX_BACKOFF_SECONDS, BASE_SECONDS * 2**retries)
        # Everybody was told the same time: the jitter on top keeps them apart.
        return self._fraction() * ceiling if asked is None else asked + self._fraction() * ceiling / 10

    def _fraction(self) -> float:
        return int.from_bytes(self.system.random_bytes(4), "big") / 2**32

    def _settled(self, outcome: Outcome, retries: int) -> Response:
        if isinstance(outcome, TransportError):
            raise outcome
        if not _is_worth_repeating(outcome):
            self.budget.give(COST if retries else 1)
        return outcome


def _is_worth_repeating(outcome: Outcome) -> bool:
    if isinstance(outcome, Response):
        return is_worth_repeating(outcome)
    return outcome.fault != "timeout" and outcome.retryable  # after a timeout there is no time left
