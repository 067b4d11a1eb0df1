"""What may go on the wire: an outbound request, checked before a byte of it is sent.

Paths go out byte for byte, headers cannot be injected, and what frames a message belongs to the transport alone.
Source: contract section 2 ("Path safety").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from paylera.errors import TransportError, TransportFault
from paylera.http import Request

_URL = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?((?:[/?][!-\"$-~]*)?)")
_METHOD = re.compile(r"[A-Z]{1,20}")
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset(
    {
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_DEFAULT_PORTS = {"http": 80, "https": 443}
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Origin(NamedTuple):
    """Where a connection goes."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """Return the `Host` value: without the port when it is the scheme's own."""
        return self.host if self.port == _DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"


def origin_and_target(request: Request) -> tuple[Origin, str]:
    """Return where a request goes and the target exactly as it will be sent; refuse (`ValueError`) what is unsafe."""
    match = _URL.fullmatch(request.url)
    if match is None or not _METHOD.fullmatch(request.method):
        raise ValueError("a request needs an upper-case method and an absolute http(s) URL of visible ASCII characters")
    _check_headers(request)
    scheme, host, port, target = match.groups()
    origin = Origin(scheme, host.lower(), int(port) if port else _DEFAULT_PORTS[scheme])
    return origin, target if target.startswith("/") else f"/{target}"


def _check_headers(request: Request) -> None:
    for name, value in request.headers:
        if not _NAME.fullmatch(name) or not _is_value(value):
            msg = f"header {name!r} has a name that is not lower case, or a value that is no plain text of one line"
            raise ValueError(msg)
        if name in _OURS:
            msg = f"header {name!r} is set by the transport; leave it out"
            raise ValueError(msg)


def _is_value(value: object) -> bool:
    return isinstance(value, str) and _VALUE.fullmatch(value) is not None


def encoded(request: Request, origin: Origin, target: str) -> bytes:
    """Return the bytes of a checked request, HTTP/1.1; no compression is asked for."""
    head = f"{request.method} {target} HTTP/1.1\r\nhost: {origin.host_header}\r\naccept-encoding: identity\r\n"
    lines = [head, *("".join((name, ": ", value, "\r\n")) for name, value in request.headers)]
    if request.body or request.method in _WITH_BODY:
        lines.append(f"content-length: {len(request.body)}\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("latin-1") + request.body


class Failure(NamedTuple):
    """Why there is no answer, carried as a value so that the error is raised clear of the library's frames: those
    hold headers in their locals."""

    fault: TransportFault
    what: str
    is_passing: bool = False

    def error(self, origin: Origin) -> TransportError:
        """Return the error to raise; it names host and port, never a path, query or header."""
        return TransportError(f"{origin} {self.what}", fault=self.fault, retryable=self.is_passing)


CLOSED_EARLY = Failure("connection", "closed the connection before it answered", is_passing=True)
BROKEN_OFF = Failure("protocol", "broke off in the middle of its answer", is_passing=True)


def timed_out(timeout: float) -> Failure:
    """Return the failure of a call whose total time was up."""
    if timeout <= 0:
        return Failure("timeout", "was not called: no time was left", is_passing=True)
    return Failure("timeout", f"did not answer within {timeout:g} s; it may still act on the call", is_passing=True)


def too_large(max_bytes: int) -> Failure:
    """Return the failure of an answer beyond the cap."""
    return Failure("too_large", f"sent an answer of more than {max_bytes} bytes; it was not read")


def malformed(reason: str) -> Failure:
    """Return the failure of a peer that does not speak HTTP/1.1 as it must."""
    return Failure("protocol", f"{reason}; check base_url")


def broken(reason: str) -> Failure:
    """Return the failure of a connection that could not be made or that broke."""
    return Failure("connection", f"could not be reached ({reason}); check base_url and the network", is_passing=True)


def untrusted(reason: str) -> Failure:
    """Return the failure of a TLS peer whose certificate does not hold; trying again does not help."""
    return broken(f"its TLS certificate is not trusted: {reason}")._replace(is_passing=False)
