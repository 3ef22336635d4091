"""Whether HubSpot made the record of a create or had it already: only what a run has made may be archived."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was created before this revision is not known to be ours, and stays so."""
    op.add_column(
        "operation",
        sa.Column(
            "created",
            sa.Boolean,
            comment="Of a confirmed create: whether HubSpot made the record then, or had it by its unique id already; "
            "empty where its answer did not say.",
        ),
        schema="ml_connector",
    )
