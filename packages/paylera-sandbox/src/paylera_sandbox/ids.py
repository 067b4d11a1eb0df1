"""Object ids: a prefix and the hex form of a UUID version 7."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from random import Random

_STABLE_MOMENT = datetime(2026, 5, 1, tzinfo=UTC)  # the API date; any fixed moment would do


class Ids:
    """Makes ids that sort in the order in which they were made, within one millisecond too: whoever receives events
    puts them in order by their moment and then by their id.

    `start` tells the starts of a sandbox apart whose time stands still meanwhile; 256 of them are kept in order.
    """

    def __init__(self, noise: Random, *, start: int) -> None:
        self._noise = noise
        self._first = start % 256 << 18
        self._moment: datetime | None = None
        self._count = 0

    def new(self, prefix: str, moment: datetime) -> str:
        """Make an id: the milliseconds, 26 bits that count up, 48 bits of noise."""
        self._count = self._count + 1 if moment == self._moment else 0
        self._moment = moment
        place = self._first | min(self._count, 2**18 - 1)
        counted = bytes([place >> 22, place >> 14 & 0xFF, place >> 8 & 0x3F, place & 0xFF])
        return f"{prefix}_{_uuid7(moment, counted + self._noise.randbytes(6)).hex()}"


def stable_id(prefix: str, name: str) -> str:
    """Make the same id for the same name, always: a plan keeps its id when the sandbox is started anew."""
    return f"{prefix}_{_uuid7(_STABLE_MOMENT, hashlib.sha256(name.encode()).digest()[:10]).hex()}"


def _uuid7(moment: datetime, noise: bytes) -> bytes:
    """Lay out RFC 9562, section 5.7: 48 bits of milliseconds, then 74 of `noise` around version and variant."""
    milliseconds = int(moment.timestamp() * 1000).to_bytes(6, "big")
    return milliseconds + bytes([0x70 | noise[0] & 0x0F, noise[1], 0x80 | noise[2] & 0x3F]) + noise[3:]
