"""Time as a value: everything that needs "now" is handed a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Say what time it is. Timestamps have millisecond precision everywhere, so a clock's answer has too."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """Return the current time, in UTC, cut to the millisecond."""
        return whole_millisecond(datetime.now(UTC))


def whole_millisecond(moment: datetime) -> datetime:
    """Cut a moment to the precision that the API's timestamps have."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """Write a moment as the API does. Stamps sort as text in the order of time, which the database relies on."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='milliseconds')[:-6]}Z"


def moment(text: str) -> datetime:
    """Read a stamp back."""
    return datetime.fromisoformat(text)
