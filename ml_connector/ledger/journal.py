"""The write side of the ledger: intents before a batch is sent, outcomes after, and what follows from them.

Rows go in as arrays that PostgreSQL unnests, one statement for a batch: a run of 100,000 records must not spend its
time composing SQL.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ml_connector.ledger.entries import (
    About,
    Entry,
    IdentityRow,
    LinkRow,
    LostIntent,
    RejectRow,
    Settlement,
)
from ml_connector.ledger.statements import (
    CLEAR,
    EDIT,
    EDIT_GONE,
    FORGET,
    IDENTITY,
    LINK,
    LOST,
    OPERATION,
    REJECT,
    SEEN,
    SETTLE,
    SETTLE_LOST,
    UNLINK,
    UNWANT,
)
from ml_connector.ledger.tables import run
from ml_connector.plan.operations import Operation
from ml_connector.storable import storable
from ml_connector.version import version

Row = TypeVar("Row", LinkRow, RejectRow)


class Journal:
    """Writes one run's part of the ledger. Each method is one transaction."""

    def __init__(self, engine: sa.Engine, connection: str, run_id: str) -> None:
        self._engine = engine
        self._connection = connection
        self._run_id = run_id

    def begin(self, partitions: Sequence[str], about: About | None = None) -> None:
        """Note that the run exists, and what it is for; calling it again for the same run changes nothing."""
        row: dict[str, Any] = {
            "run_id": self._run_id,
            "connection": self._connection,
            "partition_from": min(partitions, default=None),
            "partition_to": max(partitions, default=None),
            "partitions": len(partitions),
            "started_at": sa.func.now(),
            "status": "started",
            "version": version(),
        }
        if about is not None:
            row |= {"kind": about.kind, "of_run": about.of_run, "settings": about.settings}
        with self._engine.begin() as database:
            database.execute(insert(run).values(row).on_conflict_do_nothing())

    def add_to_summary(self, figures: Mapping[str, Mapping[str, Any]]) -> None:
        """Add figures to the run's summary: ``{"entities": {"companies": {"read": 3}}, "requests": {"visma": …}}``."""
        with self._engine.begin() as database:
            mine = (run.c.run_id == self._run_id) & (run.c.connection == self._connection)
            held = database.execute(sa.select(run.c.summary).where(mine).with_for_update()).scalar_one()
            database.execute(sa.update(run).where(mine).values(summary=_added(held or {}, figures)))

    def note(self, entries: Sequence[Entry]) -> None:
        """Write operations that are not sent: unchanged, skipped, in conflict, refused."""
        self._operations(entries, "done", finished=True)

    def intend(self, entries: Sequence[Entry]) -> None:
        """Write operations that are about to be sent. Durable before the first byte leaves."""
        self._operations(entries, "intended", finished=False)

    def _operations(self, entries: Sequence[Entry], status: str, *, finished: bool) -> None:
        if not entries:
            return
        rows = [
            (
                entry.operation.partition,
                entry.operation.entity,
                entry.operation.key,
                entry.operation.object_type,
                str(entry.operation.action),
                entry.operation.reason,
                entry.operation.rule,
                entry.trace_id,
                entry.operation.hubspot_id,
                _json(entry.operation.values),
                _json(entry.operation.previous),
                entry.operation.stamp or None,
            )
            for entry in entries
        ]
        names = (
            "partition entity record_key object_type action reason rule trace_id hubspot_id properties previous"
            " stamp"
        )
        self._execute(OPERATION, {"status": status, "finished": finished} | columns(names, rows))

    def settle(
        self,
        settlements: Sequence[Settlement],
        *,
        identities: Iterable[IdentityRow] = (),
        links: Iterable[LinkRow] = (),
        rejects: Iterable[RejectRow] = (),
        cleared: Iterable[tuple[str, str, str]] = (),
        seen: Iterable[tuple[str, str, str]] = (),
        forgotten: Iterable[tuple[str, str, str]] = (),
        unlinked: Iterable[tuple[str, str, str, str]] = (),
        unwanted: Iterable[tuple[str, str, str, str, str | None]] = (),
        edited: Iterable[Operation] = (),
    ) -> None:
        """Write how entries ended and what follows from it, in one transaction.

        Of two rows about the same thing the later one counts; of two identities the one with the newer stamp.

        Args:
            settlements: the ends, by trace id.
            identities: Visma keys whose HubSpot record is now known.
            links: associations whose state is now known.
            rejects: records to try again in later runs.
            cleared: ``(entity, key, version)`` of earlier rejects that have now passed, of that version or an older
                one; empty text for whatever version.
            seen: ``(object type, key, stamp)`` of known records that came in a newer version with nothing to write.
            forgotten: ``(object type, key, HubSpot id)`` of records that were archived; their links go with them.
            unlinked: ``(from type, from key, to type, to key)`` of associations that are gone.
            unwanted: the same and why, of associations that are not wanted any more and still there.
            edited: operations on records that were looked at for edits, with those that were met.
        """
        looked_at = [one for one in edited if one.edits is not None]
        ended = [
            (
                item.entry.trace_id,
                item.status,
                item.hubspot_id,
                item.http_status,
                item.category,
                item.message,
                item.correlation_id,
                item.created,
            )
            for item in settlements
        ]
        archived = list(forgotten)
        with self._engine.begin() as database:
            for statement, names, rows in (
                (SETTLE, _SETTLEMENT_NAMES, ended),
                (IDENTITY, _IDENTITY_NAMES, [_identity_values(row) for row in _newest(identities)]),
                (LINK, _LINK_NAMES, [_link_values(row) for row in _last(links, _link_values, 4)]),
                (REJECT, _REJECT_NAMES, [_reject_values(row) for row in _last(rejects, _reject_values, 2)]),
                (CLEAR, "entity record_key version", list(cleared)),
                (SEEN, "object_type record_key stamp", list(seen)),
                *((statement, "object_type record_key hubspot_id", archived) for statement in FORGET),
                (UNLINK, "from_type from_key to_type to_key", list(unlinked)),
                (UNWANT, "from_type from_key to_type to_key reason", list(unwanted)),
                (EDIT, _EDIT_NAMES, [row for one in looked_at for row in _edit_values(one)]),
                (EDIT_GONE, "object_type record_key", [(one.object_type, one.key) for one in looked_at]),
            ):
                if rows:
                    database.execute(statement, self._own | columns(names, rows))

    def lost_intents(self) -> list[LostIntent]:
        """Return what was sent, by this run or an earlier one, without learning the end; oldest first.

        Only the portal's one writer may ask: what another process has under way looks the same.
        """
        with self._engine.connect() as database:
            return [LostIntent(*row) for row in database.execute(LOST, self._own)]

    def settle_lost(self, ends: Sequence[tuple[str, str, str, str | None, str]]) -> None:
        """Write what became of lost intents: ``(run id, trace id, status, hubspot id, message)`` each."""
        if ends:
            self._execute(SETTLE_LOST, columns("run trace_id status hubspot_id message", ends))

    @property
    def _own(self) -> dict[str, Any]:
        return {"connection": self._connection, "run_id": self._run_id}

    def _execute(self, statement: sa.TextClause, values: Mapping[str, Any]) -> None:
        with self._engine.begin() as database:
            database.execute(statement, self._own | dict(values))


