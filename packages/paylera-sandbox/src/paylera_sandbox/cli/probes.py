"""Probes: single requests to a merchant's application, and what came of them."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10.0  # as long as Paylera waits for a receiver


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or the reason why there is none. Header names are lower case."""

    status: int | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    error: str | None = None

    @property
    def told(self) -> str:
        """Say in a few words what came back."""
        return self.error or f"answered {self.status} after {self.seconds:.1f} s"

    def json(self) -> Any:
        """Return the body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def redirects(self) -> bool:
        """Tell whether this sends the caller elsewhere, which no webhook sender follows."""
        return self.status is not None and 300 <= self.status < 400


def probe(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
    """Send one request; nothing is followed and nothing raised."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    begun = time.monotonic()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        content = answer.read(1024 * 1024)
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, content, time.monotonic() - begun)
    except TimeoutError:
        return Reply(None, error=f"gave no answer within {TIMEOUT_SECONDS:g} s")
    except ConnectionRefusedError:
        return Reply(None, error=f"nothing listens at {parts.netloc}")
    except (OSError, http.client.HTTPException) as error:
        return Reply(None, error=f"no answer: {str(error) or type(error).__name__}")
    finally:
        connection.close()
