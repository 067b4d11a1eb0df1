"""A PostgreSQL server of one's own, on loopback, whose texts are not compared as bytes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from conformance.serving import free_port
from support.presence import absent


@contextmanager
def postgres() -> Iterator[int]:
    """Run a server and yield its port; user and database are `postgres`, no password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        absent("postgres", "PostgreSQL is not installed")
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        port = free_port()
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(home, "postgres")
        _run(programs[-1] / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "--no-sync",
             "-E", "UTF8", "--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8")  # fmt: skip
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        _run(programs[-1] / "pg_ctl", "-D", home / "data", "-o", options, "-l", home / "log", "-w", "start")
        try:
            yield port
        finally:
            _run(programs[-1] / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def empty(port: int) -> None:
    """Drop every table of a PostgreSQL server."""
    with psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _run(*command: object) -> None:
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, timeout=120, user=user, cwd="/",
        group=user and pwd.getpwnam("postgres").pw_gid, extra_groups=[] if user else None,
    )  # fmt: skip
