"""The file: opened by one sandbox at a time, with the tables that this version has."""

from __future__ import annotations

import sqlite3


def opened(path: str, tables: str, version: int) -> sqlite3.Connection:
    """Open a file, or memory, and make the tables. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=0.5)
    try:
        _prepare(connection, tables, version)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, tables: str, version: int) -> None:
    """Open as the only user: a second sandbox on the same file would deliver every webhook twice."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in {0, version}:
        raise sqlite3.DatabaseError(f"it was written by another version of the sandbox (schema {found})")
    if found == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it is a database of something else")
    connection.executescript("BEGIN IMMEDIATE;" + tables)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()


def explain(error: sqlite3.Error) -> str:
    """Say in words why a file cannot be opened."""
    return "another sandbox is using it" if "locked" in str(error) else str(error)
