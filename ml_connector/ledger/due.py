"""Which refused records a plan takes up: in most runs those that are due, in a retry those that a person has chosen.

What is refused waits longer each time, so that what nobody mends costs less and less. It is due at once where something
may have changed that matters: the settings, or a person asked for it. A new version comes with its window anyway.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ml_connector.causes.model import SEPARATOR
from ml_connector.errors import UsageError
from ml_connector.ledger.tables import reject, run

CAUSE, RECORD, ALL = "cause", "record", "all"

AT_ONCE = 2000
"""Records in memory at once where all that wait are looked through."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which refused records: those of a cause, one by its key, or with neither all of them.

    A cause without its detail stands for all details: ``option-missing`` for ``option-missing:industry`` too.
    """

    cause: str | None = None
    record: str | None = None

    @staticmethod
    def parse(text: str) -> "Selection":
        """Return the selection of a text such as ``cause:email-refused``, ``record:customer:10023`` or ``all``.

        Raises:
            UsageError: the text is none of these.
        """
        kind, _, name = text.partition(":")
        if text == ALL:
            return Selection()
        if kind == CAUSE and name:
            return Selection(cause=name)
        if kind == RECORD and name:
            return Selection(record=name)
        raise UsageError(
            f"{text} selects no refused records.",
            remedy=f"Give {ALL}, {CAUSE}:NAME or {RECORD}:KEY, such as record:customer:10023.",
        )

    def __str__(self) -> str:
        if self.cause:
            return f"{CAUSE}:{self.cause}"
        return f"{RECORD}:{self.record}" if self.record else ALL

    def where(self, connection: str) -> sa.ColumnElement[bool]:
        """Return the condition on rows of ``reject``; records that were put aside are among them."""
        conditions = [reject.c.connection == connection]
        if self.cause:
            detailed = reject.c.cause.startswith(f"{self.cause}{SEPARATOR}", autoescape=True)
            conditions.append((reject.c.cause == self.cause) | detailed)
        if self.record:
            conditions.append(reject.c.record_key == self.record)
        return sa.and_(*conditions)


@dataclass(frozen=True, slots=True)
class DueReject:
    """A record that was refused before: its stored form and the window it came from."""

    key: str
    record: dict[str, object]
    partition: str
    attempts: int


def waits(settings: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a refused record is not due: its time has not come, and the settings are the same.

    Args:
        settings: the connection's settings now, as the ledger keeps them with each run.
    """
    refused_under = sa.select(run.c.run_id).where(
        run.c.run_id == reject.c.run_id, run.c.settings == sa.cast(settings, JSONB)
    )
    return sa.func.coalesce((reject.c.due_at > sa.func.now()) & refused_under.exists(), sa.false())


@dataclass(frozen=True, slots=True)
class DueReader:
    """Reads one connection's refused records for the plan of one run. Those that were put aside are none of them.

    Args:
        engine: of the database.
        connection: the connection's name.
        settings: its settings, as the ledger keeps them with each run.
        only: in a retry, which records are tried; None in any other run.
    """

    engine: sa.Engine
    connection: str
    settings: Mapping[str, Any] = field(repr=False)
    only: Selection | None = None

    def due(self, entity: str) -> list[DueReject]:
        """Return the records of an entity that this run tries again, oldest first."""
        chosen = sa.not_(waits(self.settings)) if self.only is None else self.only.where(self.connection)
        return list(self._rejects(entity, chosen))

    def waiting(self, entity: str) -> Iterator[DueReject]:
        """Yield the records of an entity that this run does not try by itself; a retry asks for none of them."""
        if self.only is None:
            yield from self._rejects(entity, waits(self.settings))

    def retried(self) -> frozenset[str] | None:
        """Return the keys of all records that a retry tries, whatever their entity; None in any other run."""
        if self.only is None:
            return None
        keys = sa.select(reject.c.record_key).where(
            self.only.where(self.connection), reject.c.dismissed_at.is_(None)
        )
        with self.engine.connect() as database:
            return frozenset(database.execute(keys).scalars())

    def _rejects(self, entity: str, chosen: sa.ColumnElement[bool]) -> Iterator[DueReject]:
        table = reject.c
        query = (
            sa.select(table.record_key, table.record, table.partition, table.attempts)
            .where(table.connection == self.connection, table.entity == entity)
            .where(table.dismissed_at.is_(None), table.record.is_not(None), chosen)
            .order_by(table.first_seen, table.record_key)
        )
        with self.engine.connect().execution_options(yield_per=AT_ONCE) as database:
            for row in database.execute(query):
                yield DueReject(row[0], row[1], row[2] or "", row[3])
