"""An index on the documents that line items were made for, linked with them or not."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_identity_lines",
        "identity",
        [
            "connection",
            "object_type",
            sa.text("((split_part(record_key, ':', 2) || ':') || split_part(record_key, ':', 3))"),
        ],
        schema=SCHEMA,
        postgresql_where=sa.text("object_type = 'line_items'"),
    )
