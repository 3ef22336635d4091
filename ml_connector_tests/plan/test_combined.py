"""Records of several windows as if they were of one."""

from collections.abc import Iterator, Sequence
from typing import Any

from ml_connector.plan.combined import Combined


class Stored:
    """Rows of a key, a stamp and an amount."""

    def __init__(self, *rows: tuple[str, str, int]) -> None:
        self._rows = [dict(zip(("key", "stamp", "amount"), row, strict=True)) for row in rows]

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows with the named columns or all."""
        return ({name: row[name] for name in columns or row} for row in self._rows)


def test_each_key_comes_once_in_its_newest_version() -> None:
    first = Stored(("a", "2026-03-02", 1), ("b", "2026-03-05", 2), ("c", "2026-03-02", 3))
    second = Stored(("a", "2026-03-03", 4), ("b", "2026-03-03", 5), ("c", "2026-03-02", 6))
    both = Combined(first, second)
    assert [(row["key"], row["amount"]) for row in both.rows()] == [("b", 2), ("a", 4), ("c", 6)]
    assert list(both.rows(["amount"])) == [{"amount": 2}, {"amount": 4}, {"amount": 6}]


def test_one_alone_is_as_it_is() -> None:
    one = Stored(("a", "2026-03-02", 1), ("a", "2026-03-03", 2))
    assert list(Combined(one).rows(["amount"])) == [{"amount": 1}, {"amount": 2}]
