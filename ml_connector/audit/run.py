"""What one run did: counts, changes by property, causes, calls and settings. The database does the counting."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.audit.differences import Change, changes, flat
from ml_connector.causes.catalogue import cause_named, cause_of_reason, cause_of_refusal
from ml_connector.errors import UsageError
from ml_connector.ledger.queries import ENTITIES
from ml_connector.ledger.tables import run

MOST_GROUPS = 200
"""Properties and causes that are listed; a portal has no more that one would read."""

NAMED = 3
"""Records that are named for each cause, and runs where one is unknown."""

NOTHING_SENT = frozenset({"conflict", "reject", "skip"})

_COUNTS = sa.text(
    """
    SELECT entity, action, status, count(*) FROM ml_connector.operation
    WHERE connection = :connection AND run_id = :run GROUP BY 1, 2, 3
    """
)

_PROPERTIES = sa.text(
    """
    SELECT o.entity, p.name, count(*) FROM ml_connector.operation AS o
    CROSS JOIN LATERAL jsonb_object_keys(o.properties) AS p(name)
    WHERE o.connection = :connection AND o.run_id = :run AND o.action = 'update' AND o.status = 'confirmed'
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most
    """
)

_PROBLEMS = sa.text(
    """
    WITH bad AS (
      SELECT o.id, o.entity, o.record_key, o.action, o.status, o.reason, o.category, o.message, r.cause
      FROM ml_connector.operation AS o
      LEFT JOIN ml_connector.reject AS r
        ON r.connection = o.connection AND r.entity = o.entity AND r.record_key = o.record_key
          AND r.run_id = o.run_id
      WHERE o.connection = :connection AND o.run_id = :run
        AND (o.status IN ('rejected', 'pending', 'unknown', 'intended')
             OR o.action IN ('conflict', 'reject', 'skip'))
    ), placed AS (
      SELECT entity, action, status, reason, category, cause, message, record_key,
             count(*) OVER alike AS many, row_number() OVER (alike ORDER BY id) AS place
      FROM bad WINDOW alike AS (PARTITION BY entity, action, status, reason, category, cause)
    )
    SELECT entity, action, status, reason, category, cause, min(message), min(many),
           array_agg(record_key ORDER BY place)
    FROM placed WHERE place <= :named
    GROUP BY entity, action, status, reason, category, cause ORDER BY 8 DESC, 1, 2 LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many operations of an entity had this action and this end."""

    entity: str
    action: str
    status: str
    many: int


@dataclass(frozen=True, slots=True)
class Changed:
    """How many records of an entity got a new value of a property."""

    entity: str
    property: str
    many: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why some records were not written: the cause in plain words, how many, and the first of them."""

    entity: str
    what: str
    cause: str
    remedy: str
    many: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunAudit:
    """What one run did.

    Args:
        row: of the ledger's table ``run``.
        counts: its operations by entity, action and end.
        changed: the properties it changed, the most frequent first.
        problems: what was not written, and why.
        settings: its settings, flat; empty for a run of an older version.
        today: what differs between them and the connection's settings now.
    """

    row: Any
    counts: Sequence[Count]
    changed: Sequence[Changed]
    problems: Sequence[Problem]
    settings: Mapping[str, str]
    today: Sequence[Change]

    @property
    def run_id(self) -> str:
        """Its id."""
        return str(self.row.run_id)

    @property
    def operations(self) -> int:
        """How many operations it has in the ledger."""
        return sum(count.many for count in self.counts)

    @property
    def mark(self) -> str | None:
        """Return eight letters that stand for its settings: two runs with the same had the same."""
        if not self.settings:
            return None
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def calls(self) -> Mapping[str, Mapping[str, int]]:
        """The requests it sent, by system."""
        return (self.row.summary or {}).get("requests") or {}

    @property
    def planned(self) -> Mapping[str, Mapping[str, int]]:
        """What its plans counted, by entity: all that a run leaves that only plans."""
        return (self.row.summary or {}).get("planned") or {}

    @property
    def seconds(self) -> float | None:
        """How long it took; None where its end is not known."""
        started, finished = self.row.started_at, self.row.finished_at
        return None if finished is None else float(round((finished - started).total_seconds(), 1))


