"""What callers asked of the API, kept for the tests that use the sandbox and for the console's request log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from paylera_sandbox.jsonbody import parse

MOST_REQUESTS = 1_000
MOST_BYTES = 32 * 1024 * 1024
MOST_OF_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One API request as it came over the wire, with what it got. Header names are lower case.

    `number` counts the requests from 1. `at` is the sandbox's clock and `duration_ms` is real time. `answer` is the
    beginning of the answer's body, at most 64 KiB. `replayed` says that the answer was that of an earlier call with the
    same idempotency key, `fault` names the fault that was made on demand.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    number: int = 0
    at: str = ""
    duration_ms: float = 0.0
    request_id: str = ""
    idempotency_key: str | None = None
    replayed: bool = False
    fault: str | None = None
    answer: bytes = b""

    def json(self) -> dict[str, Any]:
        """Return the body as an object."""
        return parse(self.body)

    @property
    def size(self) -> int:
        """Return about how many bytes of memory this takes."""
        heads = sum(len(name) + len(value) for name, value in self.headers.items())
        return len(self.body) + len(self.answer) + heads + len(self.path) + len(self.query) + 500


class Recorder:
    """The latest requests, oldest first: at most so many, and at most so many bytes together."""

    def __init__(self, *, limit: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._requests: deque[RecordedRequest] = deque()
        self.limit = limit
        self._most_bytes = most_bytes
        self._bytes = 0
        self.total = 0

    def next_number(self) -> int:
        """Count a request."""
        self.total += 1
        return self.total

    def add(self, request: RecordedRequest) -> None:
        """Keep a request, and forget the oldest if there is no room for all. The newest always stays."""
        self._requests.append(request)
        self._bytes += request.size
        while len(self._requests) > 1 and (len(self._requests) > self.limit or self._bytes > self._most_bytes):
            self._bytes -= self._requests.popleft().size

    def requests(self) -> list[RecordedRequest]:
        """Return a copy of the list."""
        return list(self._requests)

    @property
    def kept(self) -> int:
        """Return how many requests are kept."""
        return len(self._requests)

    def find(self, number: int) -> RecordedRequest | None:
        """Return a request by its number, if it is still kept."""
        return next((request for request in self._requests if request.number == number), None)

    def clear(self) -> None:
        """Forget everything."""
        self._requests.clear()
        self._bytes = 0
