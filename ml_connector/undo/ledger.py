"""What an undo asks the ledger: what a run wrote and linked, what other runs did to the same, and who is who now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.runs import Run
from ml_connector.plan.decided import RELEASES
from ml_connector.undo.model import ADOPTION, OWED, PREFIX, Claim, Write, Written
from ml_connector.undo.statements import (
    ADOPTED,
    CLAIMS,
    ELSEWHERE,
    FOLLOWED,
    HISTORY,
    LINK_STORY,
    LINKS_FROM,
    LINKS_OF_RUN,
    LINKS_TO,
    MENDED,
    OF_RUN,
    OWED_AGAIN,
    REFUSED_THEN,
)
from ml_connector.undo.steps import LinkRow, LinkStep

AT_A_TIME = 1000

STANDARD = frozenset({"companies", "contacts", "deals", "invoices", "line_items", "commerce_payments"})
"""The objects of HubSpot's own that the connector writes or links."""


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
            rows = database.execution_options(yield_per=AT_A_TIME).execute(OF_RUN, values)
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
        values = {"object_type": object_type, "after": self._first, "run": self.run.run_id}
        for row in self._rows(FOLLOWED, list(dict.fromkeys(keys)), **values):
            write = Write(*row)
            found[write.hubspot_id].append(write)
        return found

    def elsewhere(self, object_type: str, ids: Sequence[str]) -> dict[str, str]:
        """Return another connection to the same portal that knows a record too, by HubSpot id."""
        return {row[0]: row[1] for row in self._rows(ELSEWHERE, list(ids), object_type=object_type)}

    def histories(self, keys: Iterable[str]) -> dict[str, list[Write]]:
        """Return all that was ever written to the records of keys, by key, in order."""
        found: dict[str, list[Write]] = defaultdict(list)
        for row in self._rows(HISTORY, list(dict.fromkeys(keys))):
            write = Write(*row)
            found[write.key].append(write)
        return found

    @cached_property
    def mended(self) -> frozenset[tuple[str, str]]:
        """The object and key of records that the run took from one HubSpot record, as a person had linked another."""
        with self._engine.connect() as database:
            values = {"connection": self._connection, "run": self.run.run_id, "entity": RELEASES}
            return frozenset((row[0], row[1]) for row in database.execute(MENDED, values))

    def known(self, object_type: str, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that stand for a HubSpot record."""
        return set(self._ledger.identities(object_type, keys))

    def claims(self, object_type: str, ids: Sequence[str]) -> dict[str, list[Claim]]:
        """Return the Visma keys that stand for HubSpot records now, by HubSpot id, in the order of the keys."""
        found: dict[str, list[Claim]] = defaultdict(list)
        with self._engine.connect() as database:
            values = {"connection": self._connection, "object_type": object_type, "ids": list(ids)}
            for hubspot_id, key, fingerprint, first_run, began in database.execute(CLAIMS, values):
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
                keys = [row[1] for row in database.execute(LINKS_OF_RUN, {**values, "from": last})]
            if not keys:
                return
            yield list(dict.fromkeys(keys))
            last = keys[-1]

    def link_stories(self, keys: Sequence[str]) -> dict[str, list[LinkStep]]:
        """Return all that was ever done with links, by name, in order."""
        found: dict[str, list[LinkStep]] = defaultdict(list)
        for row in self._rows(LINK_STORY, list(keys)):
            found[row[0]].append(LinkStep(*row))
        return found

    def links_from(self, object_type: str, keys: Sequence[str]) -> list[LinkRow]:
        """Return the links that start from records."""
        return [LinkRow(*row) for row in self._rows(LINKS_FROM, list(keys), object_type=object_type)]

    def links_to(self, object_type: str, keys: Sequence[str]) -> list[LinkRow]:
        """Return the links that lead to records."""
        return [LinkRow(*row) for row in self._rows(LINKS_TO, list(keys), object_type=object_type)]

    def refused_then(self) -> list[tuple[str, str]]:
        """Return ``(entity, key)`` of what is not tried again: records that were refused first and last in the run.

        And what HubSpot refused of an undo: the next undo of the same run tries it.
        """
        since: datetime = self.run.started_at
        with self._engine.connect() as database:
            values = {
                "connection": self._connection,
                "run": self.run.run_id,
                "since": since,
                "prefix": PREFIX,
            }
            return [(row[0], row[1]) for row in database.execute(REFUSED_THEN, values)]

    def adopted(self) -> list[tuple[str, str, str]]:
        """Return ``(object type, key, HubSpot id)`` of the identities that the undo has made void."""
        values = {"connection": self._connection, "run": self.run.run_id, "rule": ADOPTION}
        with self._engine.connect() as database:
            return [(row[0], row[1], row[2]) for row in database.execute(ADOPTED, values)]

    def owed(self) -> list[tuple[str, str, str, str]]:
        """Return ``(from type, from key, to type, to key)`` of the links that wait again after the undo."""
        values = {"connection": self._connection, "run": self.run.run_id, "reason": OWED}
        with self._engine.connect() as database:
            return [(row[0], row[1], row[2], row[3]) for row in database.execute(OWED_AGAIN, values)]

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

    def _rows(self, statement: sa.TextClause, keys: list[str], **values: Any) -> Sequence[Any]:
        if not keys:
            return []
        with self._engine.connect() as database:
            named = {"connection": self._connection, "keys": keys, **values}
            return database.execute(statement, named).all()
