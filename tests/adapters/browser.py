"""A browser as far as a relay sees it: cookies, JSON and the CSRF token."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of one header."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


@dataclass
class Browser:
    """One person at one site; a connection per call, so that it may be used by several threads."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Make a call; a body that is not bytes is sent as JSON."""
        sent = {"Host": "localhost"} | self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if method == "POST":
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        for value in (value for name, value in answer.headers if name.lower() == "set-cookie"):
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value

    def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Write."""
        return self.call("POST", path, body, **headers)

    def token(self, base: str) -> str:
        """Fetch a CSRF token, and its cookie with it."""
        answer = self.get(f"{base}/csrf-token")
        assert answer.status == 200, answer
        return str(answer.json["token"])
