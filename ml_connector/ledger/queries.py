"""What planning and people read from the ledger: who is who, which links stand, what a run did."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ml_connector.chunks import chunks
from ml_connector.ledger.decisions import Decision, decisions_of
from ml_connector.ledger.tables import identity, link, run

ENTITIES = (
    "releases",
    "companies",
    "contacts",
    "released_links",
    "moved_links",
    "links",
    "purchases",
    "invoices",
    "line_items",
    "invoice_links",
    "openings",
    "payments",
    "payment_links",
    "transactions",
    "transaction_links",
)
"""The entities of a report, in the order of the flow."""

UNWANTED = "unwanted"
"""State of a link that is to be taken away: HubSpot has it until that has gone well."""

CHUNK = 5000
"""Keys asked for in one statement."""

DOCUMENTS = 200
"""Documents whose lines are asked for in one statement: for many more PostgreSQL would rather read the whole table."""


_LINES = sa.text(
    """
    SELECT record_key, hubspot_id, coalesce(fingerprint, ''), stamp, email FROM ml_connector.identity
    WHERE connection = :connection AND object_type = 'line_items'
      AND split_part(record_key, ':', 2) || ':' || split_part(record_key, ':', 3) = ANY(:documents)
    """
)
"""There is an index on the document that a line's key names: ``line:Invoice:100234:3`` is of ``Invoice:100234``."""

