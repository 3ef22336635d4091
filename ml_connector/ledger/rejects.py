"""Rejects as people see them: listed by name and cause, and put aside."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.tables import reject


@dataclass(frozen=True, slots=True)
class OpenReject:
    """A record that was refused and is tried again by every run. ``record`` is its Visma key."""

    entity: str
    record: str
    cause: str
    message: str
    remedy: str
    attempts: int
    first_seen: datetime
    last_seen: datetime
    run_id: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, times as ISO text."""
        row = asdict(self)
        return row | {name: row[name].isoformat(timespec="seconds") for name in ("first_seen", "last_seen")}


def open_rejects(engine: sa.Engine, connection: str) -> list[OpenReject]:
    """Return the records of a connection that are refused and not put aside, by entity, cause and key."""
    table = reject.c
    query = (
        sa.select(
            table.entity,
            table.record_key,
            table.cause,
            table.message,
            table.remedy,
            table.attempts,
            table.first_seen,
            table.last_seen,
            table.run_id,
        )
        .where(table.connection == connection, table.dismissed_at.is_(None))
        .order_by(table.entity, table.cause, table.record_key)
    )
    with engine.connect() as database:
        return [OpenReject(*row) for row in database.execute(query)]


def dismiss(engine: sa.Engine, connection: str, record: str, note: str) -> bool:
    """Put a refused record aside; False where it is not refused.

    It is not tried again by itself. When its row changes in Visma it is planned like any other, and is listed again if
    it is then refused for another cause.
    """
    statement = (
        sa.update(reject)
        .where(reject.c.connection == connection, reject.c.record_key == record)
        .values(dismissed_at=sa.func.now(), dismissed_note=note)
    )
    with engine.begin() as database:
        return database.execute(statement).rowcount > 0
