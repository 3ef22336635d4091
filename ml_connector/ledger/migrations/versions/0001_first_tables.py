"""The first revision: all tables of version 1."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

SCHEMA = "ml_connector"


def upgrade() -> None:
    """Make every table with its comments and indexes."""
    _make_run()
    _make_operation()
    _make_identity()
    _make_link()
    _make_reject()
    _make_credential()


def _make_run() -> None:
    op.create_table(
        "run",
        sa.Column(
            "run_id",
            sa.Text(),
            nullable=False,
            comment="Dagster's run id, or the id of a run of the command line.",
        ),
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column(
            "partition_from",
            sa.Text(),
            nullable=True,
            comment="First partition of the run; empty for a run without partitions.",
        ),
        sa.Column(
            "partition_to", sa.Text(), nullable=True, comment="Last partition of the run, itself included."
        ),
        sa.Column("partitions", sa.Integer(), nullable=True, comment="How many partitions the run covers."),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="When the run began."),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the run ended; empty while it runs and after a crash.",
        ),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="How the run stands: started, done, rejects or failed.",
        ),
        sa.Column(
            "summary",
            JSONB(),
            nullable=True,
            comment="Counts per entity and of API calls, as the run reported them.",
        ),
        sa.PrimaryKeyConstraint("run_id"),
        schema=SCHEMA,
        comment="One row per run that plans or writes.",
    )
    op.create_index(
        "ix_run_connection_started_at",
        "run",
        ["connection", sa.literal_column("started_at DESC")],
        schema=SCHEMA,
    )


def _make_operation() -> None:
    op.create_table(
        "operation",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="Order in which it was intended.",
        ),
        sa.Column("run_id", sa.Text(), nullable=False, comment="Run that intended it."),
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column("partition", sa.Text(), nullable=True, comment="Partition whose data it carries."),
        sa.Column(
            "entity",
            sa.Text(),
            nullable=False,
            comment="Kind of record: companies, contacts, links and so on.",
        ),
        sa.Column(
            "record_key", sa.Text(), nullable=False, comment="The Visma record, such as customer:10023."
        ),
        sa.Column("object_type", sa.Text(), nullable=False, comment="The HubSpot object, such as companies."),
        sa.Column(
            "action",
            sa.Text(),
            nullable=False,
            comment="What to do: create, update, link, unchanged, skip, conflict, archive and so on.",
        ),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=True,
            comment="Why, in plain words; for a skip or a conflict above all.",
        ),
        sa.Column(
            "rule",
            sa.Text(),
            nullable=True,
            comment="Name of the matching rule that found the HubSpot record.",
        ),
        sa.Column(
            "trace_id",
            sa.Text(),
            nullable=True,
            comment="The objectWriteTraceId sent with it, by which the answer is matched.",
        ),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="intended (sent or about to be), confirmed, rejected, unknown, done (nothing to send) or pending.",
        ),
        sa.Column("hubspot_id", sa.Text(), nullable=True, comment="Id of the HubSpot record, once known."),
        sa.Column("properties", JSONB(), nullable=True, comment="New values by HubSpot property."),
        sa.Column("previous", JSONB(), nullable=True, comment="The values they replace."),
        sa.Column(
            "http_status",
            sa.Integer(),
            nullable=True,
            comment="HTTP status of the answer, or of the input's own error in a 207.",
        ),
        sa.Column("category", sa.Text(), nullable=True, comment="HubSpot's category of the error."),
        sa.Column(
            "message", sa.Text(), nullable=True, comment="The error in plain words, without personal data."
        ),
        sa.Column(
            "correlation_id", sa.Text(), nullable=True, comment="HubSpot's correlation id, for its support."
        ),
        sa.Column(
            "intended_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it was written down, before anything was sent.",
        ),
        sa.Column(
            "finished_at", sa.DateTime(timezone=True), nullable=True, comment="When its outcome was known."
        ),
        sa.Column(
            "stamp",
            sa.DateTime(),
            nullable=True,
            comment="lastModifiedDateTime of the Visma record: naive, by Visma's own clock.",
        ),
        sa.PrimaryKeyConstraint("id"),
        schema=SCHEMA,
        comment="One row per operation per run: what was intended, what was sent and what came back.",
    )
    op.create_index(
        "ix_operation_connection_record_key",
        "operation",
        ["connection", "record_key", sa.literal_column("id DESC")],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_operation_open",
        "operation",
        ["connection", "id"],
        schema=SCHEMA,
        postgresql_where=sa.text("status IN ('intended', 'unknown')"),
    )
    op.create_index(
        "ix_operation_run_id_trace_id", "operation", ["run_id", "trace_id"], unique=True, schema=SCHEMA
    )
    op.create_index(
        "ix_operation_run_id_entity_status", "operation", ["run_id", "entity", "status"], schema=SCHEMA
    )


def _make_identity() -> None:
    op.create_table(
        "identity",
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column("object_type", sa.Text(), nullable=False, comment="The HubSpot object, such as companies."),
        sa.Column(
            "record_key", sa.Text(), nullable=False, comment="The Visma record, such as customer:10023."
        ),
        sa.Column("hubspot_id", sa.Text(), nullable=False, comment="The HubSpot record it is linked to."),
        sa.Column(
            "email",
            sa.Text(),
            nullable=True,
            comment="E-mail address of a contact in lower case; its identity in HubSpot.",
        ),
        sa.Column(
            "fingerprint",
            sa.Text(),
            nullable=True,
            comment="Hash of the values last written or seen, to tell at once that nothing changed.",
        ),
        sa.Column(
            "properties",
            JSONB(),
            nullable=True,
            comment="Values we last wrote or saw confirmed, by HubSpot property.",
        ),
        sa.Column(
            "stamp",
            sa.DateTime(),
            nullable=True,
            comment="Newest Visma stamp applied; an older one never overwrites it.",
        ),
        sa.Column("first_run", sa.Text(), nullable=True, comment="Run that linked the two."),
        sa.Column("last_run", sa.Text(), nullable=True, comment="Run that touched it last."),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), nullable=False, comment="When this row was written."
        ),
        sa.PrimaryKeyConstraint("connection", "object_type", "record_key"),
        schema=SCHEMA,
        comment="Which HubSpot record each Visma record is, and what we know it to hold.",
    )
    op.create_index("ix_identity_email", "identity", ["connection", "object_type", "email"], schema=SCHEMA)
    op.create_index(
        "ix_identity_hubspot_id", "identity", ["connection", "object_type", "hubspot_id"], schema=SCHEMA
    )


def _make_link() -> None:
    op.create_table(
        "link",
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column(
            "from_type", sa.Text(), nullable=False, comment="HubSpot object the association starts from."
        ),
        sa.Column("from_key", sa.Text(), nullable=False, comment="Visma record it starts from."),
        sa.Column("to_type", sa.Text(), nullable=False, comment="HubSpot object it leads to."),
        sa.Column("to_key", sa.Text(), nullable=False, comment="Visma record it leads to."),
        sa.Column("from_id", sa.Text(), nullable=True, comment="HubSpot record it starts from, once known."),
        sa.Column("to_id", sa.Text(), nullable=True, comment="HubSpot record it leads to, once known."),
        sa.Column(
            "types", sa.Text(), nullable=True, comment="Ids of HubSpot's association types, joined by commas."
        ),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="confirmed, pending (an end is not in HubSpot yet) or rejected.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it is pending or rejected."),
        sa.Column("run_id", sa.Text(), nullable=True, comment="Run that touched it last."),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), nullable=False, comment="When this row was written."
        ),
        sa.PrimaryKeyConstraint("connection", "from_type", "from_key", "to_type", "to_key"),
        schema=SCHEMA,
        comment="The associations between records that we made or owe.",
    )
    op.create_index("ix_link_status", "link", ["connection", "status"], schema=SCHEMA)


def _make_reject() -> None:
    op.create_table(
        "reject",
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column(
            "entity",
            sa.Text(),
            nullable=False,
            comment="Kind of record: companies, contacts, links and so on.",
        ),
        sa.Column(
            "record_key", sa.Text(), nullable=False, comment="The Visma record, such as customer:10023."
        ),
        sa.Column(
            "cause",
            sa.Text(),
            nullable=False,
            comment="Short name of the cause, the same for the same problem.",
        ),
        sa.Column("message", sa.Text(), nullable=True, comment="What went wrong, in plain words."),
        sa.Column("remedy", sa.Text(), nullable=True, comment="What a person can do about it."),
        sa.Column(
            "record",
            JSONB(),
            nullable=True,
            comment="The record, so that it can be tried again without reading Visma.",
        ),
        sa.Column("partition", sa.Text(), nullable=True, comment="Partition that brought it last."),
        sa.Column("run_id", sa.Text(), nullable=False, comment="Run that was refused last."),
        sa.Column(
            "first_seen", sa.DateTime(timezone=True), nullable=False, comment="When it was first refused."
        ),
        sa.Column(
            "last_seen", sa.DateTime(timezone=True), nullable=False, comment="When it was last refused."
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default="1", nullable=False, comment="How often it was tried."
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When to try again; empty means in the next run.",
        ),
        sa.Column(
            "dismissed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a person gave it up; empty while it is due.",
        ),
        sa.Column("dismissed_note", sa.Text(), nullable=True, comment="The person's reason."),
        sa.PrimaryKeyConstraint("connection", "entity", "record_key"),
        schema=SCHEMA,
        comment="Records that were refused or cannot be sent; due on every later run until they pass or are dismissed.",
    )


def _make_credential() -> None:
    op.create_table(
        "credential",
        sa.Column("connection", sa.Text(), nullable=False, comment="Name of the connection."),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="Name of the credential, such as hubspot_access_token."
        ),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False, comment="The value, encrypted (Fernet)."),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), nullable=False, comment="When the value was set."
        ),
        sa.PrimaryKeyConstraint("connection", "name"),
        schema=SCHEMA,
        comment="Credentials, encrypted at rest.",
    )
