"""Whether customers and suppliers that a run does not look at itself travel, as the ledger remembers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

CHUNK = 5000
"""Keys asked for in one statement."""

_LEFT_OUT = sa.text(
    """
    SELECT key, newest.reason FROM unnest(CAST(:keys AS text[])) AS key
    JOIN LATERAL (
      SELECT run_id, action, reason FROM ml_connector.operation
      WHERE connection = :connection AND record_key = key AND entity = 'companies' ORDER BY id DESC LIMIT 1
    ) AS newest ON newest.action = 'skip' AND starts_with(newest.reason, :start)
    JOIN ml_connector.run AS run ON run.run_id = newest.run_id AND run.settings -> 'take' = CAST(:take AS jsonb)
    """
)

_SYNCED = sa.text(
    """
    SELECT record_key, properties ->> (split_part(record_key, ':', 1) || '_class'),
      properties ->> ('visma_' || split_part(record_key, ':', 1) || '_status')
    FROM ml_connector.identity
    WHERE connection = :connection AND object_type = 'companies' AND record_key = ANY(CAST(:keys AS text[]))
    """
)


@dataclass(frozen=True, slots=True)
class LastSynced:
    """The class and the status with which a customer or supplier was last synced; None where it is not known."""

    own_class: str | None
    status: str | None


class TakingReader:
    """Reads one connection's part of the ledger."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def left_out(self, keys: Iterable[str], take: Mapping[str, Any], reason: str) -> dict[str, str]:
        """Return why the last run that looked at them left some companies out, by key.

        Args:
            keys: Visma keys such as ``customer:10023``.
            take: the settings of what is taken, as JSON; what was left out by others is not told.
            reason: how the reasons begin that count.
        """
        return {row[0]: row[1] for row in self._rows(_LEFT_OUT, keys, start=reason, take=json.dumps(take))}

    def last_synced(self, keys: Iterable[str]) -> dict[str, LastSynced]:
        """Return what companies were when they were last synced, by key; those that never were are absent."""
        return {row[0]: LastSynced(row[1], row[2]) for row in self._rows(_SYNCED, keys)}

    def _rows(self, statement: sa.TextClause, keys: Iterable[str], **values: Any) -> list[Any]:
        wanted = list(dict.fromkeys(keys))
        found: list[Any] = []
        with self._engine.connect() as database:
            for start in range(0, len(wanted), CHUNK):
                some = {"connection": self._connection, "keys": wanted[start : start + CHUNK], **values}
                found.extend(database.execute(statement, some))
        return found