_SKIPPED = sa.text(
    """
    SELECT key FROM unnest(CAST(:keys AS text[])) AS key
    JOIN LATERAL (
      SELECT action FROM ml_connector.operation
      WHERE connection = :connection AND record_key = key AND entity = :entity ORDER BY id DESC LIMIT 1
    ) AS newest ON newest.action = 'skip'
    """
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The HubSpot record that a Visma key is, and what was last synced to it.

    ``stamp`` is Visma's naive text; ``fingerprint`` is of all the record wanted then.
    """

    key: str
    hubspot_id: str
    fingerprint: str
    stamp: str
    email: str | None


@dataclass(frozen=True, slots=True)
class KnownLink:
    """An association as last seen: ``status`` is confirmed, pending, rejected or unwanted; the ids are its ends."""

    from_key: str
    to_key: str
    status: str
    from_id: str | None = None
    to_id: str | None = None
    to_type: str = "companies"


class LedgerReader:
    """Reads one connection's part of the ledger."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    @property
    def connection(self) -> str:
        """The connection's name, with which its ids in HubSpot begin."""
        return self._connection

    def decisions(self, object_type: str) -> dict[str, Decision]:
        """Return what people decided about records of an object, by Visma key; there are never many."""
        found = decisions_of(self._engine, self._connection, object_type)
        return {key: decision for (_, key), decision in found.items()}

    def identities(self, object_type: str, keys: Iterable[str]) -> dict[str, Identity]:
        """Return the known identities of Visma keys such as ``customer:10023``; unknown keys are absent."""
        return {found.key: found for found in self._identities(object_type, identity.c.record_key, keys)}

    def identities_by_email(self, object_type: str, addresses: Iterable[str]) -> dict[str, Identity]:
        """Return the identities that were last synced with these e-mail addresses (normal form), by address."""
        found = self._identities(object_type, identity.c.email, addresses)
        return {known.email: known for known in found if known.email is not None}

    def _identities(self, object_type: str, column: sa.Column[str], values: Iterable[str]) -> list[Identity]:
        wanted = list(dict.fromkeys(values))
        table = identity.c
        chosen = sa.select(
            table.record_key, table.hubspot_id, table.fingerprint, table.stamp, table.email
        ).where(table.connection == self._connection, table.object_type == object_type)
        found: list[Identity] = []
        with self._engine.connect() as database:
            for start in range(0, len(wanted), CHUNK):
                some = sa.bindparam("some", wanted[start : start + CHUNK], type_=sa.ARRAY(sa.Text))
                rows = database.execute(chosen.where(column == sa.any_(some)))
                found.extend(
                    Identity(row[0], row[1], row[2] or "", stamp_text(row[3]), row[4]) for row in rows
                )
        return found

    def keys_of(self, object_type: str, hubspot_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return the Visma keys that HubSpot records stand for, by the record's id; unknown records are absent."""
        found: dict[str, list[str]] = {}
        for known in self._identities(object_type, identity.c.hubspot_id, hubspot_ids):
            found.setdefault(known.hubspot_id, []).append(known.key)
        return found

    def lines_of(self, documents: Iterable[str], besides: Collection[str]) -> list[Identity]:
        """Return the line items that were made for documents such as ``Invoice:100234``, besides those with some keys.

        Linked or not: a run may have ended between making a line and linking it.
        """
        known = frozenset(besides)
        found: list[Identity] = []
        with self._engine.connect() as database:
            for some in chunks(documents, DOCUMENTS):
                rows = database.execute(_LINES, {"connection": self._connection, "documents": some})
                found.extend(
                    Identity(row[0], row[1], row[2], stamp_text(row[3]), row[4])
                    for row in rows
                    if row[0] not in known
                )
        return found

    def knows(self, object_type: str) -> bool:
        """Return whether any record was synced to a HubSpot object."""
        table = identity.c
        mine = sa.select(table.record_key).where(
            table.connection == self._connection, table.object_type == object_type
        )
        with self._engine.connect() as database:
            return database.execute(mine.limit(1)).first() is not None

    def values_of(
        self, object_type: str, keys: Iterable[str], names: Sequence[str]
    ) -> dict[str, dict[str, str | None]]:
        """Return what known records hold by the ledger: the named values, None for one it knows nothing of, by key."""
        wanted = list(dict.fromkeys(keys))
        table = identity.c
        chosen = sa.select(table.record_key, *(table.properties[name].astext for name in names)).where(
            table.connection == self._connection, table.object_type == object_type
        )
        found: dict[str, dict[str, str | None]] = {}
        with self._engine.connect() as database:
            for start in range(0, len(wanted), CHUNK):
                some = sa.bindparam("some", wanted[start : start + CHUNK], type_=sa.ARRAY(sa.Text))
                for row in database.execute(chosen.where(table.record_key == sa.any_(some))):
                    found[row[0]] = dict(zip(names, row[1:], strict=True))
        return found

    def numbers_written(self, object_type: str, within: timedelta) -> list[tuple[str, str]]:
        """Return ``(HubSpot id, organisation number)`` of the records that were synced within this time."""
        table = identity.c
        number = table.properties["visma_organisation_number"].astext
        query = sa.select(table.hubspot_id, number).where(
            table.connection == self._connection,
            table.object_type == object_type,
            table.updated_at > sa.func.now() - within,
            number.is_not(None),
        )
        with self._engine.connect() as database:
            return [(row[0], row[1]) for row in database.execute(query)]

    def left_out(self, entity: str, keys: Iterable[str]) -> set[str]:
        """Return those of the records that the newest run to look at them skipped: they are not going to come."""
        wanted = list(dict.fromkeys(keys))
        found: set[str] = set()
        with self._engine.connect() as database:
            for start in range(0, len(wanted), CHUNK):
                some = {
                    "keys": wanted[start : start + CHUNK],
                    "connection": self._connection,
                    "entity": entity,
                }
                found.update(row[0] for row in database.execute(_SKIPPED, some))
        return found

    def links_of(self, from_type: str, from_keys: Sequence[str]) -> dict[tuple[str, str], KnownLink]:
        """Return the known links of records, by (from key, to key)."""
        found: dict[tuple[str, str], KnownLink] = {}
        with self._engine.connect() as database:
            for start in range(0, len(from_keys), CHUNK):
                some = sa.bindparam("some", list(from_keys[start : start + CHUNK]), type_=sa.ARRAY(sa.Text))
                for row in database.execute(self._links(from_type).where(link.c.from_key == sa.any_(some))):
                    found[row[0], row[1]] = _known(row)
        return found

    def linked_to(self, from_type: str, to_type: str, to_keys: Sequence[str]) -> dict[str, list[KnownLink]]:
        """Return the links that lead to records and are to stay, by the key they lead to.

        Those of each key are in the order of the keys they come from.
        """
        table = link.c
        found: dict[str, list[KnownLink]] = {}
        with self._engine.connect() as database:
            for start in range(0, len(to_keys), CHUNK):
                some = sa.bindparam("some", list(to_keys[start : start + CHUNK]), type_=sa.ARRAY(sa.Text))
                query = self._links(from_type).where(table.to_type == to_type, table.to_key == sa.any_(some))
                query = query.where(table.status != UNWANTED)
                for row in database.execute(query.order_by(table.from_key)):
                    found.setdefault(row[1], []).append(_known(row))
        return found

    def links_about(self, object_type: str, keys: Sequence[str]) -> Iterator[tuple[str, KnownLink]]:
        """Yield the links that start from or lead to records of an object, each with the object it starts from."""
        table = link.c
        for some in chunks(keys, CHUNK):
            mine = sa.any_(sa.bindparam("some", some, type_=sa.ARRAY(sa.Text)))
            about = sa.or_(
                sa.and_(table.to_type == object_type, table.to_key == mine),
                sa.and_(table.from_type == object_type, table.from_key == mine),
            )
            query = sa.select(
                table.from_type,
                table.from_key,
                table.to_key,
                table.status,
                table.from_id,
                table.to_id,
                table.to_type,
            ).where(table.connection == self._connection, about)
            with self._engine.connect() as database:
                rows = database.execute(query.order_by(table.from_type, table.from_key, table.to_key)).all()
            for from_type, *rest in rows:
                yield from_type, KnownLink(*rest)

    def pending_links(self, from_type: str) -> list[KnownLink]:
        """Return the links that are still to be made, oldest first."""
        return self._open(from_type, link.c.status != UNWANTED)

    def unwanted_links(self, from_type: str) -> list[KnownLink]:
        """Return the links that are still to be taken away, oldest first."""
        return self._open(from_type, link.c.status == UNWANTED)

    def _open(self, from_type: str, which: "sa.ColumnElement[bool]") -> list[KnownLink]:
        query = self._links(from_type).where(link.c.status != "confirmed", which).order_by(link.c.updated_at)
        with self._engine.connect() as database:
            return [_known(row) for row in database.execute(query)]

    def _links(self, from_type: str) -> "sa.Select[Any]":
        """Return the query for the links that start from a type of record, in the order of :class:`KnownLink`."""
        table = link.c
        return sa.select(
            table.from_key, table.to_key, table.status, table.from_id, table.to_id, table.to_type
        ).where(table.connection == self._connection, table.from_type == from_type)


def _known(row: Any) -> KnownLink:
    return KnownLink(*row)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: counts per entity and requests per API, as the ledger has them.

    ``waiting`` is what it left refused without trying it, by entity.
    """

    entities: dict[str, dict[str, int]]
    requests: dict[str, dict[str, int]]
    waiting: dict[str, int] = field(default_factory=dict)


def run_report(engine: sa.Engine, connection: str, run_id: str, *, planned: bool = False) -> RunReport:
    """Return what a run has loaded, or what it ``planned``; empty for a run that never began to."""
    query = sa.select(run.c.summary).where(run.c.run_id == run_id, run.c.connection == connection)
    with engine.connect() as database:
        summary = database.execute(query).scalar_one_or_none() or {}
    figures = summary.get("planned" if planned else "entities") or {}
    return RunReport(
        {name: figures[name] for name in ENTITIES if name in figures},
        summary.get("requests") or {},
        {name: many for name, many in (summary.get("waiting") or {}).items() if many},
    )


def stamp_text(stamp: datetime | None) -> str:
    """Return a stored stamp as Visma writes it: ISO, with a fraction only where there is one."""
    if stamp is None:
        return ""
    text = stamp.isoformat()
    return text.rstrip("0") if "." in text else text
