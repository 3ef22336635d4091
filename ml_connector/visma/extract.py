"""From pages to snapshots: which window each row belongs to, and the rows that other entities name.

Plain Python: what is read comes in through a client, what is kept goes out through ``write``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from ml_connector.storable import storable
from ml_connector.visma.client import VismaClient
from ml_connector.visma.closure import Wanted
from ml_connector.visma.fetching import Fetch
from ml_connector.visma.names import names_of
from ml_connector.visma.rows import Row
from ml_connector.visma.stamps import believed_stamp, plain_stamp
from ml_connector.windows import Window, ask_since, window_of

SNAPSHOT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("modified", pa.string()),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
        pa.field("names", pa.list_(pa.string())),
    ]
)
"""A snapshot: the row's key, its stamp (naive text, empty where it is not believed; of a document, that of the payment
that changed it where that is newer), its window, the JSON text as received (exactly), and the customers and suppliers
it names, as record keys."""

Write = Callable[[str, Sequence[dict[str, Any]]], None]
"""Takes a partition key and rows of :data:`SNAPSHOT_SCHEMA`."""

Late = Callable[[Row], str | None]
"""Says which window takes a row all the same that changed after the last one; None leaves it for its own."""


def snapshot_row(entity: str, row: Row, partition: str, touched: str = "") -> dict[str, Any]:
    """Return a row as it is stored; ``touched`` is the stamp of another row that changed it, or empty.

    A payment leaves the stamp of the invoice it pays as it was (reference: visma 3.2). Without its own stamp nothing
    would tell the paid invoice from the one before, or after the payment was undone.
    """
    modified = believed_stamp(row.modified, datetime.now(UTC))
    if touched > plain_stamp(modified):
        modified = touched
    return {
        "key": storable(row.key),
        "modified": storable(modified) if modified is not None else None,
        "partition": partition,
        "raw": row.raw,
        "names": [storable(name) for name in names_of(entity, row.values)] or None,
    }


class Extract:
    """One reading of an entity into windows, with what it came to.

    ``keys`` are the keys kept, in ``rows`` rows; of these ``early`` ones changed after the last window. ``later_keys``
    were left for later windows. ``fetch`` tells what was read because others name it.

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
        self.rows = self.early = 0
        self.fetch = Fetch(client, entity, self._keep)
        self._client = client
        self._entity = entity
        self._windows = windows
        self._zone = zone
        self._write = write
        self._touched: dict[str, str] = {}

    @property
    def later(self) -> int:
        """How many rows were left for later windows."""
        return len(self.later_keys)

    def closed(self, overlap: timedelta, wanted: Mapping[str, Wanted]) -> None:
        """Read the entity's changes, and the rows that others name and that are not among them.

        A run that holds the first window reads the whole list: a row that was not in it does not exist.

        Args:
            overlap: as for :meth:`changed`.
            wanted: by key.
        """
        self._touched = {key: one.touched for key, one in wanted.items()}
        self.changed(overlap, lambda row: wanted[row.key].partition if row.key in wanted else None)
        if self._windows[0].start is not None:
            self.fetch.fetch({key: one for key, one in wanted.items() if key not in self.keys})

    def changed(self, overlap: timedelta, late: Late = lambda _: None) -> None:
        """Read the entity's changes once and spread the rows over the windows they belong to.

        Args:
            overlap: how much earlier than the first window to ask, for rows committed late.
            late: what happens to rows that changed after the last window.
        """
        since = ask_since(self._windows, overlap, self._zone)
        for page in self._client.changed(self._entity, since):
            kept: dict[str, list[Row]] = {}
            for row in page:
                modified = believed_stamp(row.modified, datetime.now(UTC))
                partition = window_of(modified, self._windows, self._zone)
                if partition is None:
                    partition = late(row)
                    self.early += partition is not None
                if partition is None:
                    self.later_keys.add(row.key)
                else:
                    kept.setdefault(partition, []).append(row)
            for partition, rows in kept.items():
                self._keep(partition, rows)
                self.keys.update(row.key for row in rows)
                self.rows += len(rows)

    def _keep(self, partition: str, rows: Iterable[Row]) -> None:
        touched = self._touched
        self._write(
            partition, [snapshot_row(self._entity, row, partition, touched.get(row.key, "")) for row in rows]
        )
