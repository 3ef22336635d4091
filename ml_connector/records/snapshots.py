"""Reading snapshots for mapping: the newest version of every row, and Visma's naive time stamps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

Values = Mapping[str, Any]
"""One parsed Visma row; numbers with a fraction are Decimal."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a Visma row: its stamp (naive text, or empty), the window it is stored in, its values."""

    key: str
    stamp: str
    partition: str
    values: Values


class SnapshotRows(Protocol):
    """Stored snapshot rows that can be read more than once.

    Each row has ``key``, ``modified`` (naive text or None), ``partition`` and ``raw`` (the JSON text as received).
    """

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the rows, oldest window first, with the named columns or all."""
        ...


def newest(snapshot: SnapshotRows) -> Iterator[Version]:
    """Yield one version per key: the one with the newest stamp, the last one read among equals.

    Two passes keep memory flat: the first reads keys and stamps only.
    """
    chosen: dict[str, tuple[str, int]] = {}
    for position, row in enumerate(snapshot.rows(columns=["key", "modified"])):
        stamp = row["modified"] or ""
        known = chosen.get(row["key"])
        if known is None or stamp >= known[0]:
            chosen[row["key"]] = (stamp, position)
    for position, row in enumerate(snapshot.rows()):
        if chosen[row["key"]][1] == position:
            values = json.loads(row["raw"], parse_float=Decimal)
            yield Version(row["key"], row["modified"] or "", row["partition"], values)


def utc_stamp(stamp: str, zone: ZoneInfo) -> str | None:
    """Return a naive Visma stamp as HubSpot takes a datetime: ISO 8601 in UTC with milliseconds; None without one.

    In the hour that a clock change repeats, the stamp is read as the earlier of the two (reference: visma 3.2).
    """
    if not stamp:
        return None
    moment = datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def part(values: Values, *path: str) -> Any:
    """Return a nested value such as ``part(row, "country", "name")``; None where any step is missing or null."""
    found: Any = values
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
