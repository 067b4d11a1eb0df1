"""Signatures: `Paylera-Signature: t=<unix seconds>,v1=<hex>`, one `v1` per secret in force."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from datetime import datetime, timedelta

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc

ROTATION = timedelta(hours=24)


def new_secret() -> str:
    """Make a signing secret."""
    return f"whsec_{secrets.token_hex(24)}"


def nobodys() -> list[Doc]:
    """Make the secrets of a bad signature."""
    return [{"secret": new_secret(), "expires_at": None}]


def rotated(entries: list[Doc], secret: str, now: datetime) -> list[Doc]:
    """Put a new secret in front; those in force now sign on for 24 hours, and no longer than they would have."""
    end = stamp(now + ROTATION)
    old = [{**entry, "expires_at": min(entry["expires_at"] or end, end)} for entry in in_force(entries, now)]
    return [{"secret": secret, "expires_at": None}, *old]


def in_force(entries: list[Doc], now: datetime) -> list[Doc]:
    """Return the secrets that sign now, newest first."""
    return [entry for entry in entries if entry["expires_at"] is None or moment(entry["expires_at"]) > now]


def signature(body: bytes, entries: list[Doc], now: datetime, *, age_seconds: int = 0) -> str:
    """Return the header's value: HMAC-SHA-256 over the stamp, a dot and the raw body; the key is the whole secret.
    `now` decides which secrets are in force. The stamp is real time whatever the sandbox's clock says: a receiver
    compares it with its own."""
    seconds = str(int(time.time()) - age_seconds)
    signed = seconds.encode() + b"." + body
    digests = (hmac.new(entry["secret"].encode(), signed, hashlib.sha256) for entry in in_force(entries, now))
    return ",".join([f"t={seconds}", *(f"v1={digest.hexdigest()}" for digest in digests)])
