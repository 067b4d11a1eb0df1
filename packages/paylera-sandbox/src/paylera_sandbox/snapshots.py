"""A sandbox as a whole: emptied, copied to a file, and put back. Each is one step between two requests, so nothing that
is under way can be half in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import SCHEMA_VERSION, Store

_TAKEN_AT = "snapshot_at"
_SHAPE = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"


def take(engine: Engine) -> bytes:
    """Return the database as a file, with the moment at which that was."""
    with closing(sqlite3.connect(":memory:")) as copy:
        engine.store.copy_to(copy)
        copy.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_TAKEN_AT, stamp(engine.time.now())))
        copy.commit()
        return _without_log(copy.serialize())


def restore(engine: Engine, content: bytes) -> None:
    """Put a snapshot in place of all data. Time that was moved or pinned goes on from the snapshot's moment; a sandbox
    that went by real time does so again, and catches up with what became due."""
    with closing(sqlite3.connect(":memory:")) as copy:
        _read(copy, content)
        engine.store.replace_by(copy)
    engine.begin(listing=False)
    with engine.store.transaction():
        _resume(engine)
    engine.wake()


def reset(engine: Engine) -> None:
    """Empty a sandbox. The endpoint that it was started with stays, with its secret."""
    configured = [doc for doc in engine.store.newest("webhook_endpoints") if doc.get("_configured")]
    with closing(Store()) as fresh:
        fresh.copy_into(engine.store)
    engine.begin()
    with engine.store.transaction():
        for endpoint in configured:
            engine.store.insert("webhook_endpoints", {**endpoint, "_refusals": 0, "status": "enabled"})
    engine.recorder.clear()
    engine.wake()


def _read(copy: sqlite3.Connection, content: bytes) -> None:
    """Load a file, and refuse what a sandbox of this version did not write."""
    if not content.startswith(b"SQLite format 3\0"):
        raise Problem("snapshot.invalid", "The body is not a snapshot: it is no SQLite database.")
    try:
        copy.deserialize(_without_log(content))
        version = copy.execute("PRAGMA user_version").fetchone()[0]
        sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        shape = copy.execute(_SHAPE).fetchall()
    except sqlite3.Error as error:
        raise Problem("snapshot.invalid", f"The snapshot is damaged: {error}.") from None
    if version != SCHEMA_VERSION:
        detail = f"The snapshot was written by another version of the sandbox (schema {version}, not {SCHEMA_VERSION})."
        raise Problem("snapshot.invalid", detail)
    with closing(Store()) as fresh:
        if not sound or shape != fresh.execute(_SHAPE):
            raise Problem("snapshot.invalid", "The snapshot is damaged, or a database of something else.")


def _without_log(content: bytes) -> bytes:
    """Take the write-ahead log out of a database's head: a copy has none, and cannot be read in memory with one."""
    return content[:18] + b"\1\1" + content[20:]


def _resume(engine: Engine) -> None:
    rows = engine.store.execute("DELETE FROM settings WHERE name = ? RETURNING value", (_TAKEN_AT,))
    state = engine.time.state()
    if rows and state.offset and not state.pinned and not state.running:
        engine.time.run_from(moment(rows[0][0]))
