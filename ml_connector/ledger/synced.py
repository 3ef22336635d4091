"""What the ledger knows of the last sync of records: the values we wrote or saw confirmed, and when that was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ml_connector.ledger.queries import CHUNK
from ml_connector.ledger.tables import identity


@dataclass(frozen=True, slots=True)
class LastSynced:
    """The values we last wrote to a record by HubSpot property, and when it was last synced (aware)."""

    values: Mapping[str, str | None]
    at: datetime


class SyncedReader:
    """Reads what one connection last synced."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def of(self, object_type: str, keys: Iterable[str]) -> dict[str, LastSynced]:
        """Return what was last synced to known records, by key; unknown keys are absent."""
        wanted = list(dict.fromkeys(keys))
        table = identity.c
        chosen = sa.select(table.record_key, table.properties, table.updated_at).where(
            table.connection == self._connection, table.object_type == object_type
        )
        found: dict[str, LastSynced] = {}
        with self._engine.connect() as database:
            for start in range(0, len(wanted), CHUNK):
                some = sa.bindparam("some", wanted[start : start + CHUNK], type_=sa.ARRAY(sa.Text))
                for key, values, at in database.execute(chosen.where(table.record_key == sa.any_(some))):
                    found[key] = LastSynced(values or {}, at)
        return found
