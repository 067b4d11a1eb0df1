"""What an inbox decides, as pure functions: records, lanes, and which record comes next.

A *record* is one stored event. A *lane* is one aggregate: its records are handled one at a time, in the order of
`(occurred_at, event_id)`, and its *watermark* is that of the newest record done. A store locks a lane, loads a `Lane`,
calls one of the decisions below with it, and saves the record that comes back; it decides nothing itself.

    received ──> processing (a lease) ──> done
        ^              │ ├──> failed, due again ──> processing ...
        └── replay ────┤ ├──> dead: failed too often, or died in the handler's hands too often
                       │ └──> quarantined: a known type whose data does not fit its class

Of a record that is given up the merchant is told. Until that is done it has an owner and a lease, as in `processing`:
if the owner is killed, the next one tells.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from paylera.webhooks import attempts
from paylera.webhooks.attempts import Attempt, Outcome

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

State = Literal["received", "processing", "done", "failed", "dead", "quarantined"]
Closed = Literal["done", "failed", "dead", "quarantined"]
"""How an attempt may end."""

OPEN: tuple[State, ...] = ("received", "processing", "failed")
"""The states of which something is left to do; of the others, nothing is until a replay."""

WAITING: tuple[State, ...] = ("received", "failed")
"""The states of what waits for its turn in its lane."""

GIVEN_UP: tuple[State, ...] = ("dead", "quarantined")
"""The states of which the merchant is told."""

HELD: tuple[State, ...] = ("processing", *GIVEN_UP)
"""The states of what somebody has in hand, if it has a `due_at`; its lane waits."""

RETRY_SECONDS = (15, 60, 300, 1_800, 7_200, 21_600, 43_200)
"""How long a failed record waits before the next attempt: what the sender's own attempts wait."""

MAX_ERROR = 20_000
_PLAIN = re.compile(r"[\x21-\x7e]{1,120}", re.ASCII)

Mark = tuple[datetime, str]
"""Where a record stands in its lane: `(occurred_at, event_id)`."""


class LeaseLost(Exception):
    """The record is somebody else's by now: what was done for it must be rolled back."""


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """A stored event, one column for each field; moments are aware and UTC.

    `due_at` is when it may be claimed: at once for `received`, the next attempt for `failed`, the end of the lease for
    `processing` and for what is given up; None once nothing is left to do. `payload` is the body exactly as it was
    received. `secret_position` tells which secret signed it; None: it was read from the API. `force` asks for the
    handler even if it is stale. `attempts` counts since the last replay; `history` has those of before too, as a text
    that `past` reads.
    """

    event_id: str
    event_type: str
    lane: str
    occurred_at: datetime
    payload: str
    received_at: datetime
    due_at: datetime | None
    secret_position: int | None = None
    state: State = "received"
    attempts: int = 0
    owner: str = ""
    is_stale: bool = False
    force: bool = False
    error: str = field(default="", repr=False)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    history: str = field(default="", repr=False)

    @property
    def past(self) -> tuple[Attempt, ...]:
        """Return its attempts that are over, oldest first."""
        return attempts.read(self.history)

    @property
    def mark(self) -> Mark:
        """Return where it stands in its lane."""
        return self.occurred_at, self.event_id

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Lane:
    """What a decision sees of a lane: its watermark, the record that somebody has in hand (one of `HELD` with a
    `due_at`), the first one that is `WAITING` by its mark, and the one that was asked for by its id."""

    watermark: Mark | None = None
    running: InboxRecord | None = None
    head: InboxRecord | None = None
    asked: InboxRecord | None = None

    def mark_after(self, record: InboxRecord) -> Mark | None:
        """Return the watermark to save along with `record`."""
        if record.state != "done" or (self.watermark is not None and record.mark < self.watermark):
            return self.watermark
        return record.mark


Decide = Callable[[Lane], InboxRecord | None]
"""A decision: the record to save, or None for none."""


def lane_of(event: PayleraWebhookEvent) -> str:
    """Return the lane of an event: its aggregate, or one of its own if it names none."""
    parts = (event.aggregate_type, event.aggregate_id)
    if not all(parts):
        return _short(f"event:{event.id}")
    return _short(":".join(part if _PLAIN.fullmatch(part) else _hash(part) for part in parts))


