"""Decisions and edits of people, and what a run was for, so that it can be replayed, compared and undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Add two empty tables and, to each run, what it was for; runs before this one stay without."""
    _describe_runs()
    _keep_decisions()
    _keep_edits()


def _describe_runs() -> None:
    for column in (
        sa.Column(
            "kind",
            sa.Text,
            comment="What it was for: sync, plan, reconcile, retry, replay or undo; empty in rows of older versions.",
        ),
        sa.Column("of_run", sa.Text, comment="The run that it replays or undoes."),
        sa.Column("version", sa.Text, comment="Version of ml-connector that ran."),
        sa.Column(
            "settings", JSONB, comment="The connection's settings at that time; they hold no credentials."
        ),
    ):
        op.add_column("run", column, schema=SCHEMA)


def _keep_decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
        sa.Column("object_type", sa.Text, primary_key=True, comment="The HubSpot object, such as companies."),
        sa.Column(
            "record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."
        ),
        sa.Column(
            "verdict",
            sa.Text,
            nullable=False,
            comment="link (it is that HubSpot record), create (it is none of those) or ignore (leave it alone).",
        ),
        sa.Column("hubspot_id", sa.Text, comment="The HubSpot record that a link chose."),
        sa.Column("note", sa.Text, comment="The person's reason."),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False, comment="When a person decided."),
        comment="What people decided about records that no rule could settle; remembered for every later run.",
        schema=SCHEMA,
    )


def _keep_edits() -> None:
    op.create_table(
        "edit",
        sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
        sa.Column("object_type", sa.Text, primary_key=True, comment="The HubSpot object, such as companies."),
        sa.Column(
            "record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."
        ),
        sa.Column(
            "property", sa.Text, primary_key=True, comment="The HubSpot property that was changed there."
        ),
        sa.Column("hubspot_id", sa.Text, nullable=False, comment="The HubSpot record."),
        sa.Column("ours", sa.Text, comment="The value we wrote last."),
        sa.Column("theirs", sa.Text, comment="The value HubSpot holds since."),
        sa.Column("wanted", sa.Text, comment="The value Visma has now."),
        sa.Column("source", sa.Text, comment="HubSpot's word for what changed it, such as CRM_UI."),
        sa.Column(
            "edited_at",
            sa.DateTime(timezone=True),
            comment="When it was changed in HubSpot, where its history tells.",
        ),
        sa.Column(
            "outcome",
            sa.Text,
            nullable=False,
            comment="kept, flagged or overwritten: what the rule made of it.",
        ),
        sa.Column(
            "first_seen", sa.DateTime(timezone=True), nullable=False, comment="When a run first met it."
        ),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False, comment="When a run last met it."),
        sa.Column("run_id", sa.Text, nullable=False, comment="The run that met it last."),
        comment="Values that somebody changed in HubSpot after our last write, where Visma says something else.",
        schema=SCHEMA,
    )
