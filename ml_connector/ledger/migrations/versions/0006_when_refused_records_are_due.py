"""Which version of a record was refused, so that a new one is tried at once while an old one waits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add the column and say what has changed in meaning; what is refused already is due in the next run."""
    op.add_column(
        "reject",
        sa.Column(
            "version",
            sa.Text,
            comment="Which version was refused: Visma's stamp, or the window of sums that have none.",
        ),
        schema=SCHEMA,
    )
    op.alter_column(
        "reject",
        "attempts",
        existing_type=sa.Integer(),
        existing_nullable=False,
        existing_server_default="1",
        comment="How often this version was refused for this cause with these settings; 0 once a person asks for it.",
        existing_comment="How often it was tried.",
        schema=SCHEMA,
    )
    op.create_table_comment(
        "reject",
        "Records that were refused or cannot be sent; tried again, at growing intervals, until they pass or are "
        "dismissed.",
        existing_comment="Records that were refused or cannot be sent; due on every later run until they pass or are "
        "dismissed.",
        schema=SCHEMA,
    )
    op.execute("UPDATE ml_connector.reject SET cause = 'drifted' WHERE cause = 'DRIFTED'")
