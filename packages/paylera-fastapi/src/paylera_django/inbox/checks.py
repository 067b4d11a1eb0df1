"""What `manage.py check` says about the inbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

from paylera_django.inbox.setting import EXAMPLE, configured


@register("paylera")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Look at the settings."""
    return [*_setting(), *_time_zone(), *_database(_alias())]


@register(Tags.database, deploy=True)
def check_tables(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Look for the tables: with `check --deploy --database default`, for `migrate` itself runs the others first."""
    missing = missing_tables(_alias()) if _alias() in (databases or ()) else ()
    if not missing:
        return []
    hint = f"Run: manage.py migrate --database {_alias()}"
    return [Error(f"The tables of the inbox are missing: {', '.join(missing)}.", hint=hint, id="paylera.E003")]


def missing_tables(using: str) -> Sequence[str]:
    """Return the names of the inbox's tables that a database does not have."""
    there = connections[using].introspection.table_names()
    wanted = (model._meta.db_table for model in apps.get_app_config("paylera_inbox").get_models())  # noqa: SLF001
    return [table for table in wanted if table not in there]


def _alias() -> str:
    try:
        return configured().using
    except Exception:  # noqa: BLE001 - `_setting` tells
        return DEFAULT_DB_ALIAS


def _setting() -> Iterator[CheckMessage]:
    if not getattr(settings, "PAYLERA_INBOX", None):
        text = "paylera_django.inbox is installed, but the setting PAYLERA_INBOX is missing."
        hint = f"{EXAMPLE}; the commands and the admin's replay need it. With OrmClaims alone, silence this."
        yield Caution(text, hint=hint, id="paylera.W001")
        return
    try:
        configured()
    except ImproperlyConfigured as error:
        yield Error(f"{error}.", id="paylera.E001")
    except Exception as error:  # noqa: BLE001 - whatever the merchant's module does when it is imported
        yield Error(f"PAYLERA_INBOX cannot be imported: {type(error).__name__}: {error}", id="paylera.E001")


def _time_zone() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error("The inbox needs USE_TZ = True: the order of events is that of aware moments.", id="paylera.E002")


def _database(using: str) -> Iterator[CheckMessage]:
    connection = connections[using]
    if connection.vendor not in ("sqlite", "postgresql"):
        text = f"The inbox is tried on PostgreSQL and SQLite, not on {connection.display_name}."
        yield Caution(text, id="paylera.W003")
    is_immediate = connection.settings_dict["OPTIONS"].get("transaction_mode") == "IMMEDIATE"
    if connection.vendor == "sqlite" and django.VERSION >= (5, 1) and not is_immediate:
        yield Caution(
            f"The inbox is in the SQLite database {using!r}, whose transactions begin without the lock to write: "
            "handlers that read first can fail with 'database is locked'.",
            hint='"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20}',
            id="paylera.W002",
        )
