"""Django, configured once for this process; the databases are added by the tests."""

from __future__ import annotations

from collections.abc import Iterator

import django
import pytest
from django.conf import settings

from support.postgres import postgres as running_postgres

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["paylera_django.inbox"],
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    """Return the port of a PostgreSQL server."""
    with running_postgres() as port:
        yield port
