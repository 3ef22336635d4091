"""What Alembic runs to migrate: on the connection it was given, inside that connection's transaction."""

from alembic import context

from ml_connector.ledger.migrations import VERSION_TABLE
from ml_connector.ledger.tables import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
    include_schemas=True,
    transactional_ddl=True,
)
context.run_migrations()
