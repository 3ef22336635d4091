"""Indexes on the contact and the address that an invoice names, for contacts that come after their invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the indexes; invoices of before name nobody until they are planned again."""
    for name in ("named_contact", "named_email"):
        op.create_index(
            f"ix_identity_{name}",
            "identity",
            ["connection", sa.text(f"(properties ->> '{name}')")],
            schema=SCHEMA,
            postgresql_where=sa.text("object_type = 'invoices'"),
        )
