"""Clock and randomness as arguments: the deciding modules take a `System` and never read the real ones.

Tests pass a `System` of their own (a pinned clock, counted bytes).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """What a decision may ask of the machine: `now` in unix seconds, `monotonic` in seconds, `random_bytes(n)` from a
    CSPRNG."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    random_bytes: Callable[[int], bytes] = secrets.token_bytes


REAL = System()


def uuid7(system: System = REAL) -> str:
    """Return a fresh UUID v7, canonical and lower case (RFC 9562): 48 bits of milliseconds, then randomness."""
    milliseconds = int(system.now() * 1000) & 0xFFFF_FFFF_FFFF
    value = milliseconds << 80 | int.from_bytes(system.random_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def new_idempotency_key() -> str:
    """Return a key for one logical write: a canonical, lower-case UUID v7. Repeat the write with the same key."""
    return uuid7()
