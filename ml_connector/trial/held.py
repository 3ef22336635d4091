"""Rows held in memory that read like stored ones: mappers and planners read stored rows, and a trial stores nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ml_connector.plan.operations import Operation


class HeldRows:
    """A few rows that are read like a stored snapshot or a stored plan."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self._rows = tuple(dict(row) for row in rows)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(
        self, columns: Sequence[str] | None = None, where: tuple[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows, those with one value in a column or all; columns that nobody asked for come along."""
        yield from (row for row in self._rows if where is None or row[where[0]] == where[1])


def plan_rows(operations: Iterable[Operation]) -> HeldRows:
    """Return operations as a stored plan."""
    return HeldRows(operation.to_row() for operation in operations)
