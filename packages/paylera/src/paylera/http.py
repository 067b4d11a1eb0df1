"""The HTTP values that cross every seam: no framework's type goes further than an adapter.

Header names are lower case; headers are ordered pairs, because a name may repeat (`Set-Cookie`, and what attackers
send).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

Headers = tuple[tuple[str, str], ...]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[(?P<ip>[0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?", re.ASCII)


def absolute_url(scheme: str, host: str | None, path: str, query: str) -> str:
    """Return the URL of an inbound request; a `Host` that is none (strangers send anything) becomes `localhost`."""
    safe_host = host if host is not None and _is_host(host) else "localhost"
    return f"{'https' if scheme == 'https' else 'http'}://{safe_host}{quote(path)}" + (f"?{query}" if query else "")


def _is_host(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None or match["ip"] is None:
        return match is not None
    try:
        ipaddress.IPv6Address(match["ip"])  # `urlsplit` raises on any other text in brackets
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, inbound or outbound; `url` is absolute, `truncated` says that the body exceeded the cap and
    was not read whole."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    truncated: bool = False

    def values(self, name: str) -> list[str]:
        """Return every value of one header (lower-case name), in order."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        """Return the first value of one header (lower-case name)."""
        return next(iter(self.values(name)), None)

    def joined(self, name: str) -> str | None:
        """Return every value of one header as a single one: WSGI servers join what is repeated by commas, so whoever
        asks this way gets the same on every host.
        """
        values = self.values(name)
        return ",".join(values) if values else None

    @property
    def parts(self) -> SplitResult:
        """Return the split URL."""
        return urlsplit(self.url)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, inbound or outbound."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of one header (lower-case name)."""
        return next((value for key, value in self.headers if key == name), None)
