"""Which addresses a browser may ask Paylera to send its user back to.

Source: contract section 2, "Redirect URLs".
"""

from __future__ import annotations

import ipaddress
import logging
import re
from typing import Any

from paylera.problems import Problem
from paylera.relay.problems import invalid

log = logging.getLogger("paylera.relay")

# The host is an ASCII name or address. A user part, a backslash, white space or a control character has no place in
# either form.
_ABSOLUTE = re.compile(
    r"(?P<scheme>(?i:https?))://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?P<port>:[0-9]{1,5})?(?P<rest>[/?#][!-\[\]-~]*)?"
)
_RELATIVE = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_DEFAULT_PORT = {"https": ":443", "http": ":80"}
_MAX_LENGTH = 2048


def origin_of(url: str) -> str | None:
    """Return `scheme://host[:port]` in lower case without the default port, or None when `url` is not a plain
    absolute URL.
    """
    match = _ABSOLUTE.fullmatch(url)
    if match is None:
        return None
    scheme, port = match["scheme"].lower(), match["port"] or ""
    return f"{scheme}://{match['host'].lower()}{'' if port == _DEFAULT_PORT[scheme] else port}"


def is_loopback(origin: str) -> bool:
    """Tell whether an origin's host is this machine."""
    host = re.sub(r":[0-9]+$", "", origin.split("://", 1)[1]).strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def configured_origins(parameter: str, origins: Any) -> frozenset[str]:
    """Check origins that a merchant configured; `ValueError` names the parameter and the faulty entry."""
    if isinstance(origins, str):
        msg = f"{parameter} must be a list of origins, not one string"
        raise ValueError(msg)
    return frozenset(_configured_origin(parameter, entry) for entry in origins)


def _configured_origin(parameter: str, entry: Any) -> str:
    origin = origin_of(entry) if isinstance(entry, str) else None
    if origin is None or entry.lower() not in (origin, origin + _DEFAULT_PORT[origin.split(":")[0]]):
        msg = (
            f"{parameter}: {entry!r} is not an origin; write it as 'https://shop.example' (no path, no trailing slash)"
        )
        raise ValueError(msg)
    return origin


def resolve(field: str, url: str, *, own_origin: str, allowed: frozenset[str]) -> str:
    """Return the absolute URL to send upstream, or raise `paylera.redirect_not_allowed`."""
    if len(url) > _MAX_LENGTH:
        raise _refused(field, f"must be at most {_MAX_LENGTH} characters")
    if _RELATIVE.fullmatch(url):
        return own_origin + url
    origin = origin_of(url)
    if origin is None:
        raise _refused(field, "must be a path such as '/billing' or an absolute https URL, percent-encoded")
    if origin.startswith("http:") and not is_loopback(origin):
        raise _refused(field, "must use https")
    if origin != own_origin.lower() and origin not in allowed:
        log.warning("refused a %s that leaves %s, the site as this server sees it", field, own_origin)
        raise _refused(field, "must stay on this site or on an origin listed in allowed_redirect_origins")
    return url


def _refused(field: str, message: str) -> Problem:
    return invalid(field, "not_allowed", message, type="paylera.redirect_not_allowed")
