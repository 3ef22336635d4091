"""Windows whose payments or transactions the portal did not take, so that they come once it does."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the table, which is empty: windows of before come again when a person syncs them."""
    op.create_table(
        "backlog",
        sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
        sa.Column(
            "subject", sa.Text, primary_key=True, comment="payments or transactions: what was not taken."
        ),
        sa.Column("partition", sa.Text, primary_key=True, comment="The window whose records wait."),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=False, comment="When a run first left them out."
        ),
        comment="Windows whose payments or transactions the portal did not take; a run takes them up once it does.",
        schema=SCHEMA,
    )
