"""The tables of the schema ``ml_connector``; their comments are the documented schema.

Tables and columns only: what is written when is in the journal, what is asked of them is in the queries. A change here
needs a revision in ``migrations/versions``; a test compares the two.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "ml_connector"

metadata = sa.MetaData(schema=SCHEMA)


def _instant(name: str, comment: str, *, nullable: bool = True) -> "sa.Column[datetime]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


run = sa.Table(
    "run",
    metadata,
    sa.Column(
        "run_id",
        sa.Text,
        primary_key=True,
        comment="Dagster's run id, or the id of a run of the command line.",
    ),
    sa.Column("connection", sa.Text, nullable=False, comment="Name of the connection."),
    sa.Column(
        "partition_from", sa.Text, comment="First partition of the run; empty for a run without partitions."
    ),
    sa.Column("partition_to", sa.Text, comment="Last partition of the run, itself included."),
    sa.Column("partitions", sa.Integer, comment="How many partitions the run covers."),
    _instant("started_at", "When the run began.", nullable=False),
    _instant("finished_at", "When the run ended; empty while it runs and after a crash."),
    sa.Column(
        "status", sa.Text, nullable=False, comment="How the run stands: started, done, rejects or failed."
    ),
    sa.Column("summary", JSONB, comment="Counts per entity and of API calls, as the run reported them."),
    sa.Column(
        "kind",
        sa.Text,
        comment="What it was for: sync, plan, reconcile, retry, replay or undo; empty in rows of older versions.",
    ),
    sa.Column("of_run", sa.Text, comment="The run that it replays or undoes."),
    sa.Column("version", sa.Text, comment="Version of ml-connector that ran."),
    sa.Column("settings", JSONB, comment="The connection's settings at that time; they hold no credentials."),
    sa.Index("ix_run_connection_started_at", "connection", sa.desc("started_at")),
    comment="One row per run that plans or writes.",
)

operation = sa.Table(
    "operation",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger,
        sa.Identity(always=True),
        primary_key=True,
        comment="Order in which it was intended.",
    ),
    sa.Column("run_id", sa.Text, nullable=False, comment="Run that intended it."),
    sa.Column("connection", sa.Text, nullable=False, comment="Name of the connection."),
    sa.Column("partition", sa.Text, comment="Partition whose data it carries."),
    sa.Column(
        "entity", sa.Text, nullable=False, comment="Kind of record: companies, contacts, links and so on."
    ),
    sa.Column("record_key", sa.Text, nullable=False, comment="The Visma record, such as customer:10023."),
    sa.Column("object_type", sa.Text, nullable=False, comment="The HubSpot object, such as companies."),
    sa.Column(
        "action",
        sa.Text,
        nullable=False,
        comment="What to do: create, update, link, unchanged, skip, conflict, archive and so on.",
    ),
    sa.Column("reason", sa.Text, comment="Why, in plain words; for a skip or a conflict above all."),
    sa.Column("rule", sa.Text, comment="Name of the matching rule that found the HubSpot record."),
    sa.Column(
        "trace_id", sa.Text, comment="The objectWriteTraceId sent with it, by which the answer is matched."
    ),
    sa.Column(
        "status",
        sa.Text,
        nullable=False,
        comment="intended (sent or about to be), confirmed, rejected, unknown, done (nothing to send) or pending.",
    ),
    sa.Column("hubspot_id", sa.Text, comment="Id of the HubSpot record, once known."),
    sa.Column("properties", JSONB, comment="New values by HubSpot property."),
    sa.Column("previous", JSONB, comment="The values they replace."),
    sa.Column(
        "http_status", sa.Integer, comment="HTTP status of the answer, or of the input's own error in a 207."
    ),
    sa.Column("category", sa.Text, comment="HubSpot's category of the error."),
    sa.Column("message", sa.Text, comment="The error in plain words, without personal data."),
    sa.Column("correlation_id", sa.Text, comment="HubSpot's correlation id, for its support."),
    _instant("intended_at", "When it was written down, before anything was sent.", nullable=False),
    _instant("finished_at", "When its outcome was known."),
    sa.Column(
        "stamp", sa.DateTime, comment="lastModifiedDateTime of the Visma record: naive, by Visma's own clock."
    ),
    sa.Column(
        "created",
        sa.Boolean,
        comment="Of a confirmed create: whether HubSpot made the record then, or had it by its unique id already; "
        "empty where its answer did not say.",
    ),
    sa.Index(
        "ix_operation_connection_record_key",
        "connection",
        "record_key",
        sa.desc("id"),
        # Byte by byte: so it finds the links of a record by the start of their key as well.
        postgresql_ops={"record_key": "text_pattern_ops"},
    ),
    sa.Index("ix_operation_run_id_trace_id", "run_id", "trace_id", unique=True),
    sa.Index("ix_operation_run_id_entity_status", "run_id", "entity", "status"),
    sa.Index(
        "ix_operation_open",
        "connection",
        "id",
        postgresql_where=sa.text("status IN ('intended', 'unknown')"),
    ),
    comment="One row per operation per run: what was intended, what was sent and what came back.",
)

identity = sa.Table(
    "identity",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("object_type", sa.Text, primary_key=True, comment="The HubSpot object, such as companies."),
    sa.Column("record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."),
    sa.Column("hubspot_id", sa.Text, nullable=False, comment="The HubSpot record it is linked to."),
    sa.Column(
        "email", sa.Text, comment="E-mail address of a contact in lower case; its identity in HubSpot."
    ),
    sa.Column(
        "fingerprint",
        sa.Text,
        comment="Hash of the values last written or seen, to tell at once that nothing changed.",
    ),
    sa.Column("properties", JSONB, comment="Values we last wrote or saw confirmed, by HubSpot property."),
    sa.Column("stamp", sa.DateTime, comment="Newest Visma stamp applied; an older one never overwrites it."),
    sa.Column("first_run", sa.Text, comment="Run that linked the two."),
    sa.Column("last_run", sa.Text, comment="Run that touched it last."),
    _instant("updated_at", "When this row was written.", nullable=False),
    sa.Index("ix_identity_hubspot_id", "connection", "object_type", "hubspot_id"),
    sa.Index("ix_identity_email", "connection", "object_type", "email"),
    *(
        sa.Index(
            f"ix_identity_{name}",
            "connection",
            sa.text(f"(properties ->> '{name}')"),
            postgresql_where=sa.text("object_type = 'invoices'"),
        )
        for name in ("named_contact", "named_email")
    ),
    sa.Index(
        "ix_identity_lines",
        "connection",
        "object_type",
        sa.text("((split_part(record_key, ':', 2) || ':') || split_part(record_key, ':', 3))"),
        postgresql_where=sa.text("object_type = 'line_items'"),
    ),
    comment="Which HubSpot record each Visma record is, and what we know it to hold.",
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("from_type", sa.Text, primary_key=True, comment="HubSpot object the association starts from."),
    sa.Column("from_key", sa.Text, primary_key=True, comment="Visma record it starts from."),
    sa.Column("to_type", sa.Text, primary_key=True, comment="HubSpot object it leads to."),
    sa.Column("to_key", sa.Text, primary_key=True, comment="Visma record it leads to."),
    sa.Column("from_id", sa.Text, comment="HubSpot record it starts from, once known."),
    sa.Column("to_id", sa.Text, comment="HubSpot record it leads to, once known."),
    sa.Column("types", sa.Text, comment="Ids of HubSpot's association types, joined by commas."),
    sa.Column(
        "status",
        sa.Text,
        nullable=False,
        comment="confirmed, pending (an end is not in HubSpot yet), rejected, or unwanted (still to be removed).",
    ),
    sa.Column("reason", sa.Text, comment="Why it is pending, rejected or unwanted."),
    sa.Column("run_id", sa.Text, comment="Run that touched it last."),
    _instant("updated_at", "When this row was written.", nullable=False),
    sa.Index("ix_link_to", "connection", "to_type", "to_key"),
    sa.Index("ix_link_open", "connection", "from_type", postgresql_where=sa.text("status <> 'confirmed'")),
    comment="The associations between records that we made or owe.",
)

reject = sa.Table(
    "reject",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column(
        "entity", sa.Text, primary_key=True, comment="Kind of record: companies, contacts, links and so on."
    ),
    sa.Column("record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."),
    sa.Column(
        "cause", sa.Text, nullable=False, comment="Short name of the cause, the same for the same problem."
    ),
    sa.Column("message", sa.Text, comment="What went wrong, in plain words."),
    sa.Column("remedy", sa.Text, comment="What a person can do about it."),
    sa.Column("record", JSONB, comment="The record, so that it can be tried again without reading Visma."),
    sa.Column("partition", sa.Text, comment="Partition that brought it last."),
    sa.Column("run_id", sa.Text, nullable=False, comment="Run that was refused last."),
    _instant("first_seen", "When it was first refused.", nullable=False),
    _instant("last_seen", "When it was last refused.", nullable=False),
    sa.Column(
        "version",
        sa.Text,
        comment="Which version was refused: Visma's stamp, or the window of sums that have none.",
    ),
    sa.Column(
        "attempts",
        sa.Integer,
        nullable=False,
        server_default="1",
        comment="How often this version was refused for this cause with these settings; 0 once a person asks for it.",
    ),
    _instant("due_at", "When to try again; empty means in the next run."),
    _instant("dismissed_at", "When a person gave it up; empty while it is due."),
    sa.Column("dismissed_note", sa.Text, comment="The person's reason."),
    comment="Records that were refused or cannot be sent; tried again, at growing intervals, until they pass or are "
    "dismissed.",
)

credential = sa.Table(
    "credential",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column(
        "name", sa.Text, primary_key=True, comment="Name of the credential, such as hubspot_access_token."
    ),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False, comment="The value, encrypted (Fernet)."),
    _instant("updated_at", "When the value was set.", nullable=False),
    sa.Column("hosts", sa.Text, comment="The hosts it was stored for; it is sent to no other."),
    comment="Credentials, encrypted at rest.",
)

binding = sa.Table(
    "binding",
    metadata,
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
    _instant("since", "When the first run that writes began.", nullable=False),
    comment="The portal and the Visma company a connection was first synced with; no run mixes in another.",
)

refusal = sa.Table(
    "refusal",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("subject", sa.Text, primary_key=True, comment="payments or transactions: what was refused."),
    sa.Column("reason", sa.Text, nullable=False, comment="Why, in plain words."),
    sa.Column(
        "token_mark",
        sa.Text,
        nullable=False,
        comment="A mark made from the token that was refused; another one asks anew.",
    ),
    _instant("since", "When it was refused.", nullable=False),
    comment="What a portal refuses as a whole; a run takes it for granted for a week.",
)

backlog = sa.Table(
    "backlog",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("subject", sa.Text, primary_key=True, comment="payments or transactions: what was not taken."),
    sa.Column("partition", sa.Text, primary_key=True, comment="The window whose records wait."),
    _instant("since", "When a run first left them out.", nullable=False),
    comment="Windows whose payments or transactions the portal did not take; a run takes them up once it does.",
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("object_type", sa.Text, primary_key=True, comment="The HubSpot object, such as companies."),
    sa.Column("record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."),
    sa.Column(
        "verdict",
        sa.Text,
        nullable=False,
        comment="link (it is that HubSpot record), create (it is none of those) or ignore (leave it alone).",
    ),
    sa.Column("hubspot_id", sa.Text, comment="The HubSpot record that a link chose."),
    sa.Column("note", sa.Text, comment="The person's reason."),
    _instant("decided_at", "When a person decided.", nullable=False),
    comment="What people decided about records that no rule could settle; remembered for every later run.",
)

edit = sa.Table(
    "edit",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True, comment="Name of the connection."),
    sa.Column("object_type", sa.Text, primary_key=True, comment="The HubSpot object, such as companies."),
    sa.Column("record_key", sa.Text, primary_key=True, comment="The Visma record, such as customer:10023."),
    sa.Column("property", sa.Text, primary_key=True, comment="The HubSpot property that was changed there."),
    sa.Column("hubspot_id", sa.Text, nullable=False, comment="The HubSpot record."),
    sa.Column("ours", sa.Text, comment="The value we wrote last."),
    sa.Column("theirs", sa.Text, comment="The value HubSpot holds since."),
    sa.Column("wanted", sa.Text, comment="The value Visma has now."),
    sa.Column("source", sa.Text, comment="HubSpot's word for what changed it, such as CRM_UI."),
    _instant("edited_at", "When it was changed in HubSpot, where its history tells."),
    sa.Column(
        "outcome", sa.Text, nullable=False, comment="kept, flagged or overwritten: what the rule made of it."
    ),
    _instant("first_seen", "When a run first met it.", nullable=False),
    _instant("last_seen", "When a run last met it.", nullable=False),
    sa.Column("run_id", sa.Text, nullable=False, comment="The run that met it last."),
    comment="Values that somebody changed in HubSpot after our last write, where Visma says something else.",
)
