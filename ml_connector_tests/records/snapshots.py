"""Snapshots in memory, and rows of Visma with what a test does not care about left out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

STAMP = "2026-11-20T06:35:22.153"
DAY = "2026-11-20"


class Rows:
    """A stored snapshot: rows of :data:`ml_connector.visma.extract.SNAPSHOT_SCHEMA`."""

    def __init__(self, *stored: Mapping[str, Any]) -> None:
        self.stored = stored

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the rows as the storage does: only the columns asked for."""
        for row in self.stored:
            yield row if columns is None else {name: row[name] for name in columns}


def stored(key: str, values: Any, modified: str | None = STAMP, partition: str = DAY) -> dict[str, Any]:
    """Return one row of a snapshot; ``values`` is the Visma row, or its text."""
    raw = values if isinstance(values, str) else json.dumps(values)
    return {"key": key, "modified": modified, "partition": partition, "raw": raw}


def customer(number: str = "10023", **values: Any) -> dict[str, Any]:
    """Return a stored customer."""
    return stored(number, {"number": number, "name": f"Kunde {number}"} | values)


def supplier(number: str = "50001", **values: Any) -> dict[str, Any]:
    """Return a stored supplier."""
    return stored(number, {"number": number, "name": f"Leverandør {number}"} | values)


def contact(number: int = 4711, **values: Any) -> dict[str, Any]:
    """Return a stored contact of the list."""
    return stored(str(number), {"contactId": number} | values)


def at(row: dict[str, Any], modified: str | None, partition: str = DAY) -> dict[str, Any]:
    """Return a stored row with another stamp and window."""
    return row | {"modified": modified, "partition": partition}
