"""The revisions make what the tables say, keep what is stored, and may be run by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ml_connector.errors import StorageError
from ml_connector.ledger.migrations import VERSION_TABLE, configuration, upgrade
from ml_connector.ledger.tables import SCHEMA, metadata

OPTIONS = {
    "include_schemas": True,
    "compare_type": True,
    "compare_server_default": True,
    "version_table": VERSION_TABLE,
    "version_table_schema": SCHEMA,
}


@pytest.fixture
def empty(new_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """An engine on a database without our schema."""
    engine = sa.create_engine(new_database(migrated=False))
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_what_the_tables_say(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        upgrade(connection)
        assert compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), metadata) == []


def test_a_difference_would_be_seen(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        upgrade(connection)
        connection.exec_driver_sql("ALTER TABLE ml_connector.run DROP COLUMN summary")
        assert compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), metadata) != []


def test_every_table_and_column_says_what_it_holds(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        upgrade(connection)
        silent = connection.execute(
            sa.text(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                "WHERE c.relnamespace = 'ml_connector'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 "
                "AND c.relname <> :own AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)"
            ),
            {"own": VERSION_TABLE},
        )
        assert silent.all() == []


def test_migrating_again_keeps_what_is_stored(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        upgrade(connection)
        connection.execute(
            sa.text(
                "INSERT INTO ml_connector.link (connection, from_type, from_key, to_type, to_key, status, updated_at) "
                "VALUES ('c', 'contacts', 'contact:1', 'companies', 'customer:1', 'pending', now())"
            )
        )
    with empty.begin() as connection:
        upgrade(connection)
        assert connection.execute(sa.text("SELECT status FROM ml_connector.link")).scalars().all() == [
            "pending"
        ]


def test_every_revision_in_turn_leaves_a_usable_database(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        revisions = list(ScriptDirectory.from_config(configuration(connection)).walk_revisions())[::-1]
    for revision in revisions:
        with empty.begin() as connection:
            upgrade(connection, revision.revision)
    with empty.connect() as connection:
        assert (
            MigrationContext.configure(connection, opts=OPTIONS).get_current_revision()
            == revisions[-1].revision
        )


def test_a_failed_migration_leaves_nothing_behind(empty: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_after(config: object, revision: str) -> None:
        original(config, revision)  # type: ignore[arg-type]
        raise RuntimeError("the machine went away")

    original = command.upgrade
    monkeypatch.setattr(command, "upgrade", fail_after)
    with pytest.raises(RuntimeError), empty.begin() as connection:
        upgrade(connection)
    with empty.connect() as connection:
        assert not sa.inspect(connection).has_schema(SCHEMA)


def test_an_older_program_says_that_the_database_is_newer(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        upgrade(connection)
        connection.exec_driver_sql(f"UPDATE ml_connector.{VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer ml-connector"), empty.begin() as connection:
        upgrade(connection)


def test_processes_may_migrate_at_once(new_database: Callable[..., str]) -> None:
    url = new_database(migrated=False)
    code = "from ml_connector.database import engine; engine()"
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "ML_CONNECTOR_DATABASE_URL": url,
    }
    started = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names(SCHEMA)
    engine.dispose()
