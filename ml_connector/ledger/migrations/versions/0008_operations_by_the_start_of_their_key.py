"""Operations are found by the start of a key too: a link is named after the record it starts from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Make the index anew, byte by byte: in a database with a language, a plain one finds whole keys only."""
    op.drop_index("ix_operation_connection_record_key", "operation", schema=SCHEMA)
    op.create_index(
        "ix_operation_connection_record_key",
        "operation",
        ["connection", "record_key", sa.text("id DESC")],
        schema=SCHEMA,
        postgresql_ops={"record_key": "text_pattern_ops"},
    )
