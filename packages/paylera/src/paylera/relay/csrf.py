"""The double-submit CSRF check: a signed, dated token bound to the caller, sent as a cookie and repeated in a header.

The order of refusals is that of contract section 4. No header, cookie or content type is a reason to skip the check.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from paylera.http import Request
from paylera.problems import Problem
from paylera.relay.redirects import configured_origins
from paylera.system import System

log = logging.getLogger("paylera.relay")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_PATH = re.compile(r"/[!-:<-~]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_TOKEN = re.compile(r"v1\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})", re.ASCII)
_MIN_SECRET_BYTES = 16
_CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PayleraCsrfOptions:
    """How the CSRF token is carried, signed and bound; checked when the relay is built.

    `cookie_secure=None` follows the request's own scheme. `secret` (a string, or a list of them whose first signs and
    all of which verify) defaults to the API token. `trusted_origins` are other origins whose pages may call the
    relay. `binding(request)` returns what a token is bound to, in place of the login session or the identity; it must
    change when the user does.
    """

    cookie_name: str = "paylera_csrf"
    header_name: str = "Paylera-CSRF-Token"
    cookie_path: str = "/"
    cookie_domain: str | None = None
    cookie_secure: bool | None = None
    cookie_samesite: Literal["lax", "strict", "none"] = "lax"
    ttl_seconds: int = 86400
    secret: str | Sequence[str] | None = field(default=None, repr=False)
    trusted_origins: Iterable[str] = ()
    binding: Callable[[Any], object] | None = None

    def __post_init__(self) -> None:
        """Refuse what no browser would honour; `ValueError` names the parameter."""
        checks = {
            "cookie_name": bool(_NAME.fullmatch(self.cookie_name)),
            "header_name": bool(_NAME.fullmatch(self.header_name)),
            "cookie_path": bool(_PATH.fullmatch(self.cookie_path)),
            "cookie_domain": self.cookie_domain is None or bool(_DOMAIN.fullmatch(self.cookie_domain)),
            "cookie_samesite": str(self.cookie_samesite).lower() in ("lax", "strict", "none"),
            "ttl_seconds": self.ttl_seconds > 0,
            "binding": self.binding is None or callable(self.binding),
        }
        for parameter, is_good in checks.items():
            if not is_good:
                msg = f"csrf {parameter}={getattr(self, parameter)!r} is not usable"
                raise ValueError(msg)
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.cookie_samesite.lower() == "none" and self.cookie_secure is False:
            msg = "csrf cookie_samesite='none' needs cookie_secure=True: browsers drop such a cookie otherwise"
            raise ValueError(msg)
        is_host_only = self.cookie_path == "/" and self.cookie_domain is None and self.cookie_secure
        if self.cookie_name.startswith("__Host-") and not is_host_only:
            msg = "csrf cookie_name __Host-... needs cookie_secure=True, cookie_path='/' and no cookie_domain"
            raise ValueError(msg)


class Csrf:
    """Mints and checks tokens; holds the derived keys, never the secrets."""

    def __init__(self, options: PayleraCsrfOptions, *, fallback_secret: str, system: System) -> None:
        self.options = replace(options, secret=None)
        self._header = options.header_name.lower()
        self._trusted = configured_origins("csrf trusted_origins", options.trusted_origins)
        self._keys = tuple(_derived(secret) for secret in _secrets(options.secret, fallback_secret))
        self._system = system

    def mint(self, binding: str) -> tuple[str, str]:
        """Return a fresh token bound to `binding`, and when it expires (ISO 8601 UTC)."""
        issued = int(self._system.now())
        nonce = _encode(self._system.random_bytes(16))
        token = f"v1.{issued}.{nonce}.{_mac(self._keys[0], str(issued), nonce, binding)}"
        expires = datetime.fromtimestamp(issued + self.options.ttl_seconds, UTC)
        return token, expires.isoformat().replace("+00:00", "Z")

    def cookie(self, token: str, *, secure: bool) -> str:
        """Return the `Set-Cookie` value that carries `token`; `secure` tells whether the request came over https."""
        options = self.options
        same_site = options.cookie_samesite.lower()
        secure = secure if options.cookie_secure is None else options.cookie_secure
        # In the order in which the standard library writes them, so that every host sends the same bytes.
        return "; ".join([
            f"{options.cookie_name}={token}",
            *([f"Domain={options.cookie_domain}"] if options.cookie_domain else []),
            f"Max-Age={options.ttl_seconds}",
            f"Path={options.cookie_path}",
            f"SameSite={same_site.capitalize()}",
            *(["Secure"] if secure or same_site == "none" else []),
        ])  # fmt: skip

    def check_source(self, request: Request, *, own_origin: str) -> None:
        """Refuse a call that another site's page made, by what the browser says of its source."""
        origin = request.joined("origin")
        trusted = origin is not None and origin in self._trusted
        if origin is not None and (origin == "null" or "," in origin):
            raise _mismatch("the Origin header is null or repeated")
        site = request.joined("sec-fetch-site")
        if site is not None:
            if site != "same-origin" and not trusted:
                raise _mismatch("the call comes from a page of another site, which csrf trusted_origins does not name")
        elif origin is not None and origin != own_origin and not trusted:
            # A proxy that hides the outside scheme or host is the usual cause. Told to the log alone: behind such a
            # proxy it is an inside name.
            log.warning("refused a call whose Origin is another than %s, the site as this server sees it", own_origin)
            raise _mismatch("the Origin header names another site than this one")

    def check_token(self, request: Request, *, binding: str) -> None:
        """Refuse a call whose header token is not ours, not fresh, not this caller's, or not among the cookies."""
        sent = request.joined(self._header)
        if sent is None:
            raise _mismatch(f"send the token of GET csrf-token in the header {self.options.header_name}")
        self._check_signed(sent, binding)
        cookies = [value for name, value in _cookies(request) if name == self.options.cookie_name]
        if not any(hmac.compare_digest(sent.encode(), value.encode()) for value in cookies):
            raise _mismatch(f"the token is not in the cookie {self.options.cookie_name}")

    def _check_signed(self, token: str, binding: str) -> None:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise _mismatch("the token is malformed")
        issued, nonce, mac = match[1], match[2], match[3].encode()
        macs = [_mac(key, issued, nonce, binding).encode() for key in self._keys]
        if not any([hmac.compare_digest(mac, expected) for expected in macs]):  # noqa: C419 - every key, for even timing
            raise _mismatch("the token belongs to another session or user; fetch a new one")
        age = self._system.now() - int(issued)
        if not -_CLOCK_SKEW_SECONDS <= age <= self.options.ttl_seconds:
            raise _mismatch("the token has expired; fetch a new one")


