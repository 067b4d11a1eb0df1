"""Where Paylera is, and how a call introduces itself: token, base URL, API version, headers and paths. No I/O.

Source: contract sections 2 ("Upstream request", "Path safety") and 6.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from paylera.http import Headers
from paylera.secret import Secret, SecretText

Mode = Literal["live", "test", "custom"]

DEFAULT_API_VERSION = "2026-05-01"
BASE_URL_VARIABLE = "PAYLERA_BASE_URL"
VERSION = "0.1.0"
USER_AGENT = f"paylera-python/{VERSION} python/{sys.version_info.major}.{sys.version_info.minor}"

_HOSTS: Mapping[str, tuple[Mode, str]] = {
    "pl_live_": ("live", "https://api.paylera.dev"),
    "pl_test_": ("test", "https://api.test.paylera.dev"),
}
_TOKEN = re.compile(r"[!-~]+")
_API_VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\]")
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What every id put in a path must fully match. Quoting would not do: HTTP clients collapse dot segments."""

_HOLE = re.compile(r"\{([a-z_]+)\}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One account at one base URL; safe to print, refuses to be pickled because it holds the token."""

    token: Secret
    base_url: str
    api_version: str
    mode: Mode

    @classmethod
    def resolve(
        cls,
        *,
        api_token: object,
        base_url: object = None,
        api_version: object = DEFAULT_API_VERSION,
        environ: Mapping[str, str] | None = None,
    ) -> Endpoint:
        """Check what a user configured; `ValueError` names the parameter and never holds the token.

        `base_url` wins over the environment's `PAYLERA_BASE_URL`, which wins over the token's prefix. An overridden
        base URL makes the mode `custom`.
        """
        # No frame of a traceback keeps the token: not as an argument, nor within the environment.
        from_environment, environ = (environ or {}).get(BASE_URL_VARIABLE, "").strip(), None
        token, api_token = _checked_token(api_token), None
        mode, url = _located(token, base_url, from_environment)
        if not isinstance(api_version, str) or not _API_VERSION.fullmatch(api_version):
            msg = f"api_version must be a date such as {DEFAULT_API_VERSION!r}"
            raise ValueError(msg)
        return cls(token, url, api_version, mode)

    def headers(
        self, *, request_id: str | None = None, idempotency_key: str | None = None, has_body: bool = False
    ) -> Headers:
        """Return the headers of one call; the `authorization` value prints as a mask."""
        optional = (
            ("x-request-id", request_id),
            ("idempotency-key", idempotency_key),
            ("content-type", "application/json" if has_body else None),
        )
        return (
            ("authorization", SecretText(f"Bearer {self.token.reveal()}")),
            ("paylera-api-version", self.api_version),
            ("accept", "application/json"),
            ("user-agent", USER_AGENT),
            *((name, value) for name, value in optional if value is not None),
        )

    def url(self, template: str, /, **ids: str) -> str:
        """Return the absolute URL of a path template such as `/v1/plans/{code}`.

        An id that does not match `[A-Za-z0-9_-]{1,128}` is a `ValueError`. Quoting would not do: HTTP clients collapse
        `..` even when it was quoted.
        """
        path = _HOLE.sub(lambda hole: _checked_id(hole[1], ids[hole[1]]), template)
        if not _PATH.fullmatch(path):
            msg = f"{template!r} is not a path of constants and ids"
            raise ValueError(msg)
        return self.base_url + path


def _checked_token(token: object) -> Secret:
    text = token.reveal() if isinstance(token, Secret) else token
    is_blank = not isinstance(text, str) or not text.strip()
    if isinstance(text, str) and _TOKEN.fullmatch(text):
        return Secret(text)
    del token, text  # the traceback's locals end in error trackers
    if is_blank:
        raise ValueError("api_token must not be blank: pass the secret key of your Paylera account")
    raise ValueError("api_token holds a space, a line break or a character outside ASCII: check how it was copied")


def _located(token: Secret, base_url: object, from_environment: str) -> tuple[Mode, str]:
    if base_url is not None:
        return "custom", _checked_base_url("base_url", base_url)
    if from_environment:
        return "custom", _checked_base_url(BASE_URL_VARIABLE, from_environment)
    for prefix, found in _HOSTS.items():
        if token.reveal().startswith(prefix):
            return found
    known = " nor ".join(_HOSTS)
    msg = f"api_token starts with neither {known}: pass base_url= or set {BASE_URL_VARIABLE} to say where it belongs"
    raise ValueError(msg)


def _checked_base_url(parameter: str, value: object) -> str:
    parts = _split(value)
    port = _port(parts)
    if parts is None or port is None or not _is_plain(parts):
        msg = f"{parameter} must look like https://host[:port][/path], without user, query or fragment"
        raise ValueError(msg)
    return f"{parts.scheme}://{_host(parts).lower()}{port}{parts.path.rstrip('/')}"


def _split(value: object) -> SplitResult | None:
    # `urlsplit` drops line breaks and tabs in silence: the text is checked before it is split.
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or "?" in value or "#" in value:
        return None
    try:
        return urlsplit(value)
    except ValueError:
        return None


def _port(parts: SplitResult | None) -> str | None:
    try:
        port = parts.port if parts else None
    except ValueError:
        return None
    if port == 0:
        return None
    return "" if port is None else f":{port}"


def _host(parts: SplitResult) -> str:
    return re.sub(r":[0-9]*\Z", "", parts.netloc)


def _is_plain(parts: SplitResult) -> bool:
    return bool(
        parts.scheme in ("http", "https")
        and _HOST.fullmatch(_host(parts))
        and _BASE_PATH.fullmatch(parts.path.rstrip("/"))
    )


def _checked_id(name: str, value: object) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        msg = f"{name} must be 1 to 128 letters, digits, '_' or '-', as Paylera's ids and codes are"
        raise ValueError(msg)
    return value
