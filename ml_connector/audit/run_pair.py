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


def _newest(run: str) -> str:
    return f"""
        SELECT DISTINCT ON (entity, record_key) entity, record_key, action, status, properties
        FROM ml_connector.operation WHERE connection = :connection AND run_id = {run}
        ORDER BY entity, record_key, id DESC
    """  # noqa: S608 - the run is the name of a parameter


_COMPARED = (
    sa.text("DROP TABLE IF EXISTS pg_temp.compared"),
    sa.text("SET LOCAL work_mem = '64MB'"),
    sa.text(
        f"""
        CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
        WITH a AS ({_newest(":a")}), b AS ({_newest(":b")})
        SELECT coalesce(a.entity, b.entity) AS entity, coalesce(a.record_key, b.record_key) AS key,
               a.action || ' ' || a.status AS before, b.action || ' ' || b.status AS after,
               a.action = b.action AS alike,
               CASE WHEN a.properties <> b.properties THEN a.properties END AS mine,
               CASE WHEN a.properties <> b.properties THEN b.properties END AS others
        FROM a FULL JOIN b ON b.entity = a.entity AND b.record_key = a.record_key
        WHERE (a.action, a.status, a.properties) IS DISTINCT FROM (b.action, b.status, b.properties)
        """  # noqa: S608 - the text is this program's own
    ),
)
"""What differs between the last operations on each record in two runs: one that was refused because the record exists
is followed by an update. The table is gone with the transaction."""

_ONLY = sa.text(
    """
    WITH placed AS (
      SELECT entity, key, before IS NOT NULL AS first, count(*) OVER alike AS many,
             row_number() OVER (alike ORDER BY key) AS place
      FROM compared WHERE before IS NULL OR after IS NULL WINDOW alike AS (PARTITION BY entity, before IS NOT NULL)
    )
    SELECT entity, first, min(many), array_agg(key ORDER BY place) FROM placed WHERE place <= :named
    GROUP BY entity, first ORDER BY entity, first DESC
    """
)

_ENDS = sa.text(
    """
    WITH placed AS (
      SELECT entity, before, after, key, count(*) OVER alike AS many, row_number() OVER (alike ORDER BY key) AS place
      FROM compared WHERE before <> after WINDOW alike AS (PARTITION BY entity, before, after)
    )
    SELECT entity, before, after, min(many), array_agg(key ORDER BY place) FROM placed WHERE place <= :named
    GROUP BY entity, before, after ORDER BY 4 DESC, 1, 2, 3 LIMIT :most
    """
)

_OTHER = """
    WITH other AS (
      SELECT entity, key, name, mine ->> name AS before, others ->> name AS after
      FROM compared CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(mine) AS name UNION SELECT jsonb_object_keys(others)
      ) AS names
      WHERE mine <> '{}' AND others <> '{}' AND mine ->> name IS DISTINCT FROM others ->> name
        AND (alike OR mine ? name AND others ? name)
    )
"""
"""What two runs wrote of a record with different values; where one made it and the other changed it, of what both
wrote."""

_COUNTED, _VALUES = (
    sa.text(f"{_OTHER}{rest}")
    for rest in (
        "SELECT entity, name, count(*) FROM other GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most",
        "SELECT entity, key, name, before, after FROM other ORDER BY entity, key, name LIMIT :values",
    )
)


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
    for statement in _COMPARED:
        database.execute(statement, asked)
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