def _secrets(secret: Any, fallback: str) -> list[str]:
    if secret is None:
        return [fallback]
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets or any(not isinstance(s, str) or len(s.encode()) < _MIN_SECRET_BYTES for s in secrets):
        msg = f"csrf secret must be a string of at least {_MIN_SECRET_BYTES} bytes, or a list of such strings"
        raise ValueError(msg)
    return secrets


def _derived(secret: str) -> bytes:
    # A key of its own: the API token itself never signs anything that leaves the server.
    return hmac.digest(secret.encode(), b"paylera csrf token v1", hashlib.sha256)


def _mac(key: bytes, issued: str, nonce: str, binding: str) -> str:
    # Only the binding has a free form, and it comes last: no two inputs give the same message.
    return _encode(hmac.digest(key, f"{issued}.{nonce}.{binding}".encode(), hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _cookies(request: Request) -> Iterable[tuple[str, str]]:
    # Exact names from the raw header: frameworks strip exotic white space from names, and so read a sibling domain's
    # cookie as ours.
    for header in request.values("cookie"):
        for pair in header.split(";"):
            name, separator, value = pair.strip(" \t").partition("=")
            if separator:
                yield name, value


def _mismatch(detail: str) -> Problem:
    return Problem("paylera.csrf_mismatch", detail)
