"""Which portal and company a connection's ledger is of, and for which addresses a credential was stored."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the table of bindings and the column of hosts; what is stored already stays unbound until it is used."""
    op.create_table(
        "binding",
        sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
        sa.Column(
            "side", sa.Text, primary_key=True, comment="hubspot_portal or visma_company: what it is bound to."
        ),
        sa.Column(
            "value",
            sa.Text,
            nullable=False,
            comment="The portal's number; of the company a mark made from its tenant id.",
        ),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the first run that writes began.",
        ),
        comment="The portal and the Visma company a connection was first synced with; no run mixes in another.",
        schema=SCHEMA,
    )
    op.add_column(
        "credential",
        sa.Column("hosts", sa.Text, comment="The hosts it was stored for; it is sent to no other."),
        schema=SCHEMA,
    )
