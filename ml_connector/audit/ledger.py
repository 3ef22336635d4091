"""What the ledger knows of one record, asked so that its size does not matter: every question is an index's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.audit.keys import kind_of
from ml_connector.ledger.tables import binding, decision, edit, identity, reject, run

Values = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Done:
    """One operation of the ledger: what was planned, what was sent and what came back; see its table for the words."""

    id: int
    run_id: str
    partition: str | None
    entity: str
    key: str
    object_type: str
    action: str
    reason: str | None
    rule: str | None
    status: str
    hubspot_id: str | None
    values: Values
    previous: Values
    http_status: int | None
    category: str | None
    message: str | None
    correlation_id: str | None
    trace_id: str | None
    intended_at: datetime
    finished_at: datetime | None
    stamp: datetime | None
    created: bool | None


COLUMNS = """
    o.id, o.run_id, o.partition, o.entity, o.record_key, o.object_type, o.action, o.reason, o.rule, o.status,
    o.hubspot_id, coalesce(o.properties, '{}'), coalesce(o.previous, '{}'), o.http_status, o.category, o.message,
    o.correlation_id, o.trace_id, o.intended_at, o.finished_at, o.stamp, o.created"""

_OF_KEYS = sa.text(
    f"""
    SELECT {COLUMNS} FROM unnest(CAST(:keys AS text[])) AS k(key)
    CROSS JOIN LATERAL (
      SELECT * FROM ml_connector.operation
      WHERE connection = :connection AND record_key = k.key ORDER BY id DESC LIMIT :most
    ) AS o
    """  # noqa: S608 - the columns are this program's own
)
"""Each key's newest operations from its own part of the index; asked for all keys at once, the order by id would tempt
the database to walk through the whole table backwards."""

_OF_LINKS = sa.text(
    f"""
    WITH o AS MATERIALIZED (
      SELECT * FROM ml_connector.operation
      WHERE connection = :connection AND record_key ~>=~ :start AND record_key ~<~ :beyond
    )
    SELECT {COLUMNS} FROM o ORDER BY o.id DESC LIMIT :most
    """  # noqa: S608 - the columns are this program's own
)
"""Operations on links, which are named after both ends, by the start of the name.

Each record's are asked for with its own bounds, which tell the database how few they are.
"""

_WINDOWS = sa.text(
    """
    SELECT DISTINCT partition FROM ml_connector.operation
    WHERE connection = :connection AND record_key = ANY(CAST(:keys AS text[])) AND stamp IS NOT NULL
      AND partition IS NOT NULL
    ORDER BY partition
    """
)

_RUNS = sa.text(
    """
    SELECT DISTINCT run_id FROM ml_connector.operation
    WHERE connection = :connection AND record_key = ANY(CAST(:keys AS text[]))
    """
)

_LINKS = """
    FROM ml_connector.link AS l
    WHERE l.connection = :connection
      AND (l.from_type = ANY(CAST(:types AS text[])) AND l.from_key = ANY(CAST(:keys AS text[]))
           OR l.to_type = ANY(CAST(:types AS text[])) AND l.to_key = ANY(CAST(:keys AS text[])))
