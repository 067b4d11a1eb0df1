"""How an event is stored: by one statement that commits itself, because its sender waits.

On PostgreSQL the statement goes to the driver's cursor, because what SQLAlchemy's `Connection` does around it takes
longer than PostgreSQL (docs/inbox-fastapi.md). The pool, the dialect and the text are SQLAlchemy's all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection

from paylera.webhooks import InboxRecord
from paylera_fastapi.inbox import statements

_HOOKS = ("engine_connect", "before_execute", "before_cursor_execute", "begin", "commit")

log = logging.getLogger("paylera.webhooks")


class Adding:
    """Inserts records on an engine; on that of an `AsyncEngine` within `greenlet_spawn`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        compiled = statements.ADDING[engine.dialect.name].compile(dialect=engine.dialect)
        self._text = str(compiled)
        self._order: list[str] | None = compiled.positiontup  # None: the driver takes names

    def __call__(self, record: InboxRecord) -> InboxRecord:
        """Insert a record unless its id is there; return the stored one."""
        if self._is_plain() and self._is_inserted(record):
            return record
        with self._engine.connect() as connection:
            # What a listener begins as a connection is taken (a tenant's `SET LOCAL`, say) is for the insert too.
            if not (self._engine.pool.dispatch.checkout or connection.in_transaction()):
                self._engine.dialect.do_commit(connection.connection)
                connection.execution_options(isolation_level="AUTOCOMMIT")
            stored = statements.add(connection, record)
            connection.commit()
            return stored

    def _is_plain(self) -> bool:
        # SQLite takes a moment as text; options and listeners (a tracer's, say) are for SQLAlchemy's own connections.
        return (
            self._engine.dialect.name == "postgresql"
            and not self._engine.get_execution_options()
            and not self._engine.pool.dispatch.checkout
            and not any(getattr(self._engine.dispatch, hook) for hook in _HOOKS)
        )

    def _is_inserted(self, record: InboxRecord) -> bool:
        row = statements.row(record)
        values: Any = row if self._order is None else tuple(row[name] for name in self._order)
        pooled = self._engine.raw_connection()
        try:
            with self._committing_itself(pooled), closing(pooled.cursor()) as cursor:
                cursor.execute(self._text, values)
                return cursor.rowcount == 1
        except Exception:
            # A connection that died in the pool, most likely: SQLAlchemy's own way knows what to do about it.
            log.warning("storing event %s is tried again", record.event_id, exc_info=True)
            pooled.invalidate()
            return False
        except BaseException:
            pooled.invalidate()  # given up in the middle: nobody knows what it waits for
            raise
        finally:
            pooled.close()

    @contextmanager
    def _committing_itself(self, pooled: PoolProxiedConnection) -> Iterator[None]:
        dialect, connection = self._engine.dialect, pooled.dbapi_connection
        if connection is None:  # as the types have it; one that was just taken is there
            raise RuntimeError("the pool gave no connection")
        dialect.do_commit(pooled)  # what a listener said when it was made, a search path; else no question to anybody
        dialect.set_isolation_level(connection, "AUTOCOMMIT")
        yield
        dialect.reset_isolation_level(connection)
