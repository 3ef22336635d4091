"""How two runs differ: records in one and not in the other, other ends, other values, other settings.

The database compares; what comes here are counts and the first of each, however large the runs are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from ml_connector.audit.differences import Change, changes
from ml_connector.audit.run import MOST_GROUPS, RunAudit, audit_run
from ml_connector.audit.run import document as run_document

NAMED = 20
"""Records that are named of each group."""

MOST_VALUES = 100
"""Values that are shown side by side; how many differ is counted in full."""

_NEWEST = """
    SELECT DISTINCT ON (entity, record_key) entity, record_key, action, status, properties
    FROM ml_connector.operation WHERE connection = :connection AND run_id = {run}
    ORDER BY entity, record_key, id DESC
"""
_BOTH = f"WITH a AS MATERIALIZED ({_NEWEST.format(run=':a')}), b AS MATERIALIZED ({_NEWEST.format(run=':b')})"
"""The last operation on each record in each run: one that was refused because it exists is followed by an update."""


def _asked_of_both(*parts: str) -> sa.TextClause:
    return sa.text("".join((_BOTH, *parts)))


_ONLY = _asked_of_both(
    """
    , one AS (
      SELECT coalesce(a.entity, b.entity) AS entity, a.entity IS NOT NULL AS first,
             coalesce(a.record_key, b.record_key) AS key
      FROM a FULL JOIN b ON b.entity = a.entity AND b.record_key = a.record_key
      WHERE a.entity IS NULL OR b.entity IS NULL
    ), placed AS (
      SELECT *, count(*) OVER (PARTITION BY entity, first) AS many,
             row_number() OVER (PARTITION BY entity, first ORDER BY key) AS place FROM one
    )
    SELECT entity, first, min(many), array_agg(key ORDER BY place) FROM placed WHERE place <= :named
    GROUP BY entity, first ORDER BY entity, first DESC
    """
)

_ENDS = _asked_of_both(
    """
    , other AS (
      SELECT a.entity, a.action || ' ' || a.status AS before, b.action || ' ' || b.status AS after, a.record_key AS key
      FROM a JOIN b ON b.entity = a.entity AND b.record_key = a.record_key
      WHERE (a.action, a.status) IS DISTINCT FROM (b.action, b.status)
    ), placed AS (
      SELECT *, count(*) OVER (PARTITION BY entity, before, after) AS many,
             row_number() OVER (PARTITION BY entity, before, after ORDER BY key) AS place FROM other
    )
    SELECT entity, before, after, min(many), array_agg(key ORDER BY place) FROM placed WHERE place <= :named
    GROUP BY entity, before, after ORDER BY 4 DESC, 1, 2, 3 LIMIT :most
    """
)

_OTHER_VALUES = """
    , pair AS (
      SELECT a.entity, a.record_key AS key, a.properties AS mine, b.properties AS others, a.action = b.action AS alike
      FROM a JOIN b ON b.entity = a.entity AND b.record_key = a.record_key
      WHERE a.properties <> b.properties AND a.properties <> '{}' AND b.properties <> '{}'
    ), other AS (
      SELECT pair.entity, pair.key, name, pair.mine ->> name AS before, pair.others ->> name AS after
      FROM pair CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(pair.mine) AS name UNION SELECT jsonb_object_keys(pair.others)
      ) AS names
      WHERE pair.mine ->> name IS DISTINCT FROM pair.others ->> name
        AND (pair.alike OR pair.mine ? name AND pair.others ? name)
    )
"""
"""What two runs wrote of a record with different values; where one made it and the other changed it, of what both
wrote."""

_COUNTED = _asked_of_both(
    _OTHER_VALUES, "SELECT entity, name, count(*) FROM other GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most"
)
_VALUES = _asked_of_both(_OTHER_VALUES, "SELECT * FROM other ORDER BY entity, key, name LIMIT :values")


@dataclass(frozen=True, slots=True)
class Only:
    """Records that one run met and the other did not: ``run`` is ``a`` or ``b``, with the first of their keys."""

    entity: str
    run: str
    many: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """Records whose operation was another or ended otherwise, such as ``update confirmed`` and ``unchanged done``."""

    entity: str
    a: str
    b: str
    many: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherProperty:
    """How many records both runs wrote with different values of a property."""

    entity: str
    property: str
    many: int


@dataclass(frozen=True, slots=True)
class OtherValue:
    """One value that two runs wrote differently; None where a run did not write it."""

    entity: str
    record: str
    property: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class RunPair:
    """Two runs and what differs between them; ``values`` holds the first, ``properties`` counts all."""

    a: RunAudit
    b: RunAudit
    only: Sequence[Only]
    ends: Sequence[OtherEnd]
    properties: Sequence[OtherProperty]
    values: Sequence[OtherValue]
    settings: Sequence[Change]

    @property
    def same(self) -> bool:
        """Whether both runs did the same to the same records."""
        return not (self.only or self.ends or self.properties)


def compare_runs(
    database: sa.Connection, connection: str, run_ids: tuple[str, str], settings: Mapping[str, Any]
) -> RunPair:
    """Return how two runs differ; the arguments are those of :func:`ml_connector.audit.run.audit_run`.

    Raises:
        UsageError: the ledger has no such run, or several.
    """
    a, b = (audit_run(database, connection, run_id, settings) for run_id in run_ids)
    asked = {
        "connection": connection,
        "a": a.run_id,
        "b": b.run_id,
        "named": NAMED,
        "most": MOST_GROUPS,
        "values": MOST_VALUES,
    }
    return RunPair(
        a=a,
        b=b,
        only=[
            Only(entity, "a" if first else "b", many, tuple(keys))
            for entity, first, many, keys in database.execute(_ONLY, asked)
        ],
        ends=[
            OtherEnd(entity, before, after, many, tuple(keys))
            for entity, before, after, many, keys in database.execute(_ENDS, asked)
        ],
        properties=[OtherProperty(*row) for row in database.execute(_COUNTED, asked)],
        values=[OtherValue(*row) for row in database.execute(_VALUES, asked)],
        settings=changes(a.settings, b.settings) if a.settings and b.settings else (),
    )


def document(pair: RunPair) -> dict[str, Any]:
    """Return how two runs differ as JSON."""
    return {
        "same": pair.same,
        "a": run_document(pair.a),
        "b": run_document(pair.b),
        "only": [asdict(one) for one in pair.only],
        "other_ends": [asdict(one) for one in pair.ends],
        "other_properties": [asdict(one) for one in pair.properties],
        "other_values": [asdict(one) for one in pair.values],
        "other_settings": [{"name": one.name, "a": one.old, "b": one.new} for one in pair.settings],
    }
