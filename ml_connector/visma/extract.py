"""From pages to snapshots: which window each row belongs to, and the customers and suppliers that others name.

Plain Python: what is read comes in through a client, what is kept goes out through ``write``.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from ml_connector.errors import PermanentApiError
from ml_connector.storable import storable
from ml_connector.visma.client import VismaClient
from ml_connector.visma.rows import Row
from ml_connector.visma.stamps import believed_stamp
from ml_connector.windows import Window, ask_since, window_of

SNAPSHOT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("modified", pa.string()),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
    ]
)
"""A snapshot: the row's key, its stamp (naive text, empty where it is not believed), its window, and the JSON text
exactly as received."""

Write = Callable[[str, Sequence[dict[str, Any]]], None]
"""Takes a partition key and rows of :data:`SNAPSHOT_SCHEMA`."""


def snapshot_row(row: Row, partition: str) -> dict[str, Any]:
    """Return a row as it is stored."""
    modified = believed_stamp(row.modified, datetime.now(UTC))
    return {
        "key": storable(row.key),
        "modified": storable(modified) if modified is not None else None,
        "partition": partition,
        "raw": row.raw,
    }


class Extract:
    """One reading of an entity into windows, with what it came to.

    ``keys`` are the keys kept, in ``rows`` rows; ``later_keys`` were left for later windows; ``fetched`` were read by
    number, ``unknown`` ones do not exist in Visma.

    Args:
        client: reads Visma.
        entity: name of the entity, such as ``customers``.
        windows: consecutive windows, oldest first.
        zone: the zone of Visma's stamps.
        write: keeps rows of one partition.
    """

    def __init__(
        self, client: VismaClient, entity: str, windows: Sequence[Window], zone: ZoneInfo, write: Write
    ) -> None:
        self.keys: set[str] = set()
        self.later_keys: set[str] = set()
        self.rows = self.fetched = self.unknown = 0
        self._client = client
        self._entity = entity
        self._windows = windows
        self._zone = zone
        self._write = write

    @property
    def later(self) -> int:
        """How many rows were left for later windows."""
        return len(self.later_keys)

    def changed(self, overlap: timedelta) -> None:
        """Read the entity's changes once and spread the rows over the windows they belong to.

        Args:
            overlap: how much earlier than the first window to ask, for rows committed late.
        """
        since = ask_since(self._windows, overlap, self._zone)
        for page in self._client.changed(self._entity, since=since):
            kept: dict[str, list[dict[str, Any]]] = {}
            for row in page:
                modified = believed_stamp(row.modified, datetime.now(UTC))
                partition = window_of(modified, self._windows, self._zone)
                if partition is None:
                    self.later_keys.add(row.key)
                    continue
                kept.setdefault(partition, []).append(snapshot_row(row, partition))
                self.keys.add(row.key)
            for partition, rows in kept.items():
                self._write(partition, rows)
                self.rows += len(rows)

    def by_number(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Fetch rows that others name and nobody has synced, by number, so that nothing waits for them.

        Args:
            wanted: ``(number, partition)``: the row, and the window of the row that names it.
        """
        for number, partition in wanted:
            row = self._one(number)
            if row is None:
                self.unknown += 1
            else:
                self._write(partition, [snapshot_row(row, partition)])
                self.fetched += 1

    def _one(self, number: str) -> Row | None:
        """Return a row; None also where Visma takes the number for another's or for none: one row stops no window."""
        try:
            return self._client.one(self._entity, number)
        except PermanentApiError as error:
            if error.status not in (None, 400):
                raise
            return None
