"""A link that is to be removed stays in the ledger as unwanted until HubSpot has let it go."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Say what the states of a link are; no stored one changes."""
    op.alter_column(
        "link",
        "status",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="confirmed, pending (an end is not in HubSpot yet), rejected, or unwanted (still to be removed).",
        existing_comment="confirmed, pending (an end is not in HubSpot yet) or rejected.",
        schema=SCHEMA,
    )
    op.alter_column(
        "link",
        "reason",
        existing_type=sa.Text(),
        comment="Why it is pending, rejected or unwanted.",
        existing_comment="Why it is pending or rejected.",
        schema=SCHEMA,
    )