"""
_OPEN_LINKS = sa.text(
    f"SELECT l.* {_LINKS} AND l.status <> 'confirmed' ORDER BY l.updated_at DESC LIMIT :most"
)
_WHOLE_LINKS = sa.text(f"SELECT l.* {_LINKS} AND l.status = 'confirmed' LIMIT :most")
_COUNTED = sa.text(
    f"SELECT l.from_type, l.to_type, l.status, count(*) {_LINKS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)

_KNOWN = sa.text(
    """
    SELECT k.key FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS k(key, place)
    WHERE EXISTS (
      SELECT FROM ml_connector.operation AS o WHERE o.connection = :connection AND o.record_key = k.key
    ) OR EXISTS (
      SELECT FROM ml_connector.identity AS i
      WHERE i.connection = :connection AND i.object_type = ANY(CAST(:types AS text[])) AND i.record_key = k.key
    )
    ORDER BY k.place
    """
)

_AFTER, _BEFORE = (
    sa.text(
        "SELECT record_key FROM ml_connector.operation "  # noqa: S608 - both texts are right here
        f"WHERE connection = :connection AND record_key {side} LIMIT 1"
    )
    for side in ("~>~ :key ORDER BY record_key USING ~<~", "~<~ :key ORDER BY record_key USING ~>~")
)
"""The next key in the alphabet of bytes, and the one before."""


class RecordLedger:
    """Reads what one connection's part of the ledger knows of single records."""

    def __init__(self, database: sa.Connection, connection: str) -> None:
        self._database = database
        self._connection = connection

    def known(self, keys: Sequence[str], types: Sequence[str]) -> list[str]:
        """Return those of the keys that the ledger has ever met, in their order; ``types`` are their objects."""
        return [row[0] for row in self._rows(_KNOWN, keys=list(keys), types=list(types))]

    def neighbours(self, key: str, most: int) -> list[str]:
        """Return known keys of the same kind, up to so many just after and just before a key in the alphabet."""
        return [*self._walk(_AFTER, key, most), *self._walk(_BEFORE, key, most)]

    def _walk(self, statement: sa.TextClause, key: str, most: int) -> list[str]:
        found: list[str] = []
        here = key
        while len(found) < most:
            row = next(iter(self._rows(statement, key=here)), None)
            if row is None or kind_of(row[0]) != kind_of(key):
                break
            record, arrow, _ = row[0].partition(">")
            # Behind a link of a record stand all its other links; the question mark comes right after the arrow.
            here = f"{record}?" if arrow and statement is _AFTER else record
            if record not in (key, *found):
                found.append(record)
        return found

    def operations(self, keys: Sequence[str], most: int) -> list[Done]:
        """Return the newest operations on records and on the links that start from them, newest first."""
        rows = self._rows(_OF_KEYS, keys=list(keys), most=most)
        for key in keys:
            # In bytes the question mark comes right after the arrow of a link.
            rows += self._rows(_OF_LINKS, start=f"{key}>", beyond=f"{key}?", most=most)
        return sorted((Done(*row) for row in rows), key=lambda one: -one.id)[:most]

    def windows(self, keys: Sequence[str]) -> list[str]:
        """Return the windows that brought versions of records, oldest first."""
        return [row[0] for row in self._rows(_WINDOWS, keys=list(keys))]

    def runs_of(self, keys: Sequence[str]) -> frozenset[str]:
        """Return the runs that have an operation on one of the records."""
        return frozenset(row[0] for row in self._rows(_RUNS, keys=list(keys)))

    def open_links(self, object_types: Sequence[str], keys: Sequence[str], most: int) -> list[Any]:
        """Return the links from and to records that are not whole, the newest first."""
        return self._rows(_OPEN_LINKS, types=list(object_types), keys=list(keys), most=most)

    def whole_links(self, object_types: Sequence[str], keys: Sequence[str], most: int) -> list[Any]:
        """Return some of the links that are, in no order: sorting a hundred thousand would take most of the time."""
        return self._rows(_WHOLE_LINKS, types=list(object_types), keys=list(keys), most=most)

    def link_counts(
        self, object_types: Sequence[str], keys: Sequence[str]
    ) -> list[tuple[str, str, str, int]]:
        """Return how many links there are from and to records: the two objects, the status, how many."""
        return [(*row,) for row in self._rows(_COUNTED, types=list(object_types), keys=list(keys))]

    def newest(self, keys: Sequence[str]) -> dict[str, Done]:
        """Return the newest operation of each key."""
        return {row.record_key: Done(*row) for row in self._rows(_OF_KEYS, keys=list(keys), most=1)}

    def identities(self, object_types: Sequence[str], keys: Sequence[str]) -> list[Any]:
        """Return the rows of ``identity`` for keys."""
        return self._of(identity, object_types, keys)

    def same_record(self, object_types: Sequence[str], hubspot_ids: Sequence[str]) -> list[Any]:
        """Return the rows of ``identity`` for HubSpot records: a customer that is a supplier has two."""
        table = identity.c
        return self._all(
            sa.select(identity)
            .where(table.connection == self._connection, table.object_type == _any(object_types))
            .where(table.hubspot_id == _any(hubspot_ids))
            .order_by(table.record_key)
        )

    def decisions(self, object_types: Sequence[str], keys: Sequence[str]) -> list[Any]:
        """Return what people decided about records."""
        return self._of(decision, object_types, keys)

    def edits(self, object_types: Sequence[str], keys: Sequence[str]) -> list[Any]:
        """Return what runs have met of people's edits of records."""
        return self._of(edit, object_types, keys)

    def rejects(self, keys: Sequence[str]) -> list[Any]:
        """Return the refusals of records and of the links that start from them."""
        table = reject.c
        links = sa.or_(*(table.record_key.startswith(f"{key}>", autoescape=True) for key in keys))
        return self._all(
            sa.select(reject)
            .where(table.connection == self._connection, table.record_key.in_(keys) | links)
            .order_by(table.last_seen)
        )

    def runs(self, run_ids: Iterable[str]) -> dict[str, Any]:
        """Return the rows of ``run`` by id."""
        asked = sa.select(run).where(run.c.run_id == _any(sorted(set(run_ids))))
        return {row.run_id: row for row in self._all(asked)}

    def newest_runs(self, most: int) -> list[Any]:
        """Return the connection's newest runs, newest first."""
        mine = sa.select(run).where(run.c.connection == self._connection)
        return self._all(mine.order_by(run.c.started_at.desc()).limit(most))

    def portal(self) -> str | None:
        """Return the number of the portal the connection was first synced with, or None before that."""
        table = binding.c
        mine = sa.select(table.value).where(
            table.connection == self._connection, table.side == "hubspot_portal"
        )
        return self._database.execute(mine).scalar_one_or_none()

    def _of(self, table: sa.Table, object_types: Sequence[str], keys: Sequence[str]) -> list[Any]:
        return self._all(
            sa.select(table)
            .where(table.c.connection == self._connection, table.c.object_type == _any(object_types))
            .where(table.c.record_key == _any(keys))
            .order_by(table.c.record_key)
        )

    def _all(self, statement: "sa.Select[Any]") -> list[Any]:
        return list(self._database.execute(statement))

    def _rows(self, statement: sa.TextClause, **values: Any) -> list[Any]:
        return list(self._database.execute(statement, {"connection": self._connection, **values}))


def _any(values: Sequence[str]) -> "sa.ColumnElement[Any]":
    return sa.any_(sa.bindparam(None, list(values), type_=sa.ARRAY(sa.Text)))
