"""The tables in a merchant's own migrations: what Alembic writes about them runs, and leaves nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, create_engine, inspect, text

from paylera_fastapi.inbox import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return an engine on an empty database."""
    if request.param == "sqlite":
        return create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    return create_engine(request.getfixturevalue("empty_database").replace("postgresql:", "postgresql+psycopg:"))


def test_a_revision_that_alembic_writes_runs_and_is_whole(engine: Engine) -> None:
    """It names nothing but `op` and `sa`, which is all that a new revision imports."""
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(connection)
            operations = produce_migrations(context, metadata).upgrade_ops
            assert operations is not None
            code = render_python_code(operations, migration_context=context)
            revision = f"import sqlalchemy as sa\ndef upgrade(op):\n    {code}\n"
            names: dict[str, Any] = {}
            exec(revision, names)  # as Alembic does
            names["upgrade"](Operations(context))
        with engine.begin() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            if engine.dialect.name == "postgresql":
                ids = text("SELECT count(*) FROM information_schema.columns WHERE collation_name = 'C'")
                assert connection.scalar(ids), "ids are compared as bytes"
        assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    finally:
        metadata.drop_all(engine)
        engine.dispose()
