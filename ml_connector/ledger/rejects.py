"""Refused records as people see them: grouped by cause, listed by name, asked for again, and put aside."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.causes.catalogue import cause_named
from ml_connector.causes.model import Cause
from ml_connector.ledger.due import AT_ONCE, Selection, waits
from ml_connector.ledger.tables import reject

EVERY = Selection()


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was refused. ``record`` is its Visma key; ``due_at`` is None where the next run tries it."""

    entity: str
    record: str
    cause: str
    message: str
    attempts: int
    first_seen: datetime
    last_seen: datetime
    due_at: datetime | None
    run_id: str
    dismissed_at: datetime | None
    note: str | None

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return cause_named(self.cause).remedy

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name with the remedy, times as ISO text."""
        return {
            "entity": self.entity,
            "record": self.record,
            "cause": self.cause,
            "message": self.message,
            "remedy": self.remedy,
            "attempts": self.attempts,
            "first_seen": _iso(self.first_seen),
            "last_seen": _iso(self.last_seen),
            "next_try": _iso(self.due_at),
            "run_id": self.run_id,
            "dismissed_at": _iso(self.dismissed_at),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """The records that are refused for one cause.

    Args:
        cause: why, with its sentence and remedy.
        entities: how many of each entity, the most first.
        waiting: how many of them the next run does not try.
        since: when the oldest was first refused.
        attempts: how often the one tried most was tried.
        next_try: when the first of those that wait is due; None where none waits.
    """

    cause: Cause
    entities: Mapping[str, int]
    waiting: int
    since: datetime
    attempts: int
    next_try: datetime | None

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(self.entities.values())

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """Return the group under stable names, times as ISO text."""
        return {
            "cause": self.cause.name,
            "title": self.cause.title,
            "remedy": self.cause.remedy,
            "where": str(self.cause.where),
            "count": self.count,
            "entities": dict(self.entities),
            "since": _iso(self.since),
            "age_days": (now - self.since).days,
            "attempts": self.attempts,
            "waiting": self.waiting,
            "next_try": _iso(self.next_try),
        }


class Rejects:
    """The refused records of one connection.

    Args:
        engine: of the database.
        connection: the connection's name.
        settings: its settings, as the ledger keeps them with each run: what was refused under others is due.
    """

    def __init__(self, engine: sa.Engine, connection: str, settings: Mapping[str, Any]) -> None:
        self._engine = engine
        self._connection = connection
        self._waits = waits(settings)

    def groups(
        self,
        chosen: Selection = EVERY,
        *,
        entities: Collection[str] | None = None,
        dismissed: bool = False,
        but_for_run: str | None = None,
    ) -> list[Group]:
        """Return what is refused by cause, the most frequent first; counted by the database, however many there are.

        Args:
            chosen: which of it.
            entities: only that of these entities.
            dismissed: what was put aside instead.
            but_for_run: without what was refused in this run.
        """
        table = reject.c
        waiting = sa.func.count().filter(self._waits)
        query = (
            sa.select(
                table.cause,
                table.entity,
                sa.func.count(),
                waiting,
                sa.func.min(table.first_seen),
                sa.func.max(table.attempts),
                sa.func.min(table.due_at).filter(self._waits),
            )
            .where(self._mine(chosen, entities, dismissed=dismissed))
            .where(sa.true() if but_for_run is None else table.run_id != but_for_run)
            .group_by(table.cause, table.entity)
            .order_by(sa.func.count().desc(), table.entity)
        )
        found: dict[str, list[Any]] = {}
        with self._engine.connect() as database:
            for row in database.execute(query):
                found.setdefault(row[0], []).append(row)
        groups = [_group(cause, rows) for cause, rows in found.items()]
        return sorted(groups, key=lambda group: (-group.count, group.cause.name))

    def keys(
        self,
        most: int | None,
        chosen: Selection = EVERY,
        *,
        entities: Collection[str] | None = None,
        dismissed: bool = False,
    ) -> dict[str, list[str]]:
        """Return the keys of the records of each cause, those refused longest first, at most so many of each."""
        table = reject.c
        place = sa.func.row_number().over(
            partition_by=table.cause, order_by=(table.first_seen, table.record_key)
        )
        ranked = (
            sa.select(table.cause, table.record_key, place.label("place"))
            .where(self._mine(chosen, entities, dismissed=dismissed))
            .subquery()
        )
        query = sa.select(ranked.c.cause, ranked.c.record_key).order_by(ranked.c.cause, ranked.c.place)
        if most is not None:
            query = query.where(ranked.c.place <= most)
        found: dict[str, list[str]] = {}
        with self._engine.connect() as database:
            for cause, key in database.execute(query):
                found.setdefault(cause, []).append(key)
        return found

    def each(self, chosen: Selection = EVERY, *, dismissed: bool = False) -> Iterator[Refused]:
        """Yield every refused record by cause, entity and key."""
        table = reject.c
        due = sa.case((self._waits, table.due_at))
        query = (
            sa.select(
                table.entity,
                table.record_key,
                table.cause,
                table.message,
                table.attempts,
                table.first_seen,
                table.last_seen,
                due,
                table.run_id,
                table.dismissed_at,
                table.dismissed_note,
            )
            .where(self._mine(chosen, None, dismissed=dismissed))
            .order_by(table.cause, table.entity, table.record_key)
        )
        with self._engine.connect().execution_options(yield_per=AT_ONCE) as database:
            for row in database.execute(query):
                yield Refused(*row)

    def make_due(self, chosen: Selection) -> int:
        """Let the next run try records as if for the first time; return how many.

        One that is named is taken back where it was put aside; a cause and "all" leave alone what was put aside.
        """
        left_aside = sa.true() if chosen.record else reject.c.dismissed_at.is_(None)
        return self._update(
            chosen, left_aside, {"attempts": 0, "due_at": None, "dismissed_at": None, "dismissed_note": None}
        )

    def dismiss(self, chosen: Selection, note: str) -> int:
        """Put refused records aside; return how many.

        They are not tried again by themselves. When one changes in Visma it is planned like any other, and is listed
        again if it is then refused for another cause.
        """
        aside = {"dismissed_at": sa.func.now(), "dismissed_note": note}
        return self._update(chosen, reject.c.dismissed_at.is_(None), aside)

    def _update(self, chosen: Selection, besides: sa.ColumnElement[bool], values: Mapping[str, Any]) -> int:
        statement = sa.update(reject).where(chosen.where(self._connection), besides).values(dict(values))
        with self._engine.begin() as database:
            return database.execute(statement).rowcount

    def _mine(
        self, chosen: Selection, entities: Collection[str] | None, *, dismissed: bool
    ) -> sa.ColumnElement[bool]:
        aside = reject.c.dismissed_at
        conditions = [chosen.where(self._connection), aside.is_not(None) if dismissed else aside.is_(None)]
        if entities is not None:
            conditions.append(reject.c.entity.in_(list(entities)))
        return sa.and_(*conditions)


def by_entity(groups: Iterable[Group]) -> dict[str, int]:
    """Return how many records of each entity are in some groups."""
    many: Counter[str] = Counter()
    for group in groups:
        many.update(group.entities)
    return dict(many)


def _group(cause: str, rows: Sequence[Any]) -> Group:
    tries = [row[6] for row in rows if row[6] is not None]
    return Group(
        cause=cause_named(cause),
        entities={row[1]: row[2] for row in rows},
        waiting=sum(row[3] for row in rows),
        since=min(row[4] for row in rows),
        attempts=max(row[5] for row in rows),
        next_try=min(tries, default=None),
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment is not None else None
