"""Signatures of webhook deliveries: check the bytes first, parse them later.

The header is `Paylera-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>...]`; a v1 is HMAC-SHA-256 over `t`, a dot and
the raw body, keyed with the whole secret string. Source: contract section 7.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from paylera.errors import SignatureFault, SignatureVerificationError
from paylera.secret import Secret
from paylera.system import REAL

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

HEADER = "paylera-signature"
MAX_HEADER = 4096
MAX_SIGNATURES = 16
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

MESSAGES: dict[SignatureFault, str] = {
    "missing_header": "there is no Paylera-Signature header",
    "malformed_header": "the Paylera-Signature header is not `t=<unix seconds>,v1=<hex>`, sent once",
    "no_secret": "there is no signing secret to check with; every one given is blank",
    "payload_not_bytes": "the payload must be the raw bytes of the body, exactly as they were received",
    "no_match": "the signature matches no accepted secret",
    "timestamp_too_old": "the signature is older than the tolerance allows",
    "timestamp_in_future": "the signature is dated further in the future than the tolerance allows",
    "malformed_payload": "the signature is right, but the body is not a JSON event envelope",
}
"""What each reason means, for errors and answers; no message quotes what was received."""


class Verifier:
    """Checks deliveries against a list of secrets, within a tolerance on both sides of now.

    `ValueError` for a setting that could never be right. Blank secrets are dropped: whoever leaves a variable empty
    must not accept signatures made with an empty key.
    """

    __slots__ = ("_secrets", "_tolerance")

    def __init__(
        self, secret: str | None, *, accepted_secrets: Iterable[str | None] | None, tolerance_seconds: float
    ) -> None:
        self._tolerance = _checked_tolerance(tolerance_seconds)
        given = (_checked_secret("secret", secret), *_checked_secrets(accepted_secrets))
        self._secrets = tuple(Secret(item) for item in given if item.strip())

    def fault(self, payload: Any, header: Any, *, now: float) -> SignatureFault | None:
        """Return why the delivery must not be trusted, or None; never raises, whatever the types.

        The signature is compared before the time: so a reason that names the time is told to the true sender only.
        """
        if not self._secrets:
            return "no_secret"
        if header is None or header == "":
            return "missing_header"
        parsed = _parse(header)
        if parsed is None:
            return "malformed_header"
        if not isinstance(payload, bytes | bytearray):
            return "payload_not_bytes"
        stamp, signatures = parsed
        if not self._matches(stamp.encode() + b"." + payload, signatures):
            return "no_match"
        return self._fault_of_time(now - int(stamp))

    def _matches(self, signed: bytes, signatures: Sequence[bytes]) -> bool:
        # Every pair is compared, so that the time taken tells neither which secret nor which signature was right.
        expected = [_digest(secret.reveal(), signed) for secret in self._secrets]
        return sum(hmac.compare_digest(own, sent) for own in expected for sent in signatures) > 0

    def _fault_of_time(self, age: float) -> SignatureFault | None:
        if abs(age) <= self._tolerance:
            return None
        return "timestamp_in_future" if age < 0 else "timestamp_too_old"


def verify_signature(
    payload: bytes,
    header: str | None,
    secret: str | None,
    *,
    accepted_secrets: Iterable[str | None] | None = None,
    tolerance_seconds: float = 300,
    now: float | None = None,
) -> bool:
    """Return whether `header` signs `payload` with `secret` or an accepted one, at about `now` (unix seconds).

    Never raises on what a stranger can send: a missing header, a text payload, anything malformed is False. A setting
    of your own that cannot be right (a tolerance that is not a positive number, a string for `accepted_secrets`) is a
    `ValueError`. A signature counts in lower-case hex only, the form in which it is sent: one spelling per signature.
    Source: contract section 7.
    """
    verifier = Verifier(secret, accepted_secrets=accepted_secrets, tolerance_seconds=tolerance_seconds)
    return verifier.fault(payload, header, now=REAL.now() if now is None else now) is None


def construct_event(
    payload: bytes,
    header: str | None,
    secret: str | None,
    *,
    accepted_secrets: Iterable[str | None] | None = None,
    tolerance_seconds: float = 300,
    now: float | None = None,
) -> PayleraWebhookEvent:
    """Verify `payload` and return it as a typed event; otherwise raise `SignatureVerificationError` with a `reason`.

    An unknown event type gives the base class. Settings are checked as `verify_signature` does. Source: contract
    section 7.
    """
    from paylera.webhooks.parsing import parse_event

    verifier = Verifier(secret, accepted_secrets=accepted_secrets, tolerance_seconds=tolerance_seconds)
    fault = verifier.fault(payload, header, now=REAL.now() if now is None else now)
    if fault is not None:
        raise refusal(fault)
    return parse_event(payload)


def sign(payload: bytes, secret: str, *, timestamp: int) -> str:
    """Return the `Paylera-Signature` header of `payload`, as Paylera would send it at `timestamp` (unix seconds)."""
    if not isinstance(payload, bytes | bytearray):
        raise ValueError("payload must be the bytes that will be sent")
    if is_blank(secret):
        raise ValueError("secret must not be blank")
    stamp = str(timestamp)
    if not _TIMESTAMP.fullmatch(stamp):
        raise ValueError("timestamp must be whole unix seconds")
    return f"t={stamp},v1={_digest(secret, stamp.encode() + b'.' + payload).decode()}"


def is_blank(secret: Any) -> bool:
    """Return whether `secret` is no string, or one without anything but white space."""
    return not isinstance(secret, str) or not secret.strip()


def refusal(fault: SignatureFault) -> SignatureVerificationError:
    """Return the error of one reason."""
    return SignatureVerificationError(MESSAGES[fault], reason=fault)


def _parse(header: Any) -> tuple[str, list[bytes]] | None:
    if not isinstance(header, str) or len(header) > MAX_HEADER or not header.isascii():
        return None
    items = [item.strip(" \t").partition("=") for item in header.split(",")]
    stamps = [value for key, _, value in items if key == "t"]
    # Other schemes (`v0`, `v2`) are passed over, so that Paylera can introduce one. What is no `key=value` is refused.
    signatures = [value.encode() for key, _, value in items if key == "v1"]
    is_whole = all(separator for _, separator, _ in items)
    if not is_whole or len(stamps) != 1 or not 1 <= len(signatures) <= MAX_SIGNATURES:
        return None
    return (stamps[0], signatures) if _TIMESTAMP.fullmatch(stamps[0]) else None


def _digest(secret: str, signed: bytes) -> bytes:
    # A variable that is no UTF-8 reaches Python as lone surrogates; they must not end as a foreign exception.
    return hmac.digest(secret.encode(errors="surrogatepass"), signed, "sha256").hex().encode()


def _checked_tolerance(seconds: Any) -> float:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds < math.inf:
        raise ValueError("tolerance_seconds must be a finite number greater than 0")
    return cast("float", seconds)


def _checked_secrets(secrets: Any) -> list[str]:
    # A string is a sequence of strings, and every one of its characters would become an accepted secret.
    if isinstance(secrets, str | bytes) or not isinstance(secrets, Iterable | None):
        raise ValueError("accepted_secrets must be a list of secrets, not a single one")
    return [_checked_secret("accepted_secrets", secret) for secret in secrets or ()]


def _checked_secret(name: str, secret: Any) -> str:
    if not isinstance(secret, str | None):
        msg = f"{name} must be text, not {type(secret).__name__}"
        raise ValueError(msg)
    return secret or ""
