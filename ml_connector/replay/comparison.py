"""A plan made again beside what a run did with the same windows: operation by operation, as the ledger has it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from ml_connector.chunks import chunks
from ml_connector.plan.operations import Action, Operation, Values
from ml_connector.storable import storable

CHUNK = 1000
"""Operations the ledger is asked about at once."""

_THEN = sa.text(
    """
    SELECT DISTINCT ON (entity, record_key) entity, record_key, action, status, reason, coalesce(properties, '{}')
    FROM ml_connector.operation
    WHERE connection = :connection AND run_id = :run AND record_key = ANY(CAST(:keys AS text[]))
    ORDER BY entity, record_key, id
    """
)
"""The first row of each is what was planned; a second one tells what came of it, such as a record to adopt."""

_ALL = sa.text(
    """
    SELECT DISTINCT ON (entity, record_key) entity, record_key, action, status, reason, coalesce(properties, '{}')
    FROM ml_connector.operation WHERE connection = :connection AND run_id = :run
    ORDER BY entity, record_key, id
    """
)


class Verdict(StrEnum):
    """How an operation planned now stands to the one of that run."""

    SAME = "same"
    OTHER_VALUES = "other_values"
    OTHER_ACTION = "other_action"
    MISSING = "missing"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what was, or would be, done, with which values, and why."""

    action: str
    values: Values
    reason: str | None
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """One operation on both sides; ``then`` is None for a new one, ``now`` for one that is missing."""

    entity: str
    key: str
    then: Side | None
    now: Side | None

    @property
    def verdict(self) -> Verdict:
        """How the two stand to each other."""
        if self.then is None:
            return Verdict.NEW
        if self.now is None:
            return Verdict.MISSING
        if self.then.action != self.now.action:
            return Verdict.OTHER_ACTION
        # What an opening that had to wait was going to write is not in the ledger.
        alike = self.then.values == self.now.values or (self.then.waited and self.then.action == Action.OPEN)
        return Verdict.SAME if alike else Verdict.OTHER_VALUES

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "entity": self.entity,
            "record": self.key,
            "verdict": str(self.verdict),
            **{
                name: {"action": side.action, "values": dict(side.values), "reason": side.reason}
                for name, side in (("then", self.then), ("now", self.now))
                if side is not None
            },
        }


@dataclass(slots=True)
class Comparison:
    """All operations counted by entity and verdict; the differing ones kept, up to ``most`` of each verdict."""

    most: int | None
    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    different: list[Compared] = field(default_factory=list)
    _kept: Counter[Verdict] = field(default_factory=Counter)

    def add(self, one: Compared) -> None:
        """Count an operation, and keep it where the two sides differ."""
        verdict = one.verdict
        self.counts.setdefault(one.entity, Counter())[verdict] += 1
        if verdict is Verdict.SAME or (self.most is not None and self._kept[verdict] >= self.most):
            return
        self._kept[verdict] += 1
        self.different.append(one)

    def many(self, verdict: Verdict) -> int:
        """Return how many operations have a verdict."""
        return sum(counts[verdict] for counts in self.counts.values())


def compare(
    engine: sa.Engine, connection: str, run_id: str, planned: Iterable[Operation], *, most: int | None
) -> Comparison:
    """Compare what is planned now with what a run did.

    Args:
        engine: the ledger's database.
        connection: the connection.
        run_id: the run of that time.
        planned: the operations planned now; of two with one key the first counts.
        most: how many differing operations are kept of each verdict; None keeps all.
    """
    found = Comparison(most)
    seen: set[tuple[str, str]] = set()
    with engine.connect() as database:
        for some in chunks(planned, CHUNK):
            values = {"connection": connection, "run": run_id, "keys": [one.key for one in some]}
            then = dict(map(_side, database.execute(_THEN, values)))
            for one in some:
                name = one.entity, one.key
                if name not in seen:
                    seen.add(name)
                    found.add(Compared(*name, then.get(name), _now(one)))
        for missing in _left(database, connection, run_id, seen):
            found.add(missing)
    return found


def _left(
    database: sa.Connection, connection: str, run_id: str, seen: set[tuple[str, str]]
) -> Iterator[Compared]:
    """Yield what that run did and is not planned now."""
    rows = database.execution_options(yield_per=CHUNK).execute(
        _ALL, {"connection": connection, "run": run_id}
    )
    for name, side in map(_side, rows):
        if name not in seen:
            yield Compared(*name, side, None)


def _side(row: Any) -> tuple[tuple[str, str], Side]:
    return (row[0], row[1]), Side(row[2], row[5], row[4], waited=row[3] == "pending")


def _now(operation: Operation) -> Side:
    return Side(str(operation.action), _stored(operation.values), operation.reason)


def _stored(values: Values) -> Mapping[str, str | None]:
    """Return values as the ledger keeps them."""
    return {name: storable(value) if value is not None else None for name, value in values.items()}
