"""What an undo asks the ledger: what a run wrote and linked, what other runs did to the same, and who is who now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.runs import Run
from ml_connector.plan.operations import Action
from ml_connector.undo.model import ADOPTION, OWED, Claim, Write, Written

AT_A_TIME = 1000

STANDARD = frozenset({"companies", "contacts", "deals", "invoices", "line_items", "commerce_payments"})
"""The objects of HubSpot's own that the connector writes or links."""

_COLUMNS = """
  o.id, o.run_id, CASE WHEN r.kind = 'undo' THEN r.of_run END, o.entity, o.record_key, o.object_type, o.action,
  o.status, coalesce(o.partition, ''), o.hubspot_id, o.created, coalesce(o.properties, '{}'),
  coalesce(o.previous, '{}')"""

_WROTE = """
  o.action IN ('create', 'update', 'open', 'archive') AND o.hubspot_id IS NOT NULL
  AND (o.status = 'confirmed' OR (o.status IN ('pending', 'intended', 'unknown') AND o.properties <> '{}'))"""
"""An operation that was not confirmed may have written all the same: what HubSpot holds will tell."""

_OF_RUN = sa.text(
    f"""
    SELECT {_COLUMNS}
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.run_id = :run AND {_WROTE}
    ORDER BY o.object_type, max(o.id) OVER (PARTITION BY o.object_type, o.hubspot_id) DESC, o.hubspot_id, o.id
    """  # noqa: S608 - the columns are this program's own
)
"""Backwards: what was written last comes first."""

_AROUND = sa.text(
    f"""
    SELECT {_COLUMNS}
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.record_key = ANY(CAST(:keys AS text[])) AND o.id > :after AND {_WROTE}
    ORDER BY o.id
    """  # noqa: S608
)

_CLAIMS = sa.text(
    """
    SELECT i.hubspot_id, i.record_key, coalesce(i.fingerprint, ''), i.first_run, r.started_at
    FROM ml_connector.identity AS i LEFT JOIN ml_connector.run AS r ON r.run_id = i.first_run
    WHERE i.connection = :connection AND i.object_type = :object_type
      AND i.hubspot_id = ANY(CAST(:ids AS text[]))
    ORDER BY i.record_key
    """
)

_LINKS_OF_RUN = sa.text(
    """
    SELECT DISTINCT o.object_type, o.record_key FROM ml_connector.operation AS o
    WHERE o.connection = :connection AND o.run_id = :run AND o.action IN ('link', 'unlink')
      AND o.record_key > :from ORDER BY 2 LIMIT :most
    """
)

_LINK_STORY = sa.text(
    """
    SELECT o.record_key, o.run_id, CASE WHEN r.kind = 'undo' THEN r.of_run END, o.entity, o.object_type, o.action,
           o.status, o.properties, coalesce(o.partition, '')
    FROM ml_connector.operation AS o JOIN ml_connector.run AS r ON r.run_id = o.run_id
    WHERE o.connection = :connection AND o.record_key = ANY(CAST(:keys AS text[]))
      AND o.action IN ('link', 'unlink')
    ORDER BY o.id
    """
)

_LINK_ROWS = """
    SELECT from_type, from_key, to_type, to_key, from_id, to_id, status FROM ml_connector.link
    WHERE connection = :connection"""

_LINKS_FROM = sa.text(
    f"{_LINK_ROWS} AND from_type = :object_type AND from_key = ANY(CAST(:keys AS text[])) ORDER BY 2, 4"
)
_LINKS_TO = sa.text(
    f"{_LINK_ROWS} AND to_type = :object_type AND to_key = ANY(CAST(:keys AS text[])) ORDER BY 2, 4"
)

_REFUSED_THEN = sa.text(
    """
    SELECT entity, record_key FROM ml_connector.reject
    WHERE connection = :connection AND run_id = :run AND first_seen >= :since AND dismissed_at IS NULL
    """
)

_OPEN_UNDOS = """
    SELECT run_id FROM ml_connector.run
    WHERE connection = :connection AND kind = 'undo' AND of_run = :run AND status NOT IN ('done', 'rejects')"""
"""The undo that is going on, and earlier ones of the same run that were broken off."""

