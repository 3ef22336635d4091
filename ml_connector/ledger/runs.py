"""Which runs there were: the one a person names, what it was for, and whether it was undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.errors import UsageError
from ml_connector.ledger.tables import operation, run

SHORTEST = 8
"""Characters of a run id that are enough where no other run begins with them; Dagster's UI shows as many."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a connection as the ledger has it.

    Args:
        run_id: Dagster's id.
        kind: what it was for; empty for a run of an older version.
        of_run: the run that it replays or undoes.
        status: ``started``, ``done``, ``rejects`` or ``failed``.
        started_at: when it began, aware.
        first, last: its windows, None for a run without.
        settings: the connection's settings at that time, None for a run of an older version.
    """

    run_id: str
    kind: str
    of_run: str | None
    status: str
    started_at: datetime
    first: str | None
    last: str | None
    settings: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Refused:
    """An operation that HubSpot refused or did not confirm, and why."""

    entity: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class UndoOutcome:
    """What an undo did: counts per entity, requests per API, and what HubSpot refused."""

    counts: Mapping[str, Mapping[str, int]]
    requests: Mapping[str, Mapping[str, int]]
    refused: Sequence[Refused]


class RunReader:
    """Reads the runs of one connection."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def named(self, run_id: str) -> Run:
        """Return the run with an id, or with the only id that begins so.

        Raises:
            UsageError: there is none, or more than one.
        """
        name = run_id.strip()
        exact = self._runs(run.c.run_id == name)
        found = exact or (
            self._runs(run.c.run_id.startswith(name, autoescape=True)) if len(name) >= SHORTEST else []
        )
        if len(found) == 1:
            return found[0]
        raise UsageError(
            f"{len(found)} runs of connection {self._connection} begin with {name}."
            if found
            else f"Connection {self._connection} has no run {name} in the ledger.",
            remedy="Copy the id from the list of runs in the Dagster UI, or from the output of the command that ran.",
        )

    def source_of(self, chosen: Run) -> Run:
        """Return the run whose snapshots a run worked on: itself, or the one it replayed."""
        seen = {chosen.run_id}
        while chosen.kind == "replay" and chosen.of_run and chosen.of_run not in seen:
            seen.add(chosen.of_run)
            chosen = self.named(chosen.of_run)
        return chosen

    def last_load(self, first: str, last: str) -> Run | None:
        """Return the newest run that loaded all windows of a range, None where none did.

        A retry stands in a window and loads only the refused records it was asked for.
        """
        found = self._runs(
            sa.func.coalesce(run.c.kind, "") != "retry",
            run.c.partition_from <= first,
            run.c.partition_to >= last,
            run.c.summary.has_key("entities"),
            limit=1,
        )
        return found[0] if found else None

    def undone_by(self, run_id: str) -> Run | None:
        """Return the newest run that undid another to its end, None where it stands."""
        found = self._runs(
            run.c.kind == "undo", run.c.of_run == run_id, run.c.status.in_(("done", "rejects")), limit=1
        )
        return found[0] if found else None

    def undone_since(self, moment: datetime) -> Run | None:
        """Return the newest undo that has written since a moment, or whose writes were read back since; else None."""
        wrote = sa.exists().where(
            operation.c.run_id == run.c.run_id,
            operation.c.status == "confirmed",
            operation.c.finished_at > moment,
        )
        found = self._runs(run.c.kind == "undo", wrote, limit=1)
        return found[0] if found else None

    def outcome(self, run_id: str) -> UndoOutcome:
        """Return what an undo did; empty for one that never began to."""
        mine = (run.c.run_id == run_id) & (run.c.connection == self._connection)
        refused = sa.select(operation.c.entity, operation.c.record_key, operation.c.message).where(
            operation.c.run_id == run_id,
            operation.c.connection == self._connection,
            operation.c.status.in_(("rejected", "pending", "unknown")),
        )
        with self._engine.connect() as database:
            summary = database.execute(sa.select(run.c.summary).where(mine)).scalar_one_or_none() or {}
            rows = database.execute(refused.order_by(operation.c.id)).all()
        return UndoOutcome(
            summary.get("undone") or {},
            summary.get("requests") or {},
            [Refused(row[0], row[1], row[2] or "") for row in rows],
        )

    def _runs(self, *conditions: "sa.ColumnElement[bool]", limit: int = 10) -> list[Run]:
        query = (
            sa.select(
                run.c.run_id,
                sa.func.coalesce(run.c.kind, ""),
                run.c.of_run,
                run.c.status,
                run.c.started_at,
                run.c.partition_from,
                run.c.partition_to,
                run.c.settings,
            )
            .where(run.c.connection == self._connection, *conditions)
            .order_by(run.c.started_at.desc())
            .limit(limit)
        )
        with self._engine.connect() as database:
            return [Run(*row) for row in database.execute(query)]
