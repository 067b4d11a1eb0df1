"""The connection to a running sandbox: its control API and its API, over the standard library for a fast start."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from paylera_sandbox.cli.exits import REFUSED, UNREACHABLE, CommandError, misused

TIMEOUT_SECONDS = 600.0  # moving the clock by years is work
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """A sandbox by its URL and token. Every call is one request on a connection of its own."""

    url: str
    token: str

    def get(self, path: str, /, **query: object) -> Doc:
        """Read an object."""
        return self._json("GET", path, query=query)

    def post(self, path: str, body: Doc | None = None) -> Doc:
        """Change something."""
        return self._json("POST", path, body=body or {})

    def put(self, path: str, body: Doc) -> Doc:
        """Set something."""
        return self._json("PUT", path, body=body)

    def delete(self, path: str, /, **query: object) -> None:
        """Remove something."""
        self.raw("DELETE", path, query=query)

    def all(self, path: str, /, *, limit: int, **query: object) -> list[Doc]:
        """Read a list over its pages, up to so many objects."""
        found: list[Doc] = []
        cursor: object = None
        while len(found) < limit:
            page = self.get(path, limit=min(100, limit - len(found)), cursor=cursor, **query)
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, object] | None = None,
        content: bytes | None = None,
        media_type: str = "application/json",
    ) -> bytes:
        """Send one request and return the body of its answer. Raises CommandError for a refusal and for no answer."""
        given = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        if content is not None:
            headers["Content-Type"] = media_type
        try:
            status, body = self._exchange(method, path + (f"?{given}" if given else ""), content, headers)
        except ConnectionRefusedError:
            message = (
                f"no sandbox answers at {self.url}: start it with paylera-sandbox serve, or say where it is with --url "
                "or PAYLERA_BASE_URL"
            )
            raise CommandError(message, UNREACHABLE) from None
        except (OSError, http.client.HTTPException) as error:
            raise CommandError(f"cannot reach {self.url}: {str(error) or type(error).__name__}", UNREACHABLE) from None
        if status >= 400:
            raise _refusal(status, body, self.url)
        return body

    def _json(self, method: str, path: str, *, query: dict[str, object] | None = None, body: Doc | None = None) -> Doc:
        content = None if body is None else json.dumps(body).encode()
        answer = self.raw(method, path, query=query, content=content)
        try:
            found = json.loads(answer)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CommandError(f"what answers at {self.url} is not a Paylera sandbox", UNREACHABLE)
        return found

    def _exchange(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        https = parts.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, parts.path.rstrip("/") + path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def opened(url: str, token: str) -> Connection:
    """Check what a connection is made from."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or not url.isascii() or not url.isprintable() or " " in url:
        misused("must be the base URL of a sandbox, for example http://127.0.0.1:8787", "--url")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        misused("must be visible ASCII characters", "--token")
    return Connection(url.rstrip("/"), token)


def segment(identifier: str) -> str:
    """Write an id as one segment of a path, whatever it holds."""
    return quote(identifier, safe="") or "-"


def _refusal(status: int, body: bytes, url: str) -> CommandError:
    try:
        problem = json.loads(body)
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return CommandError(f"what answers at {url} is not a Paylera sandbox (status {status})", UNREACHABLE)
    hint = "; give the token that the sandbox was started with as --token" if code == "auth.invalid_token" else ""
    return CommandError(f"{detail.rstrip('.')} ({code}){hint}", REFUSED, problem=problem)
