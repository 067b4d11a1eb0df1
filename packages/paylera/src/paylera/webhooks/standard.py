"""Standard Webhooks as a second scheme: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> v1,...`.

A v1 is HMAC-SHA-256 over id, a dot, the timestamp, a dot and the raw body; its key is what the base64 after `whsec_`
stands for. Source: the Standard Webhooks specification, version 1.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re

from paylera.errors import SignatureFault
from paylera.http import Request
from paylera.webhooks.signatures import MAX_HEADER, MAX_SIGNATURES, TIMESTAMP, Seal

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_ID = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_PREFIX = "whsec_"


def read_headers(request: Request) -> Seal | SignatureFault | None:
    """Return what the three headers say, or what is wrong with them; None for a request that has none of them."""
    found = [request.values(name) for name in HEADERS]
    if not any(found):
        return None
    if any(len(values) != 1 for values in found):
        return "malformed_header"
    (message,), (stamp,), (header,) = found
    if not _ID.fullmatch(message) or not TIMESTAMP.fullmatch(stamp) or len(header) > MAX_HEADER:
        return "malformed_header"
    # Other versions (`v1a`, a public key's) are passed over.
    signatures = [value.encode(errors="replace") for version, _, value in _pairs(header) if version == "v1" and value]
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        return "malformed_header"
    return Seal(int(stamp), f"{message}.{stamp}.".encode(), signatures, digest)


def _pairs(header: str) -> list[tuple[str, str, str]]:
    return [item.partition(",") for item in header.split(" ")]


def digest(secret: str, signed: bytes) -> bytes | None:
    """Return the base64 signature of `signed`; None for a secret that is not base64 behind an optional `whsec_`."""
    key = _key(secret)
    return None if key is None else base64.b64encode(hmac.digest(key, signed, "sha256"))


def _key(secret: str) -> bytes | None:
    encoded = secret.removeprefix(_PREFIX)
    try:
        # Some issuers leave the padding out.
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None
