"""Idempotency: the first answer to a key is kept for 24 hours and repeated byte for byte."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta

from paylera_sandbox import jsonbody
from paylera_sandbox.clock import stamp
from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LIFETIME = timedelta(hours=24)
LONGEST_KEY = 255
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers (ours only) and a body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def check_key(keys: list[str]) -> str:
    """Return the one key of a request or refuse."""
    if not keys:
        raise Problem("idempotency.required", "Send an Idempotency-Key header, one key for each logical call.")
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Problem("idempotency.invalid_key", f"Send one Idempotency-Key of 1 to {LONGEST_KEY} ASCII characters.")
    return keys[0]


@accepts(matching(_KEY))
def dedup_key(value: object) -> str:
    """Take a key that stands in the body."""
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Invalid("dedup_key.invalid", f"must be 1 to {LONGEST_KEY} ASCII characters")
    return value


def scope(token: str, method: str, path: str, key: str) -> bytes:
    """Return where a key counts: for one token, on one route with its ids."""
    return hashlib.sha256(json.dumps([token, method, path, key]).encode()).digest()


def fingerprint(body: Doc) -> bytes:
    """Return what tells bodies apart; spacing and the order of members do not."""
    return hashlib.sha256(jsonbody.canonical(body)).digest()


def replay(unit: Unit, place: bytes, print_: bytes) -> Answer | None:
    """Return the answer that the key had, refuse if it had another body, or None if the key is new."""
    oldest = stamp(unit.now - LIFETIME)
    sql = "SELECT fingerprint, status, headers, body FROM idempotency WHERE scope = ? AND created_at > ?"
    rows = unit.store.execute(sql, (place, oldest))
    if not rows:
        return None
    known, status, headers, body = rows[0]
    if known != print_:
        detail = "This Idempotency-Key was used with another body. Use a new key for a new call."
        raise Problem("paylera.idempotency_conflict", detail)
    return Answer(status, body, {**json.loads(headers), "Idempotent-Replayed": "true"})


def keep(unit: Unit, place: bytes, print_: bytes, answer: Answer) -> None:
    """Keep an answer, and drop those that are too old."""
    unit.store.execute("DELETE FROM idempotency WHERE created_at <= ?", (stamp(unit.now - LIFETIME),))
    row = (place, print_, answer.status, json.dumps(answer.headers), answer.body, unit.stamp)
    unit.store.execute("INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)", row)


class InFlight:
    """The keys whose first call has begun and not ended: from its head, through the arrival of its body."""

    def __init__(self) -> None:
        self._places: set[bytes] = set()

    def enter(self, place: bytes) -> None:
        """Claim a key or refuse."""
        if place in self._places:
            detail = "A call with this Idempotency-Key is still running. Wait and send it again."
            raise Problem("paylera.idempotency_in_progress", detail, headers={"Retry-After": "1"})
        self._places.add(place)

    def leave(self, place: bytes) -> None:
        """Give a key free."""
        self._places.discard(place)
