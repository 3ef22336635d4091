"""What waits for a person: conflicts and proposals as the ledger has them, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.causes.catalogue import cause_named
from ml_connector.causes.of_ours import DECIDED, UNDECIDED
from ml_connector.desk.records import DECIDABLE
from ml_connector.ledger.decisions import Decision, decisions_of
from ml_connector.ledger.tables import identity, reject

GONE = "record-gone"
"""The cause of a record whose HubSpot record is there no more: a person may link or make another one."""

CAUSES = sorted({*UNDECIDED, GONE})


@dataclass(frozen=True, slots=True)
class Open:
    """A record that waits for a person, or that a person decided about.

    Args:
        key: the Visma record.
        object_type: the HubSpot object it becomes.
        cause: why it waits, by its name; None where nothing does any more.
        message: the same as its last run said it.
        since: when it was first in conflict.
        linked: the HubSpot record it is linked to.
        decision: what a person said of it.
    """

    key: str
    object_type: str
    cause: str | None
    message: str | None
    since: datetime | None
    linked: str | None
    decision: Decision | None

    @property
    def waits(self) -> bool:
        """Whether a person is still to decide."""
        return self.cause not in (None, DECIDED) and (self.decision is None or self._cannot)

    @property
    def _cannot(self) -> bool:
        """Whether a run has tried to carry out what was decided, and could not."""
        return self.cause in ("choice-gone", "choice-taken", "address-taken")

    @property
    def state(self) -> str:
        """What a person needs to know of it, in a few words."""
        if self.waits:
            return cause_named(str(self.cause)).title
        return "The next run carries it out." if self.cause else "Settled."

    @property
    def decided(self) -> str | None:
        """What was decided, in a few words."""
        if self.decision is None:
            return None
        return " ".join(part for part in (str(self.decision.verdict), self.decision.hubspot_id) if part)

    def as_dict(self) -> dict[str, Any]:
        """Return it under stable names."""
        made = self.decision
        return {
            "record": self.key,
            "object": self.object_type,
            "open": self.waits,
            "cause": self.cause,
            "state": self.state,
            "message": self.message,
            "since": self.since.isoformat(timespec="seconds") if self.since else None,
            "linked_to": self.linked,
            "decision": str(made.verdict) if made else None,
            "hubspot_id": made.hubspot_id if made else None,
            "note": made.note if made else None,
            "decided_at": made.decided_at.isoformat(timespec="seconds") if made and made.decided_at else None,
        }


def opened(engine: sa.Engine, connection: str) -> list[Open]:
    """Return what waits for a person and what was decided: what waits longest first, then decisions."""
    decisions = decisions_of(engine, connection)
    table = reject.c
    query = sa.select(table.entity, table.record_key, table.cause, table.message, table.first_seen).where(
        table.connection == connection,
        table.entity.in_(DECIDABLE),
        table.cause.in_(CAUSES),
        table.dismissed_at.is_(None),
    )
    with engine.connect() as database:
        refused = {(row[0], row[1]): row for row in database.execute(query)}
        linked = _linked(database, connection, {*refused, *decisions})
    found = []
    for place in {**refused, **decisions}:
        row = refused.get(place)
        cause, message, since = (row[2], row[3], row[4]) if row else (None, None, None)
        made = decisions.get(place)
        found.append(Open(place[1], place[0], cause, message, since, linked.get(place), made))
    return sorted(found, key=lambda one: (not one.waits, one.since is None, one.since, one.key))


def _linked(
    database: sa.Connection, connection: str, places: set[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return the HubSpot records that Visma keys are linked to, by object and key."""
    table = identity.c
    keys = sa.bindparam("keys", sorted({key for _, key in places}), type_=sa.ARRAY(sa.Text))
    query = sa.select(table.object_type, table.record_key, table.hubspot_id).where(
        table.connection == connection, table.object_type.in_(DECIDABLE), table.record_key == sa.any_(keys)
    )
    return {(row[0], row[1]): row[2] for row in database.execute(query)}
