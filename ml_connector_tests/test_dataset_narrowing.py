"""Reading the rows of a dataset that have one value in a column, without reading the others where possible."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml_connector.dataset_writer import Storage
from ml_connector.datasets import Dataset

ASSET = ("nordic", "plan", "invoices")
SCHEMA = pa.schema([pa.field("key", pa.string(), nullable=False), pa.field("tags", pa.list_(pa.string()))])


@pytest.fixture
def mixed(tmp_path: Path) -> Dataset:
    """Two days of 3,000 rows of ``a`` and 3,000 of ``b``, and some of ``c`` on the second."""
    with Storage(str(tmp_path)).writer(ASSET, ["2026-11-20", "2026-11-21"], "run1", SCHEMA) as writer:
        for day in ("2026-11-20", "2026-11-21"):
            writer.write(day, [{"key": name} for name in "ab" for _ in range(3000)])
        writer.write("2026-11-21", [{"key": "c", "tags": ["x"]}])
    return writer.dataset


@pytest.mark.parametrize(("value", "many"), [("a", 6000), ("b", 6000), ("c", 1), ("aa", 0), ("", 0)])
def test_only_its_rows_come(mixed: Dataset, value: str, many: int) -> None:
    assert [row["key"] for row in mixed.rows(where=("key", value))] == [value] * many


def test_the_column_itself_need_not_come_along(mixed: Dataset) -> None:
    assert list(mixed.rows(["tags"], where=("key", "c"))) == [{"tags": ["x"]}]
    assert list(mixed.rows(["tags", "later"], where=("key", "c"))) == [{"tags": ["x"], "later": None}]


def test_a_column_that_a_file_does_not_have_yet_holds_no_value(mixed: Dataset) -> None:
    assert list(mixed.rows(where=("later", "a"))) == []
    assert list(mixed.rows(["key"], where=("later", "a"))) == []


def test_parts_of_a_file_that_cannot_hold_it_are_not_read(
    mixed: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    original = pq.ParquetFile.iter_batches

    def watched(self: pq.ParquetFile, **options: Any) -> Any:
        asked.append(len(options["row_groups"]))
        return original(self, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    assert len(list(mixed.rows(where=("key", "c")))) == 1
    assert asked == [0, 1]
