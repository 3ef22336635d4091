"""What people decided about records that no rule could settle: kept, taken back, and read by every plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ml_connector.causes.catalogue import cause_named
from ml_connector.causes.of_ours import DECIDED
from ml_connector.ledger.tables import decision, identity, link, reject


class Verdict(StrEnum):
    """What a person may say of a Visma record: which HubSpot record it is, that it is none of them, or leave it."""

    LINK = "link"
    CREATE = "create"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of one Visma key; ``hubspot_id`` is the record that a link chose."""

    object_type: str
    record: str
    verdict: Verdict
    hubspot_id: str | None = None
    note: str | None = None
    decided_at: datetime | None = None

    @property
    def says(self) -> tuple[Verdict, str | None]:
        """What was decided, apart from about which key."""
        return self.verdict, self.hubspot_id


@dataclass(frozen=True, slots=True)
class DueRecord:
    """A record that the next run shall plan though its window was loaded: its stored form, window, and last run."""

    record: Mapping[str, object]
    partition: str
    stamp: str
    run_id: str


def decisions_of(
    engine: sa.Engine, connection: str, object_type: str | None = None
) -> dict[tuple[str, str], Decision]:
    """Return the decisions of a connection by object and key, all or those about one object; the oldest first."""
    table = decision.c
    query = sa.select(
        table.object_type, table.record_key, table.verdict, table.hubspot_id, table.note, table.decided_at
    ).where(table.connection == connection)
    if object_type is not None:
        query = query.where(table.object_type == object_type)
    with engine.connect() as database:
        rows = database.execute(query.order_by(table.decided_at, table.record_key)).all()
    return {(row[0], row[1]): Decision(row[0], row[1], Verdict(row[2]), *row[3:]) for row in rows}


@dataclass(frozen=True, slots=True)
class DecisionDesk:
    """Keeps the decisions of one connection, and makes their records due."""

    engine: sa.Engine
    connection: str

    def decide(
        self, made: Decision, due: DueRecord | None, refused: Sequence[str], *, gone: str | None = None
    ) -> None:
        """Keep a decision, in place of an earlier one, and let the next run plan its record.

        Args:
            made: the decision.
            due: the record, where no run has it among those that it refused.
            refused: keys under which the record is refused, and due again at once.
            gone: the HubSpot record that it was linked to and that is there no more; its links are made anew.
        """
        row = {
            "connection": self.connection,
            "object_type": made.object_type,
            "record_key": made.record,
            "verdict": str(made.verdict),
            "hubspot_id": made.hubspot_id,
            "note": made.note,
            "decided_at": sa.func.now(),
        }
        with self.engine.begin() as database:
            upsert = insert(decision).values(row)
            database.execute(
                upsert.on_conflict_do_update(
                    index_elements=["connection", "object_type", "record_key"],
                    set_={name: upsert.excluded[name] for name in row if name not in KEY},
                )
            )
            if gone is not None:
                self._lose(database, made, gone)
            self._make_due(database, made, due, refused)

    def _lose(self, database: sa.Connection, made: Decision, gone: str) -> None:
        """Forget that a record was linked to one that is gone; its links wait for the one to come."""
        table, row = link.c, identity.c
        database.execute(
            sa.delete(identity).where(
                row.connection == self.connection,
                row.object_type == made.object_type,
                row.record_key == made.record,
                row.hubspot_id == gone,
            )
        )
        waits = {"status": "pending", "reason": f"{made.record} is not in HubSpot yet"}
        ends = ((table.from_type, table.from_key, table.from_id), (table.to_type, table.to_key, table.to_id))
        for object_type, key, end in ends:
            database.execute(
                sa.update(link)
                .where(table.connection == self.connection, object_type == made.object_type)
                .where(key == made.record, end == gone)
                .values({**waits, end.name: None})
            )

    def forget(self, made: Decision, due: DueRecord | None, refused: Sequence[str]) -> None:
        """Take a decision back and let the next run plan its record by the rules; arguments as for :meth:`decide`."""
        table = decision.c
        mine = (table.connection == self.connection, table.object_type == made.object_type)
        with self.engine.begin() as database:
            database.execute(sa.delete(decision).where(*mine, table.record_key == made.record))
            self._make_due(database, made, due, refused)

    def _make_due(
        self, database: sa.Connection, made: Decision, due: DueRecord | None, refused: Sequence[str]
    ) -> None:
        table = reject.c
        again = {"attempts": 0, "due_at": None, "dismissed_at": None, "dismissed_note": None}
        mine = (table.connection == self.connection, table.entity == made.object_type)
        if refused:
            database.execute(sa.update(reject).where(*mine, table.record_key.in_(refused)).values(again))
        elif due is not None:
            cause = cause_named(DECIDED)
            row = {
                "connection": self.connection,
                "entity": made.object_type,
                "record_key": made.record,
                "cause": DECIDED,
                "message": cause.title,
                "remedy": cause.remedy,
                "record": due.record,
                "partition": due.partition,
                "version": due.stamp or due.partition,
                "run_id": due.run_id,
                "first_seen": sa.func.now(),
                "last_seen": sa.func.now(),
                "attempts": 0,
            }
            database.execute(insert(reject).values(row).on_conflict_do_nothing())


KEY = ("connection", "object_type", "record_key")
