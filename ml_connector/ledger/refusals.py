"""What a portal refuses as a whole, such as payments or custom objects: remembered, so that not every run tries again.

A refusal counts for some days and for the token that got it. Another token asks anew, and so does whoever runs `ping`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ml_connector.ledger.tables import refusal

REMEMBERED = timedelta(days=7)
"""How long a run takes a refusal for granted: a subscription that was bought shows within a week by itself."""


class Subject(StrEnum):
    """What may be refused; as it is called in findings and counts."""

    PAYMENTS = "payments"
    TRANSACTIONS = "transactions"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The portal's answer in a sentence, and when it gave it (aware)."""

    subject: Subject
    reason: str
    since: datetime

    def __str__(self) -> str:
        again = self.since + REMEMBERED
        return (
            f"{self.reason} So it said on {self.since:%Y-%m-%d}; it is asked again from {again:%Y-%m-%d} on."
        )


class Refusals:
    """What the portal of one connection has refused.

    Args:
        engine: the ledger's database.
        connection: the connection.
        token_mark: what stands for the token that asks, see :attr:`ml_connector.hubspot.calls.Caller.token_mark`.
    """

    def __init__(self, engine: sa.Engine, connection: str, token_mark: str) -> None:
        self._engine = engine
        self._connection = connection
        self._token_mark = token_mark

    def known(self, subject: Subject) -> Refusal | None:
        """Return what this token was told about a subject in the last days, None where it has to be asked."""
        query = sa.select(refusal.c.reason, refusal.c.since).where(
            refusal.c.connection == self._connection,
            refusal.c.subject == subject.value,
            refusal.c.token_mark == self._token_mark,
            refusal.c.since > sa.func.now() - REMEMBERED,
        )
        with self._engine.connect() as database:
            row = database.execute(query).one_or_none()
        return Refusal(subject, row.reason, row.since) if row is not None else None

    def note(self, subject: Subject, reason: str) -> None:
        """Remember that the portal has just refused a subject."""
        answer = {"reason": reason, "token_mark": self._token_mark, "since": sa.func.now()}
        row = {"connection": self._connection, "subject": subject.value, **answer}
        statement = insert(refusal).values(row)
        with self._engine.begin() as database:
            database.execute(statement.on_conflict_do_update(constraint=refusal.primary_key, set_=answer))


def forget_refusals(engine: sa.Engine, connection: str) -> list[Refusal]:
    """Forget what a connection's portal has refused and return it: the next run asks anew."""
    mine = refusal.c.connection == connection
    statement = sa.delete(refusal).where(mine)
    with engine.begin() as database:
        rows = database.execute(statement.returning(refusal.c.subject, refusal.c.reason, refusal.c.since))
        found = [Refusal(Subject(row.subject), row.reason, row.since) for row in rows]
    return sorted(found, key=lambda one: one.subject)
