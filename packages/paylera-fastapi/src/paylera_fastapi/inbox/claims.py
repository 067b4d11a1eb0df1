"""Claims in your database: for a receiver with handlers and several processes, without an inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from paylera.system import REAL, System
from paylera.webhooks.stores import HOLD_SECONDS, ClaimState
from paylera_fastapi.inbox.statements import inserting
from paylera_fastapi.inbox.store import check
from paylera_fastapi.inbox.tables import claims


class SqlAlchemyClaims:
    """`paylera_webhooks(claims=SqlAlchemyClaims(engine), ...)`, on an `Engine`; its table is in `metadata`.

    A claim whose process was killed can be claimed again after `lease_seconds`. Old rows are deleted now and then.
    """

    def __init__(self, engine: Engine, *, lease_seconds: float = 300, system: System = REAL) -> None:
        if not isinstance(engine, Engine):
            raise ValueError("engine must be an SQLAlchemy Engine (of an AsyncEngine: a second one on the same URL)")
        check(engine)
        self._engine = engine
        self._lease = timedelta(seconds=lease_seconds)
        self._system = system

    def claim(self, event_id: str, owner: str) -> ClaimState:
        """Claim an event."""
        now = self._now()
        mine = {"event_id": event_id, "owner": owner, "is_done": False, "expires_at": now + self._lease}
        with Session(self._engine) as session, session.begin():
            if owner.startswith("00"):  # one in 256
                session.execute(delete(claims).where(claims.c.expires_at <= now))
            # One statement decides: the row is new, or its time is over.
            insert = inserting(session, claims).values(mine)
            taken = insert.on_conflict_do_update(
                index_elements=[claims.c.event_id], set_=mine, where=claims.c.expires_at <= now
            )
            session.execute(taken)
        with Session(self._engine) as session:
            row = session.execute(select(claims.c.owner, claims.c.is_done).where(claims.c.event_id == event_id)).first()
        if row is not None and row.is_done:
            return "done"
        return "claimed" if row is not None and row.owner == owner else "busy"

    def complete(self, event_id: str, owner: str) -> None:
        """Remember an event as handled."""
        end = self._now() + timedelta(seconds=HOLD_SECONDS)
        done = {"event_id": event_id, "owner": owner, "is_done": True, "expires_at": end}
        with Session(self._engine) as session, session.begin():
            insert = inserting(session, claims).values(done)
            session.execute(insert.on_conflict_do_update(index_elements=[claims.c.event_id], set_=done))

    def release(self, event_id: str, owner: str) -> None:
        """Give an event up, if it is still this delivery's."""
        mine = (claims.c.event_id == event_id, claims.c.owner == owner, claims.c.is_done.is_(False))
        with Session(self._engine) as session, session.begin():
            session.execute(delete(claims).where(*mine))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._system.now(), UTC)
