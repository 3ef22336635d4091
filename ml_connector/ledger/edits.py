"""Edits as people see them: what was changed in HubSpot after our last write, and what the rule made of it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.tables import edit


@dataclass(frozen=True, slots=True)
class KnownEdit:
    """One edit; ``record`` is the Visma key, ``outcome`` kept, flagged or overwritten."""

    object_type: str
    record: str
    property: str
    hubspot_id: str
    ours: str | None
    theirs: str | None
    wanted: str | None
    source: str | None
    edited_at: datetime | None
    outcome: str
    first_seen: datetime
    last_seen: datetime
    run_id: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, times as ISO text."""
        row = asdict(self)
        times = ("edited_at", "first_seen", "last_seen")
        return row | {name: row[name].isoformat(timespec="seconds") for name in times if row[name]}


def known_edits(engine: sa.Engine, connection: str) -> list[KnownEdit]:
    """Return the edits of a connection, by object, key and property."""
    table = edit.c
    query = (
        sa.select(
            table.object_type,
            table.record_key.label("record"),
            table.property,
            table.hubspot_id,
            table.ours,
            table.theirs,
            table.wanted,
            table.source,
            table.edited_at,
            table.outcome,
            table.first_seen,
            table.last_seen,
            table.run_id,
        )
        .where(table.connection == connection)
        .order_by(table.object_type, table.record_key, table.property)
    )
    with engine.connect() as database:
        return [KnownEdit(**row) for row in database.execute(query).mappings()]
