"""What callers asked of the API, kept for the tests that use the sandbox."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from paylera_sandbox.jsonbody import parse


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One API request as it came over the wire, with the status it got. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int

    def json(self) -> dict[str, Any]:
        """Return the body as an object."""
        return parse(self.body)


class Recorder:
    """The latest requests, oldest first."""

    def __init__(self, *, limit: int = 10_000) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=limit)

    def add(self, request: RecordedRequest) -> None:
        """Keep a request."""
        self._requests.append(request)

    def requests(self) -> list[RecordedRequest]:
        """Return a copy of the list."""
        return list(self._requests)

    def clear(self) -> None:
        """Forget everything."""
        self._requests.clear()
