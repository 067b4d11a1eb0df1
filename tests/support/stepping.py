"""Run flows without sockets, threads or an event loop: a scripted performer that records what it was asked."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paylera.errors import TransportError
from paylera.flow import Effect, Invoke, Pause, Send
from paylera.http import Request, Response
from paylera.system import System

Scripted = Response | TransportError | Callable[[Request], Response]


@dataclass
class Clock:
    """A clock that moves only when it is told to, or when a flow pauses."""

    time: float = 1_800_000_000.0
    counter: Any = field(default_factory=lambda: itertools.count(1))

    def system(self) -> System:
        """Return the system that reads this clock and counts instead of drawing lots."""
        return System(
            now=lambda: self.time,
            monotonic=lambda: self.time,
            random_bytes=lambda n: next(self.counter).to_bytes(n, "big"),
        )


@dataclass
class Script:
    """Answers `Send` from a list, calls plain callables, and lets pauses pass at once."""

    answers: list[Scripted] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    sent: list[Request] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self, effect: Effect) -> Any:
        """Perform one effect."""
        match effect:
            case Send(request, timeout, _):
                self.sent.append(request)
                self.timeouts.append(timeout)
                answer = self.answers.pop(0)
                if isinstance(answer, TransportError):
                    raise answer
                return answer if isinstance(answer, Response) else answer(request)
            case Invoke(callee, args):
                result = callee.function(*args)
                assert not inspect.isawaitable(result), "this performer runs plain callables"
                return result
            case Pause(seconds):
                self.pauses.append(seconds)
                self.clock.time += seconds
                return None


def answer(status: int = 200, document: Any = None, **headers: str) -> Response:
    """Return an upstream answer that holds `document` as JSON."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, (("content-type", "application/json"), *pairs), json.dumps(document or {}).encode())