_ADOPTED = sa.text(
    f"""
    SELECT DISTINCT i.object_type, i.record_key, i.hubspot_id FROM ml_connector.operation AS o
    JOIN ml_connector.identity AS i
      ON i.connection = o.connection AND i.object_type = o.object_type AND i.hubspot_id = o.hubspot_id
    WHERE o.connection = :connection AND o.run_id IN ({_OPEN_UNDOS}) AND o.rule = :rule
      AND o.status IN ('confirmed', 'done') AND i.first_run = :run
    """  # noqa: S608
)

_OWED = sa.text(
    f"""
    SELECT DISTINCT object_type, properties->>'from', coalesce(properties->>'to_type', 'companies'), properties->>'to'
    FROM ml_connector.operation
    WHERE connection = :connection AND run_id IN ({_OPEN_UNDOS}) AND action = 'unlink' AND reason = :reason
      AND status IN ('confirmed', 'done')
    """  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """An association as the ledger knows it now: both ends by key and, where known, by HubSpot id."""

    from_type: str
    from_key: str
    to_type: str
    to_key: str
    from_id: str | None
    to_id: str | None
    status: str

    @property
    def key(self) -> str:
        """Its name in the ledger's operations."""
        return f"{self.from_key}>{self.to_key}"


@dataclass(frozen=True, slots=True)
class LinkStep:
    """One operation on a link, of any run: ``undoes`` as in :class:`Write`."""

    key: str
    run_id: str
    undoes: str | None
    entity: str
    from_type: str
    action: str
    status: str
    ends: Mapping[str, str]
    partition: str

    @property
    def confirmed(self) -> bool:
        """Whether it changed what HubSpot holds."""
        return self.status == "confirmed"


class UndoReader:
    """Reads what is needed to undo one run.

    Args:
        engine: the ledger's database.
        connection: the connection.
        run: the run to undo.
    """

    def __init__(self, engine: sa.Engine, connection: str, run: Run) -> None:
        self._engine = engine
        self._connection = connection
        self.run = run
        self._ledger = LedgerReader(engine, connection)
        self._first = self._first_operation()

    def written(self) -> Iterator[list[Written]]:
        """Yield what the run wrote, by record, records of one type together, the last written first."""
        values = {"connection": self._connection, "run": self.run.run_id}
        with self._engine.connect() as database:
            rows = database.execution_options(yield_per=AT_A_TIME).execute(_OF_RUN, values)
            some: list[Written] = []
            for (object_type, hubspot_id), writes in groupby(
                (Write(*row) for row in rows), key=lambda one: (one.object_type, one.hubspot_id)
            ):
                if some and (len(some) == AT_A_TIME or some[0].object_type != object_type):
                    yield some
                    some = []
                some.append(Written(object_type, hubspot_id, tuple(writes)))
            if some:
                yield some

    def followed(self, object_type: str, keys: Iterable[str]) -> dict[str, list[Write]]:
        """Return what other runs wrote to records since, by HubSpot id, in order."""
        found: dict[str, list[Write]] = defaultdict(list)
        for write in self._writes(keys, after=self._first):
            if write.object_type == object_type and write.run_id != self.run.run_id:
                found[write.hubspot_id].append(write)
        return found

    def histories(self, keys: Iterable[str]) -> dict[str, list[Write]]:
        """Return all that was ever written to the records of keys, by key, in order."""
        found: dict[str, list[Write]] = defaultdict(list)
        for write in self._writes(keys, after=0):
            found[write.key].append(write)
        return found

    def known(self, object_type: str, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that stand for a HubSpot record."""
        return set(self._ledger.identities(object_type, keys))

    def claims(self, object_type: str, ids: Sequence[str]) -> dict[str, list[Claim]]:
        """Return the Visma keys that stand for HubSpot records now, by HubSpot id, in the order of the keys."""
        found: dict[str, list[Claim]] = defaultdict(list)
        with self._engine.connect() as database:
            values = {"connection": self._connection, "object_type": object_type, "ids": list(ids)}
            for hubspot_id, key, fingerprint, first_run, began in database.execute(_CLAIMS, values):
                later = first_run if began is not None and began > self.run.started_at else None
                by_run = first_run == self.run.run_id
                found[hubspot_id].append(Claim(key, fingerprint, by_run, None if by_run else later))
        return found

    def link_keys(self) -> Iterator[list[str]]:
        """Yield the names of the links that the run worked on."""
        last = ""
        values = {"connection": self._connection, "run": self.run.run_id, "most": AT_A_TIME}
        while True:
            with self._engine.connect() as database:
                keys = [row[1] for row in database.execute(_LINKS_OF_RUN, {**values, "from": last})]
            if not keys:
                return
            yield list(dict.fromkeys(keys))
            last = keys[-1]

    def link_stories(self, keys: Sequence[str]) -> dict[str, list[LinkStep]]:
        """Return all that was ever done with links, by name, in order."""
        found: dict[str, list[LinkStep]] = defaultdict(list)
        for row in self._rows(_LINK_STORY, list(keys)):
            found[row[0]].append(LinkStep(*row))
        return found

    def links_from(self, object_type: str, keys: Sequence[str]) -> list[LinkRow]:
        """Return the links that start from records."""
        return [LinkRow(*row) for row in self._rows(_LINKS_FROM, list(keys), object_type=object_type)]

    def links_to(self, object_type: str, keys: Sequence[str]) -> list[LinkRow]:
        """Return the links that lead to records."""
        return [LinkRow(*row) for row in self._rows(_LINKS_TO, list(keys), object_type=object_type)]

    def refused_then(self) -> list[tuple[str, str]]:
        """Return ``(entity, key)`` of the records that were first refused in the run, and in no run since."""
        since: datetime = self.run.started_at
        with self._engine.connect() as database:
            values = {"connection": self._connection, "run": self.run.run_id, "since": since}
            return [(row[0], row[1]) for row in database.execute(_REFUSED_THEN, values)]

    def adopted(self) -> list[tuple[str, str, str]]:
        """Return ``(object type, key, HubSpot id)`` of the identities that the undo has made void."""
        values = {"connection": self._connection, "run": self.run.run_id, "rule": ADOPTION}
        with self._engine.connect() as database:
            return [(row[0], row[1], row[2]) for row in database.execute(_ADOPTED, values)]

    def owed(self) -> list[tuple[str, str, str, str]]:
        """Return ``(from type, from key, to type, to key)`` of the links that wait again after the undo."""
        values = {"connection": self._connection, "run": self.run.run_id, "reason": OWED}
        with self._engine.connect() as database:
            return [(row[0], row[1], row[2], row[3]) for row in database.execute(_OWED, values)]

    def own_objects(self) -> set[str]:
        """Return the object types of records that HubSpot has not by itself, such as the one of transactions."""
        query = sa.text(
            "SELECT DISTINCT object_type FROM ml_connector.identity WHERE connection = :connection"
        )
        with self._engine.connect() as database:
            found = {row[0] for row in database.execute(query, {"connection": self._connection})}
        return found - STANDARD

    def _first_operation(self) -> int:
        query = sa.text(
            "SELECT coalesce(min(id), 0) FROM ml_connector.operation WHERE run_id = :run AND connection = :connection"
        )
        with self._engine.connect() as database:
            values = {"run": self.run.run_id, "connection": self._connection}
            return int(database.execute(query, values).scalar_one())

    def _writes(self, keys: Iterable[str], *, after: int) -> Iterator[Write]:
        for row in self._rows(_AROUND, list(dict.fromkeys(keys)), after=after):
            yield Write(*row)

    def _rows(self, statement: sa.TextClause, keys: list[str], **values: Any) -> Sequence[Any]:
        if not keys:
            return []
        with self._engine.connect() as database:
            named = {"connection": self._connection, "keys": keys, **values}
            return database.execute(statement, named).all()


def effective(run_id: str, story: Iterable[LinkStep]) -> LinkStep | None:
    """Return the last step of a link that still counts: not those that undos took back, nor the undos themselves.

    What undos of this very run did counts, so that one that was broken off goes on.
    """
    standing: list[LinkStep] = []
    for step in story:
        taken_back = next((one for one in reversed(standing) if one.run_id == step.undoes), None)
        if step.undoes not in (None, run_id) and taken_back is not None and step.confirmed:
            standing.remove(taken_back)
        elif step.confirmed:
            standing.append(step)
    return standing[-1] if standing else None


def owed_before(run_id: str, story: Sequence[LinkStep]) -> bool:
    """Return whether a link was still to be made when a run began: another run had tried before."""
    earlier: list[LinkStep] = []
    for step in story:
        if step.run_id == run_id:
            break
        earlier.append(step)
    tried = bool(earlier) and earlier[-1].action == Action.LINK
    return tried and earlier[-1].status not in ("confirmed", "done")
