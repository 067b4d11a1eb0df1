"""A sandbox as a whole: emptied, copied to a file, and put back. What takes long happens in a thread, in pieces between
which requests are answered; the rest is one step between two requests: nothing that is under way can be half in it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Store
from paylera_sandbox.tables import SCHEMA_VERSION

_TAKEN_AT = "snapshot_at"
_SHAPE = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
_NO_LOG = b"\1\1"  # stands in a database's head, at 18, if it has no write-ahead log: a copy has none
_LOG_AT = 18


async def take(engine: Engine) -> bytes:
    """Return the database as a file, as it is when the last of it is copied, with the moment at which that was."""
    return await asyncio.to_thread(_packed, engine)


async def restore(engine: Engine, content: bytes) -> None:
    """Put a snapshot in place of all data. Time that was moved or pinned goes on from the snapshot's moment; a sandbox
    that went by real time does so again, and catches up with what became due."""
    folder = tempfile.TemporaryDirectory(prefix=".restoring-", dir=engine.store.folder)
    file = Path(folder.name) / "snapshot.db"
    try:
        await asyncio.to_thread(_unpack, content, file)
        connection = await asyncio.to_thread(engine.store.prepare, file)
        engine.expect_there()
        before = engine.store.adopt(connection, file)
        engine.begin(listing=False)
        with engine.store.transaction():
            _resume(engine)
        engine.wake()
        await asyncio.to_thread(before.close)
    finally:
        await asyncio.to_thread(folder.cleanup)


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


def _packed(engine: Engine) -> bytes:
    """Copy the database to a file and read that: unlike copying in memory, neither holds up other threads."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot.db"
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            at = engine.store.copy_to(copy, lambda: stamp(engine.time.now()))
        _without_log(file)
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_TAKEN_AT, at))
            copy.commit()
        return file.read_bytes()


def _unpack(content: bytes, file: Path) -> None:
    """Write a snapshot to a file, and refuse what a sandbox of this version did not write."""
    if not content.startswith(b"SQLite format 3\0"):
        raise Problem("snapshot.invalid", "The body is not a snapshot: it is no SQLite database.")
    file.write_bytes(content)
    _without_log(file)
    try:
        with closing(sqlite3.connect(file)) as copy:
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


def _without_log(file: Path) -> None:
    """Take the write-ahead log out of a database's head, and have the file on the disk."""
    with file.open("r+b") as opened:
        opened.seek(_LOG_AT)
        opened.write(_NO_LOG)
        opened.flush()
        os.fsync(opened.fileno())


def _resume(engine: Engine) -> None:
    rows = engine.store.execute("DELETE FROM settings WHERE name = ? RETURNING value", (_TAKEN_AT,))
    state = engine.time.state()
    if rows and state.offset and not state.pinned and not state.running:
        engine.time.run_from(moment(rows[0][0]))
