"""Bringing the schema ``ml_connector`` to the newest revision. Revisions lie in ``versions``, in order of their number.

A new one: ``alembic`` needs no ini file here, so copy the newest revision, count up and write the steps by hand. A
revision is never changed once released, and never drops what an older program still reads.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from ml_connector.errors import StorageError
from ml_connector.ledger.tables import SCHEMA

VERSION_TABLE = "schema_version"

LOCK = 4_702_111_964_180_281_173
"""Key of the lock that lets one process migrate at a time; any number that nobody else uses."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate within the connection's transaction, so that it happens wholly or not at all, and once at a time.

    Raises:
        StorageError: the database is of a newer version of ml-connector than this one.
    """
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
    try:
        command.upgrade(configuration(connection), revision)
    except CommandError as error:
        raise StorageError(
            "The database was migrated by a newer ml-connector than this one.",
            remedy="Install that version, or one newer still.",
        ) from error


def configuration(connection: Connection) -> Config:
    """Return the Alembic configuration that works on this connection."""
    config = Config()
    # Alembic reads the value as a template in which % is special.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
