"""Windows whose payments or sales transactions the portal did not take: they wait until it does.

Their records lie in the storage. Nothing is noted of each record: a portal that never takes them costs a row a window.
"""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ml_connector.ledger.refusals import Subject
from ml_connector.ledger.tables import backlog


class Backlog:
    """The windows of one connection that wait."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def windows(self, subject: Subject) -> list[str]:
        """Return the windows whose records wait, oldest first."""
        query = sa.select(backlog.c.partition).where(*self._of(subject)).order_by(backlog.c.partition)
        with self._engine.connect() as database:
            return list(database.execute(query).scalars())

    def add(self, subject: Subject, windows: Collection[str]) -> None:
        """Note that records of windows were not taken; one that is noted already stays as it is."""
        rows = [
            {
                "connection": self._connection,
                "subject": subject.value,
                "partition": window,
                "since": sa.func.now(),
            }
            for window in sorted(windows)
        ]
        if rows:
            with self._engine.begin() as database:
                database.execute(insert(backlog).values(rows).on_conflict_do_nothing())

    def clear(self, subject: Subject, windows: Collection[str]) -> None:
        """Note that windows wait no more."""
        if windows:
            statement = sa.delete(backlog).where(*self._of(subject), backlog.c.partition.in_(windows))
            with self._engine.begin() as database:
                database.execute(statement)

    def _of(self, subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
        return backlog.c.connection == self._connection, backlog.c.subject == subject.value
