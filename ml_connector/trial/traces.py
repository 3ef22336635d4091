"""What this connection has left in a portal, as the ledger knows: the records it made, and the values it replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

CHUNK = 2000
"""Operations read at a time."""

_MADE = sa.text(
    """
    SELECT DISTINCT hubspot_id FROM ml_connector.operation
    WHERE connection = :connection AND object_type = :object_type AND action = 'create' AND status = 'confirmed'
      AND created IS NOT FALSE AND hubspot_id IS NOT NULL
    """
)

_REPLACED = sa.text(
    """
    SELECT hubspot_id, previous, properties FROM ml_connector.operation
    WHERE connection = :connection AND object_type = :object_type AND action = 'update' AND status = 'confirmed'
      AND hubspot_id IS NOT NULL AND jsonb_exists_any(previous, CAST(:names AS text[]))
    ORDER BY id
    """
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value that we replaced first, and the one we wrote last in its place."""

    former: str | None
    written: str | None


@dataclass(frozen=True, slots=True)
class Traces:
    """Of one object: HubSpot ids of the records we made, and what we replaced in others, by id and property."""

    made: frozenset[str]
    replaced: Mapping[str, Mapping[str, Replaced]]


def traces_of(engine: sa.Engine, connection: str, object_type: str, names: Sequence[str]) -> Traces:
    """Return what a connection has left.

    Args:
        engine: of the ledger.
        connection: the connection.
        object_type: ``companies`` or ``contacts``.
        names: the properties of interest.
    """
    asked = {"connection": connection, "object_type": object_type}
    replaced: dict[str, dict[str, Replaced]] = {}
    with engine.connect() as database:
        made = frozenset(database.execute(_MADE, asked).scalars())
        rows = database.execution_options(yield_per=CHUNK).execute(_REPLACED, {**asked, "names": list(names)})
        for hubspot_id, previous, written in rows:
            if hubspot_id in made:
                continue
            known = replaced.setdefault(hubspot_id, {})
            for name in names:
                if name in previous:
                    former = known[name].former if name in known else previous[name]
                    known[name] = Replaced(former, (written or {}).get(name))
    return Traces(made, replaced)
