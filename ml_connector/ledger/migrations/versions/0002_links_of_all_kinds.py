"""Links of invoices, payments and transactions: found from either end, and those still to be made at once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Index links by the record they lead to, and of those by status only the few that are not made."""
    op.create_index("ix_link_to", "link", ["connection", "to_type", "to_key"], schema=SCHEMA)
    op.create_index(
        "ix_link_open",
        "link",
        ["connection", "from_type"],
        schema=SCHEMA,
        postgresql_where=sa.text("status <> 'confirmed'"),
    )
    op.drop_index("ix_link_status", "link", schema=SCHEMA)
