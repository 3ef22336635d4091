"""From pages to snapshots: which window each row belongs to, and the customers and suppliers that others name.

Plain Python: what is read comes in as a client, what is kept goes out through ``write``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from ml_connector.visma.client import VismaClient
from ml_connector.visma.rows import Row
from ml_connector.windows import Window, ask_since, window_of

SNAPSHOT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("modified", pa.string()),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
    ]
)
"""A snapshot: the row's key, its stamp (naive text), its window, and the JSON text exactly as received."""

Write = Callable[[str, Sequence[dict[str, Any]]], None]
"""Takes a partition key and rows of :data:`SNAPSHOT_SCHEMA`."""


@dataclass(slots=True)
class ExtractCounts:
    """What an extract kept (``rows``) and left for later windows (``later``)."""

    rows: int = 0
    later: int = 0


def snapshot_row(row: Row, partition: str) -> dict[str, Any]:
    """Return a row as it is stored."""
    return {"key": row.key, "modified": row.modified, "partition": partition, "raw": row.raw}


def extract_changed(
    client: VismaClient,
    entity: str,
    windows: Sequence[Window],
    *,
    overlap: timedelta,
    zone: ZoneInfo,
    write: Write,
) -> ExtractCounts:
    """Read an entity's changes once and spread the rows over the windows they belong to.

    Args:
        client: reads Visma.
        entity: name of the entity, such as ``customers``.
        windows: consecutive windows, oldest first.
        overlap: how much earlier than the first window to ask, for rows committed late.
        zone: the zone of Visma's stamps.
        write: keeps rows of one partition.
    """
    counts = ExtractCounts()
    for page in client.changed(entity, since=ask_since(windows, overlap, zone)):
        kept: dict[str, list[dict[str, Any]]] = {}
        for row in page:
            partition = window_of(row.modified, windows, zone)
            if partition is None:
                counts.later += 1
            else:
                kept.setdefault(partition, []).append(snapshot_row(row, partition))
                counts.rows += 1
        for partition, rows in kept.items():
            write(partition, rows)
    return counts


def fetch_named(
    client: VismaClient, entity: str, wanted: Iterable[tuple[str, str]], write: Write
) -> Iterator[tuple[str, bool]]:
    """Fetch rows that others name and nobody has synced, by number, so that nothing waits for them.

    Args:
        client: reads Visma.
        entity: ``customers`` or ``suppliers``.
        wanted: ``(number, partition)``: the row, and the window of the row that names it.
        write: keeps rows of one partition.

    Yields:
        ``(number, found)`` for each; a number that Visma does not know is not found.
    """
    for number, partition in wanted:
        row = client.one(entity, number)
        if row is not None:
            write(partition, [snapshot_row(row, partition)])
        yield number, row is not None
