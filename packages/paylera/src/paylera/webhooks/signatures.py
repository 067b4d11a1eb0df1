"""Signatures of webhook deliveries: check the bytes first, parse them later.

The header is `Paylera-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>...]`; a v1 is HMAC-SHA-256 over `t`, a dot and
the raw body, keyed with the whole secret string. Source: contract section 7.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from paylera.errors import SignatureFault, SignatureVerificationError
from paylera.secret import Secret
from paylera.system import REAL

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

HEADER = "paylera-signature"
MAX_HEADER = 4096
MAX_SIGNATURES = 16
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

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


@dataclass(frozen=True, slots=True)
class Seal:
    """What the headers of a delivery say: when it was signed, what stands before the body in the signed bytes, and the
    signatures. `digest` signs bytes with a secret as the scheme does; None for a secret that is none of the scheme's.
    """

    stamp: int
    prefix: bytes
    signatures: Sequence[bytes]
    digest: Callable[[str, bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fault` is why a delivery must not be trusted, or None; then `position` tells which secret was right:
    0 for the first one given, `n` for the n-th accepted one."""

    fault: SignatureFault | None
    position: int = 0


class Verifier:
    """Checks deliveries against a list of secrets, within a tolerance on both sides of now.

    Blank secrets are dropped: whoever leaves a variable empty must not accept signatures made with an empty key. They
    keep their position. `ValueError` for a tolerance that could never be right.
    """

    __slots__ = ("_secrets", "_tolerance")

    def __init__(self, secrets: Iterable[Secret], *, tolerance_seconds: float) -> None:
        self._tolerance = checked_tolerance(tolerance_seconds)
        self._secrets = tuple((place, secret) for place, secret in enumerate(secrets) if secret.reveal().strip())

    @property
    def has_secrets(self) -> bool:
        """Whether any secret is left to check with."""
        return bool(self._secrets)

    def fault(self, payload: Any, header: Any, *, now: float) -> SignatureFault | None:
        """Return why the delivery must not be trusted, or None; never raises, whatever the types."""
        return self.verdict(payload, read_header(header), now=now).fault

    def verdict(self, payload: Any, seal: Seal | SignatureFault, *, now: float) -> Verdict:
        """Judge a delivery whose headers were read; never raises.

        The signature is compared before the time: so a reason that names the time is told to the true sender only.
        """
        if not self._secrets:
            return Verdict("no_secret")
        if not isinstance(seal, Seal):
            return Verdict(seal)
        if not isinstance(payload, bytes | bytearray):
            return Verdict("payload_not_bytes")
        position = self._position(seal, seal.prefix + payload)
        if position is None:
            return Verdict("no_match")
        return Verdict(self._fault_of_time(now - seal.stamp), position)

    def _position(self, seal: Seal, signed: bytes) -> int | None:
        # Every pair is compared, so that the time taken tells neither which secret nor which signature was right.
        hits = [
            (place, _hits(seal.digest(secret.reveal(), signed), seal.signatures)) for place, secret in self._secrets
        ]
        return next((place for place, found in hits if found), None)

    def _fault_of_time(self, age: float) -> SignatureFault | None:
        if abs(age) <= self._tolerance:
            return None
        return "timestamp_in_future" if age < 0 else "timestamp_too_old"


def _hits(own: bytes | None, sent: Sequence[bytes]) -> int:
    return 0 if own is None else sum(hmac.compare_digest(own, one) for one in sent)


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
    verifier = Verifier(checked_secrets(secret, accepted_secrets), tolerance_seconds=tolerance_seconds)
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

    verifier = Verifier(checked_secrets(secret, accepted_secrets), tolerance_seconds=tolerance_seconds)
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
    if not TIMESTAMP.fullmatch(stamp):
        raise ValueError("timestamp must be whole unix seconds")
    return f"t={stamp},v1={_digest(secret, stamp.encode() + b'.' + payload).decode()}"


def is_blank(secret: Any) -> bool:
    """Return whether `secret` is no string, or one without anything but white space."""
    return not isinstance(secret, str) or not secret.strip()


def refusal(fault: SignatureFault) -> SignatureVerificationError:
    """Return the error of one reason."""
    return SignatureVerificationError(MESSAGES[fault], reason=fault)


def read_header(header: Any) -> Seal | SignatureFault:
    """Return what a `Paylera-Signature` header says, or what is wrong with it; never raises."""
    if header is None or header == "":
        return "missing_header"
    if not isinstance(header, str) or len(header) > MAX_HEADER or not header.isascii():
        return "malformed_header"
    items = [item.strip(" \t").partition("=") for item in header.split(",")]
    stamps = [value for key, _, value in items if key == "t"]
    # Other schemes (`v0`, `v2`) are passed over, so that Paylera can introduce one. What is no `key=value` is refused.
    signatures = [value.encode() for key, _, value in items if key == "v1"]
    is_whole = all(separator for _, separator, _ in items)
    if not is_whole or len(stamps) != 1 or not 1 <= len(signatures) <= MAX_SIGNATURES:
        return "malformed_header"
    if not TIMESTAMP.fullmatch(stamps[0]):
        return "malformed_header"
    return Seal(int(stamps[0]), stamps[0].encode() + b".", signatures, _digest)


def _digest(secret: str, signed: bytes) -> bytes:
    # A variable that is no UTF-8 reaches Python as lone surrogates; they must not end as a foreign exception.
    return hmac.digest(secret.encode(errors="surrogatepass"), signed, "sha256").hex().encode()


def checked_tolerance(seconds: Any) -> float:
    """Return a tolerance in seconds, or raise `ValueError`."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds < math.inf:
        raise ValueError("tolerance_seconds must be a finite number greater than 0")
    return cast("float", seconds)


def checked_secrets(secret: Any, accepted_secrets: Any) -> list[Secret]:
    """Return all secrets in the order of their positions, blank ones included, or raise `ValueError`."""
    # A string is a sequence of strings, and every one of its characters would become an accepted secret.
    if isinstance(accepted_secrets, str | bytes) or not isinstance(accepted_secrets, Iterable | None):
        raise ValueError("accepted_secrets must be a list of secrets, not a single one")
    return [
        checked_secret("secret", secret),
        *(checked_secret("accepted_secrets", one) for one in accepted_secrets or ()),
    ]


def checked_secret(name: str, secret: Any) -> Secret:
    """Return a secret, blank for None, or raise `ValueError`."""
    if not isinstance(secret, str | None):
        msg = f"{name} must be text, not {type(secret).__name__}"
        raise ValueError(msg)
    return Secret(secret or "")
