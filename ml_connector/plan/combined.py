"""Records of several windows as if they were of one: each key once, in its newest version."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class RecordRows(Protocol):
    """Stored records that can be read more than once, such as :class:`ml_connector.datasets.Dataset`."""

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows with the named columns or all."""
        ...


class Combined:
    """The rows of several datasets, each key once: the version with the newest stamp, the last one among equals.

    Two passes keep memory flat: the first reads keys and stamps only.
    """

    def __init__(self, *datasets: RecordRows) -> None:
        self._datasets = datasets
        self._older = self._older_versions() if len(datasets) > 1 else frozenset()

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows with the named columns or all."""
        for place, row in enumerate(self._all(columns)):
            if place not in self._older:
                yield row

    def _all(self, columns: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        for dataset in self._datasets:
            yield from dataset.rows(columns)

    def _older_versions(self) -> frozenset[int]:
        """Return the places of rows of which there is a newer version."""
        newest: dict[str, tuple[int, str]] = {}
        older: set[int] = set()
        for place, row in enumerate(self._all(("key", "stamp"))):
            known = newest.get(row["key"])
            if known is not None and row["stamp"] < known[1]:
                older.add(place)
                continue
            if known is not None:
                older.add(known[0])
            newest[row["key"]] = place, row["stamp"]
        return frozenset(older)