def received(event: PayleraWebhookEvent, *, payload: str, secret_position: int | None, now: datetime) -> InboxRecord:
    """Return the record of an event that has just arrived."""
    return InboxRecord(
        event_id=event.id,
        event_type=event.type,
        lane=lane_of(event),
        occurred_at=_utc(event.occurred_at),
        payload=payload,
        received_at=now,
        due_at=now,
        secret_position=secret_position,
    )


def claimed(lane: Lane, *, owner: str, now: datetime, lease_seconds: float, max_attempts: int) -> InboxRecord | None:
    """Take the lane's next record for `owner`; None while one is being handled, or none is due.

    A record whose lease ran out comes first: whoever had it is gone. If that happened too often, it comes back dead. If
    it was given up before, it comes back as it is: the merchant is not told yet.
    """
    record = lane.running or lane.head
    if record is None or record.due_at is None or record.due_at > now:
        return None
    leased = replace(record, owner=owner, due_at=now + timedelta(seconds=lease_seconds))
    if record.state in GIVEN_UP:
        return leased
    if record.state == "processing":
        leased = _noted(leased, "killed", record.due_at, "")
    if record.attempts >= max_attempts:
        return _over(leased, "dead", now, record.error or "the process ended while the event was being handled")
    return replace(
        leased,
        state="processing",
        attempts=record.attempts + 1,
        is_stale=lane.watermark is not None and record.mark < lane.watermark,
        started_at=now,
        finished_at=None,
    )


def done(lane: Lane, *, record: InboxRecord, now: datetime) -> InboxRecord:
    """Finish a record; `LeaseLost` if it is no longer ours."""
    return _released(_closed(_ours(lane, record), "done", now, ""))


def failed(lane: Lane, *, record: InboxRecord, error: str, now: datetime, max_attempts: int) -> InboxRecord:
    """Note a failed attempt: due again later, or dead after the last one; `LeaseLost` if it is no longer ours."""
    mine = _ours(lane, record)
    if mine.attempts >= max_attempts:
        return _closed(mine, "dead", now, error)
    wait = RETRY_SECONDS[min(mine.attempts, len(RETRY_SECONDS)) - 1]
    return _released(_closed(mine, "failed", now, error), due_at=now + timedelta(seconds=wait))


def quarantined(lane: Lane, *, record: InboxRecord, error: str, now: datetime) -> InboxRecord:
    """Put a record aside whose data does not fit its class; `LeaseLost` if it is no longer ours."""
    return _closed(_ours(lane, record), "quarantined", now, error)


def told(lane: Lane, *, record: InboxRecord) -> InboxRecord:
    """Let a record go that is given up: the merchant was told; `LeaseLost` if it is no longer ours."""
    return _released(_ours(lane, record))


def due_again(lane: Lane, *, now: datetime) -> InboxRecord | None:
    """Make the failed record that was asked for due at once: its sender has delivered it again."""
    record = lane.asked
    return replace(record, due_at=now) if record is not None and record.state == "failed" else None


def replayed(lane: Lane, *, now: datetime, force: bool) -> InboxRecord | None:
    """Revive the record that was asked for, with all its attempts; None while it is being handled."""
    record = lane.asked
    if record is None or record.state == "processing":
        return None
    return replace(record, state="received", attempts=0, due_at=now, owner="", force=force, finished_at=None)


def _ours(lane: Lane, record: InboxRecord) -> InboxRecord:
    running = lane.running
    if running is None or (running.event_id, running.owner) != (record.event_id, record.owner):
        raise LeaseLost(record.event_id)
    return running


def _closed(record: InboxRecord, state: Closed, now: datetime, error: str) -> InboxRecord:
    text = _plain(error)
    return _over(_noted(record, state, now, text), state, now, text)


def _over(record: InboxRecord, state: State, now: datetime, error: str) -> InboxRecord:
    return replace(record, state=state, error=error, finished_at=now)


def _released(record: InboxRecord, *, due_at: datetime | None = None) -> InboxRecord:
    return replace(record, owner="", due_at=due_at)


def _noted(record: InboxRecord, outcome: Outcome, at: datetime, error: str) -> InboxRecord:
    attempt = Attempt(record.started_at or at, at, outcome, error)
    return replace(record, history=attempts.write((*record.past, attempt)))


def _plain(error: str) -> str:
    # What no database takes is written out. The end of a traceback tells more than its beginning.
    return error.replace("\0", "\\0").encode(errors="backslashreplace").decode()[-MAX_ERROR:]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that a datetime knows
        return moment.replace(tzinfo=UTC)


def _short(key: str) -> str:
    return key if len(key) <= 255 else f"sha256:{_hash(key)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
