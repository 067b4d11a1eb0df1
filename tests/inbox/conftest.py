"""Django, configured once for this process; further databases and caches are added by the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import django
import psycopg
import pytest
from django.conf import settings
from psycopg.sql import SQL, Identifier

from support.postgres import postgres as running_postgres
from support.redis import redis_server

_HOME = tempfile.TemporaryDirectory(prefix="inbox-")  # a file and not `:memory:`, which every thread has to itself

if not settings.configured:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(_HOME.name) / "default.sqlite3"),
                "OPTIONS": {"timeout": 60},
            }
        },
        INSTALLED_APPS=["paylera_django.inbox"],
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    """Return the port of a PostgreSQL server."""
    with running_postgres() as port:
        yield port


@pytest.fixture
def empty_database(postgres: int) -> Iterator[str]:
    """Return the address of a PostgreSQL database of a test's own, without a driver."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(f"host=127.0.0.1 port={postgres} user=postgres dbname=postgres", autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield f"postgresql://postgres@127.0.0.1:{postgres}/{name}"
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def redis() -> Iterator[int]:
    """Return the port of a Redis server."""
    with redis_server() as port:
        yield port
