"""Object ids: a prefix and the hex form of a UUID version 7."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from random import Random

_STABLE_MOMENT = datetime(2026, 5, 1, tzinfo=UTC)  # the API date; any fixed moment would do


def new_id(prefix: str, moment: datetime, noise: Random) -> str:
    """Make an id that sorts by time."""
    return f"{prefix}_{_uuid7(moment, noise.randbytes(10)).hex()}"


def stable_id(prefix: str, name: str) -> str:
    """Make the same id for the same name, always: a plan keeps its id when the sandbox is started anew."""
    return f"{prefix}_{_uuid7(_STABLE_MOMENT, hashlib.sha256(name.encode()).digest()[:10]).hex()}"


def _uuid7(moment: datetime, noise: bytes) -> bytes:
    """Lay out RFC 9562, section 5.7: 48 bits of milliseconds, then noise around version and variant."""
    milliseconds = int(moment.timestamp() * 1000).to_bytes(6, "big")
    return milliseconds + bytes([0x70 | noise[0] & 0x0F, noise[1], 0x80 | noise[2] & 0x3F]) + noise[3:]