_SETTLEMENT_NAMES = "trace_id status hubspot_id http_status category message correlation_id created"
_IDENTITY_NAMES = "object_type record_key hubspot_id email fingerprint properties stamp"
_LINK_NAMES = "from_type from_key to_type to_key from_id to_id types status reason"
_EDIT_NAMES = "object_type record_key property hubspot_id ours theirs wanted source edited_at outcome"
_REJECT_NAMES = "entity record_key cause message remedy record partition version"


def columns(names: str, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return rows as one list per column, under the names given in one text, for ``unnest``."""
    texts = ([_storable(value) for value in values] for values in zip(*rows, strict=True))
    return dict(zip(names.split(), texts, strict=True))


def _newest(rows: Iterable[IdentityRow]) -> Iterable[IdentityRow]:
    """Return one row per identity: PostgreSQL refuses to update a row twice in one statement."""
    chosen: dict[tuple[str, str], IdentityRow] = {}
    for row in rows:
        known = chosen.get((row.object_type, row.key))
        if known is None or row.stamp >= known.stamp:
            chosen[row.object_type, row.key] = row
    return chosen.values()


def _last(rows: Iterable[Row], values: Callable[[Row], tuple[Any, ...]], width: int) -> Iterable[Row]:
    """Return one row per key, which the first ``width`` values are: see :func:`_newest`."""
    return {values(row)[:width]: row for row in rows}.values()


def _identity_values(row: IdentityRow) -> tuple[Any, ...]:
    return (
        row.object_type,
        row.key,
        row.hubspot_id,
        row.email,
        row.fingerprint,
        _json(row.values),
        row.stamp or None,
    )


def _link_values(row: LinkRow) -> tuple[Any, ...]:
    return (
        row.from_type,
        row.from_key,
        row.to_type,
        row.to_key,
        row.from_id,
        row.to_id,
        row.types,
        row.status,
        row.reason,
    )


def _edit_values(operation: Operation) -> Iterator[tuple[Any, ...]]:
    for edit in operation.edits or ():
        moment = edit.edited_at.isoformat() if edit.edited_at else None
        values = (edit.ours, edit.theirs, edit.wanted, edit.source, moment, str(edit.outcome))
        yield (operation.object_type, operation.key, edit.name, operation.hubspot_id, *values)


def _reject_values(row: RejectRow) -> tuple[Any, ...]:
    return (
        row.entity,
        row.key,
        row.cause,
        row.message,
        row.remedy,
        row.record,
        row.partition,
        row.version,
    )


def close_run(engine: sa.Engine, run_id: str, *, failed: bool) -> None:
    """Note that a run has ended: ``failed``, ``rejects`` where its summary counts any, else ``done``.

    A run that never reached a step is not in the ledger; then nothing happens.
    """
    mine = run.c.run_id == run_id
    with engine.begin() as database:
        for name, summary in database.execute(sa.select(run.c.connection, run.c.summary).where(mine)).all():
            status = "failed" if failed else "rejects" if has_rejects(summary or {}) else "done"
            ended = sa.update(run).where(mine, run.c.connection == name)
            database.execute(ended.values(status=status, finished_at=sa.func.now()))


def has_rejects(summary: Mapping[str, Any]) -> bool:
    """Return whether a run's summary counts what did not go through, or what it left for a later try."""
    loaded: Mapping[str, Mapping[str, int]] = {
        **(summary.get("entities") or {}),
        **(summary.get("undone") or {}),
    }
    waiting: Mapping[str, int] = summary.get("waiting") or {}
    bad = (counts.get(name) for counts in loaded.values() for name in ("rejected", "pending", "conflicts"))
    return any(bad) or any(waiting.values())


def _added(held: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested figures with others added to them, number by number."""
    total = dict(held)
    for name, value in figures.items():
        old = total.get(name)
        total[name] = _added(old or {}, value) if isinstance(value, Mapping) else (old or 0) + value
    return total


def _json(values: Mapping[str, str | None]) -> str:
    return json.dumps({name: _storable(value) for name, value in values.items()}, ensure_ascii=False)


def _storable(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value
