"""What a portal refuses as a whole, so that not every run asks for it again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the table of refusals, which is empty: the next run of each connection asks."""
    op.create_table(
        "refusal",
        sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
        sa.Column(
            "subject", sa.Text, primary_key=True, comment="payments or transactions: what was refused."
        ),
        sa.Column("reason", sa.Text, nullable=False, comment="Why, in plain words."),
        sa.Column(
            "token_mark",
            sa.Text,
            nullable=False,
            comment="A mark made from the token that was refused; another one asks anew.",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="When it was refused."),
        comment="What a portal refuses as a whole; a run takes it for granted for a week.",
        schema=SCHEMA,
    )