def audit_run(database: sa.Connection, connection: str, run_id: str, settings: Mapping[str, Any]) -> RunAudit:
    """Return what a run did.

    Args:
        database: with the ledger.
        connection: the connection's name.
        run_id: the run's id, or how it begins.
        settings: the connection's settings now.

    Raises:
        UsageError: the ledger has no such run, or several.
    """
    row = found_run(database, connection, run_id)
    asked = {"connection": connection, "run": row.run_id, "most": MOST_GROUPS, "named": NAMED}
    held = flat(row.settings or {})
    return RunAudit(
        row=row,
        counts=sorted((Count(*one) for one in database.execute(_COUNTS, asked)), key=_in_order),
        changed=[Changed(*one) for one in database.execute(_PROPERTIES, asked)],
        problems=[_problem(*one) for one in database.execute(_PROBLEMS, asked)],
        settings=held,
        today=changes(held, flat(dict(settings))) if held else (),
    )


def found_run(database: sa.Connection, connection: str, run_id: str) -> Any:
    """Return the row of a run by its id or the start of it.

    Raises:
        UsageError: there is none, or there are several; names some.
    """
    typed = run_id.strip()
    mine = sa.select(run).where(run.c.connection == connection)
    newest = run.c.started_at.desc()
    wanted = mine.where(run.c.run_id.startswith(typed, autoescape=True)).order_by(newest).limit(NAMED)
    rows = list(database.execute(wanted)) if re.fullmatch(r"[\w-]+", typed) else []
    exact = [row for row in rows if row.run_id == typed] or rows
    if len(exact) == 1:
        return exact[0]
    if exact:
        some = ", ".join(row.run_id for row in exact)
        raise UsageError(
            f"Several runs of {connection} begin with {typed}: {some}.", remedy="Write more of it."
        )
    known = ", ".join(row.run_id for row in database.execute(mine.order_by(newest).limit(NAMED)))
    hint = f"The newest are {known}." if known else "It has had no run yet."
    raise UsageError(f"{connection} has no run {typed!r} in its ledger.", remedy=hint)


def _in_order(count: Count) -> tuple[int, str, int]:
    place = ENTITIES.index(count.entity) if count.entity in ENTITIES else len(ENTITIES)
    return place, count.entity, -count.many


def _problem(
    entity: str,
    action: str,
    status: str,
    reason: str | None,
    category: str | None,
    cause: str | None,
    message: str | None,
    many: int,
    keys: Sequence[str],
) -> Problem:
    what = action if action in NOTHING_SENT else f"{action} {status}"
    if action == "skip" or (status == "pending" and reason):
        return Problem(entity, what, reason or "", "", many, tuple(keys))
    if cause is None:
        cause = cause_of_reason(reason) if action in NOTHING_SENT else cause_of_refusal([category])
    known = cause_named(cause)
    return Problem(entity, what, reason or message or known.title, known.remedy, many, tuple(keys))


def document(audit: RunAudit) -> dict[str, Any]:
    """Return what a run did as JSON."""
    row = audit.row
    return {
        "run_id": audit.run_id,
        "kind": row.kind,
        "of_run": row.of_run,
        "status": row.status,
        "partition_from": row.partition_from,
        "partition_to": row.partition_to,
        "partitions": row.partitions,
        "started_at": _text(row.started_at),
        "finished_at": _text(row.finished_at),
        "seconds": audit.seconds,
        "version": row.version,
        "planned": audit.planned,
        "operations": audit.operations,
        "counts": [asdict(one) for one in audit.counts],
        "changed": [asdict(one) for one in audit.changed],
        "problems": [asdict(one) for one in audit.problems],
        "calls": audit.calls,
        "settings": {
            "mark": audit.mark,
            "as_today": not audit.today if audit.settings else None,
            "differences_to_today": [one._asdict() for one in audit.today],
        },
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
