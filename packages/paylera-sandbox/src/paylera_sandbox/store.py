"""The database: one SQLite file, one writer, whole objects as JSON, beside the columns that we ask by."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from paylera_sandbox.database import explain, opened
from paylera_sandbox.tables import RESOURCES, SCHEMA_VERSION, TABLES

T = TypeVar("T")
Doc = dict[str, Any]
Where = Mapping[str, object]

# Members that an object keeps as long as it lives: writing it again leaves their indexes alone.
_FIXED = {"customer_id", "endpoint_id", "event_id", "event_type", "type", "aggregate_id", "payment_id", "wallet_id"}
_FIXED |= {"currency", "created_at"}
_IN_MEMORY = ":memory:"
_PIECE = 256  # pages, 1 MB: what a copy copies before others may go on, in a millisecond
_PAUSE_SECONDS = 0.001


class StoreError(Exception):
    """A database that cannot be used; the message says why."""


class Store:
    """One connection. Everything between two awaits of the server's loop is one step, so requests never mix; the lock
    is for callers that use the application in several threads."""

    def __init__(self, path: str = _IN_MEMORY) -> None:
        try:
            self._connection = _opened(path)
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the database {path}: {explain(error)}") from None
        self.path = path
        self._lock = threading.RLock()
        self._changes = 0
        self._written: Counter[str] = Counter()
        self._kept: dict[tuple[object, ...], tuple[int, list[Doc]]] = {}
        self._settings: dict[str, str | None] = {}

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def remove(self) -> None:
        """Close the connection and remove the file."""
        self.close()
        if self.path != _IN_MEMORY:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    @property
    def folder(self) -> Path | None:
        """Return where the file is; None in memory."""
        return None if self.path == _IN_MEMORY else Path(self.path).resolve().parent

    def copy_to(self, target: sqlite3.Connection, then: Callable[[], T]) -> T:
        """Copy everything that is committed into a database that is empty, and return what `then` says at that moment.
        To be called from a thread: others go on between the pieces, and what they change is changed in the copy too."""

        def pause(status: int, _left: int, _total: int) -> None:
            if status != sqlite3.SQLITE_DONE:
                self._lock.release()
                time.sleep(_PAUSE_SECONDS)
                self._lock.acquire()

        if self.path != _IN_MEMORY:
            with self._lock:
                self._connection.backup(target, pages=_PIECE, progress=pause)
                return then()
        with contextlib.closing(sqlite3.connect(_IN_MEMORY)) as whole:
            with self._lock:  # a change would begin a copy of what is in memory anew, so that is one quick step
                self._connection.backup(whole)
                told = then()
            whole.backup(target)
        return told

    def prepare(self, file: Path) -> sqlite3.Connection | None:
        """Make a whole database ready for `adopt`: read it into memory, or leave it in its file, if this one is a file
        as well (then None). To be called from a thread."""
        if self.path != _IN_MEMORY:
            _opened(str(file)).close()
            return None
        connection = _opened(self.path)
        with contextlib.closing(sqlite3.connect(file)) as source:
            source.backup(connection)
        return connection

    def adopt(self, connection: sqlite3.Connection | None, file: Path) -> sqlite3.Connection:
        """Put what `prepare` has prepared in place of this database. Returns the connection to what was there before,
        for a thread to close: to free much memory takes a while."""
        with self._lock:
            before = self._connection
            self._changes += before.total_changes + 1
            if connection is None:
                before.execute("PRAGMA synchronous = OFF")  # its log need not reach the disk
                before.close()
                with contextlib.suppress(OSError):  # to free much room takes a while as well: that is for a thread, too
                    file.with_suffix(".before").hardlink_to(self.path)
                file.replace(self.path)
                connection = _opened(self.path)
            self._connection = connection
            self._forget()
            return before

    def copy_into(self, other: Store) -> None:
        """Put everything in place of what another store holds."""
        other.replace_by(self._connection)

    def replace_by(self, source: sqlite3.Connection) -> None:
        """Put a whole database in place of this one, as one transaction."""
        with self._lock:
            source.backup(self._connection)
            self._forget()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all writes of the block, or none if it raises. A block that only reads costs nothing."""
        with self._lock:
            try:
                yield
            except BaseException:
                self._forget()
                self._connection.rollback()
                raise
            if self._connection.in_transaction:
                self._connection.commit()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back the writes of the block if it raises, and keep those of the transaction around it."""
        if not self._connection.in_transaction:
            self.execute("BEGIN")
        self.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._forget()
            self.execute("ROLLBACK TO attempt")
            raise
        finally:
            self.execute("RELEASE attempt")

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    def select(self, statement: str, named: Mapping[str, object]) -> list[Any]:
        """Run one statement whose parameters have names and return its rows."""
        with self._lock:
            return self._connection.execute(statement, named).fetchall()

    @property
    def changes(self) -> int:
        """Return how many rows were written so far: while it stays, nothing has changed."""
        return self._changes + self._connection.total_changes

    def insert(self, table: str, doc: Doc) -> None:
        """Add an object."""
        self._written[table] += 1
        self.execute(_INSERT[table], (doc["id"], _dump(doc), *map(doc.get, RESOURCES[table])))

    def save(self, table: str, doc: Doc) -> None:
        """Replace an object."""
        self._written[table] += 1
        self.execute(_SAVE[table], (_dump(doc), *map(doc.get, _MOVING[table]), doc["id"]))

    def amend(self, table: str, chosen: str, parameters: Sequence[object], **members: str | None) -> None:
        """Set members of all objects whose ids a query chooses, in the objects and in the columns beside them."""
        self._written[table] += 1
        columns = [members[name] for name in members if name in RESOURCES[table]]
        self.execute(amending(table, chosen, members), (*members.values(), *columns, *parameters))

    def delete(self, table: str, identifier: str) -> None:
        """Remove an object."""
        self._written[table] += 1
        self.execute(f"DELETE FROM {table} WHERE id = ?", (identifier,))  # noqa: S608 table names are ours

    def find(self, table: str, identifier: str) -> Doc | None:
        """Return an object by its id."""
        rows = self.execute(f"SELECT doc FROM {table} WHERE id = ?", (identifier,))  # noqa: S608 table names are ours
        return json.loads(rows[0][0]) if rows else None

    def kept(self, table: str, **where: str) -> Sequence[Doc]:
        """Return what `newest` does, remembered until the table is written: for what is read with every step. Nobody
        may change these objects."""
        key = (table, *where.items())
        written, docs = self._kept.get(key, (-1, []))
        if written != self._written[table]:
            written, docs = self._written[table], self.newest(table, where)
            self._kept[key] = (written, docs)
        return docs

    def first(self, table: str, **where: object) -> Doc | None:
        """Return the newest object that matches."""
        found = self.newest(table, where, limit=1)
        return found[0] if found else None

    def newest(self, table: str, where: Where | None = None, *, limit: int = -1) -> list[Doc]:
        """Return objects, newest first."""
        return [doc for _, doc in self.page(table, where or {}, limit=limit)]

    def page(
        self, table: str, where: Where, *, limit: int, after: int | None = None, oldest_first: bool = False
    ) -> list[tuple[int, Doc]]:
        """Return objects with their places, newest first or oldest first, from behind a place."""
        conditions, parameters = _conditions(where)
        if after is not None:
            conditions.append("seq > ?" if oldest_first else "seq < ?")
            parameters.append(after)
        order = "ASC" if oldest_first else "DESC"
        sql = f"SELECT seq, doc FROM {table} WHERE {' AND '.join(conditions) or '1'} ORDER BY seq {order} LIMIT ?"  # noqa: S608 names are ours, values are bound
        return [(seq, json.loads(doc)) for seq, doc in self.execute(sql, [*parameters, limit])]

    def count(self, table: str, **where: object) -> int:
        """Count the objects that match."""
        conditions, parameters = _conditions(where)
        sql = f"SELECT count(*) FROM {table} WHERE {' AND '.join(conditions) or '1'}"  # noqa: S608 names are ours, values are bound
        return int(self.execute(sql, parameters)[0][0])

    def setting(self, name: str) -> str | None:
        """Return a setting of the sandbox, remembered until it is written."""
        with contextlib.suppress(KeyError):
            return self._settings[name]
        with self._lock:  # another thread's transaction may be writing it
            rows = self.execute("SELECT value FROM settings WHERE name = ?", (name,))
            self._settings[name] = value = rows[0][0] if rows else None
            return value

    def set(self, name: str, value: str) -> None:
        """Write a setting."""
        self._settings.pop(name, None)
        self.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def _forget(self) -> None:
        """Remember nothing: what was read may have been taken back."""
        self._kept.clear()
        self._settings.clear()

    def next_number(self, name: str) -> int:
        """Count up; gaps cannot occur, because the counter is rolled back with the rest."""
        sql = "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        return int(self.execute(sql, (name,))[0][0])


def _opened(path: str) -> sqlite3.Connection:
    return opened(path, TABLES, SCHEMA_VERSION)


def amending(table: str, chosen: str, members: Iterable[str]) -> str:
    """Return the statement of `Store.amend`."""
    paths = "".join(f", '$.{name}', ?" for name in members)
    beside = "".join(f", {name} = ?" for name in members if name in RESOURCES[table])
    return f"UPDATE {table} SET doc = json_set(doc{paths}){beside} WHERE id IN ({chosen})"  # noqa: S608 names are ours


def _conditions(where: Where) -> tuple[list[str], list[object]]:
    """Turn `{column: value}` into SQL; a tuple means "one of", `email` is compared without case."""
    conditions: list[str] = []
    parameters: list[object] = []
    for column, value in where.items():
        values = value if isinstance(value, tuple) else (value,)
        form = "lower({})" if column == "email" else "{}"
        marks = ", ".join(form.format("?") for _ in values)
        conditions.append(f"{form.format(column)} IN ({marks})")
        parameters.extend(values)
    return conditions, parameters


_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_MOVING = {table: [name for name in columns if name not in _FIXED] for table, columns in RESOURCES.items()}
_INSERT = {
    table: f"INSERT INTO {table} ({', '.join(('id', 'doc', *columns))}) VALUES (?, ?{', ?' * len(columns)})"  # noqa: S608 names are ours
    for table, columns in RESOURCES.items()
}
_SAVE = {
    table: f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in ('doc', *columns))} WHERE id = ?"  # noqa: S608 names are ours
    for table, columns in _MOVING.items()
}
