"""What is usual for a connection: the records it has synced, and how much its recent runs changed."""

import sqlalchemy as sa

from ml_connector.ledger.tables import identity, run
from ml_connector.plan.breaker import Usual

RECENT_RUNS = 20


class UsualReader:
    """Reads what one connection's runs usually change."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def of(self, entity: str, object_type: str) -> Usual:
        """Return what is usual for an entity that is kept in a HubSpot object.

        A run counts once it has written: not a plan, nor one that failed. What a person accepted as a mass change is in
        no summary.
        """
        figures = run.c.summary["changes"][entity]
        recent = (
            sa.select(figures)
            .where(
                run.c.connection == self._connection,
                run.c.status.in_(("done", "rejects")),
                run.c.kind != "plan",
                figures.is_not(None),
            )
            .order_by(run.c.started_at.desc())
            .limit(RECENT_RUNS)
        )
        known = sa.select(sa.func.count()).where(
            identity.c.connection == self._connection, identity.c.object_type == object_type
        )
        with self._engine.connect() as database:
            return Usual(database.execute(known).scalar_one(), list(database.execute(recent).scalars()))
