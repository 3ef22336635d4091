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


@pytest.mark.parametrize(("value", "many"), [("a", 6000), ("c", 1), ("aa", 0)])
def test_a_lookup_finds_the_rows_and_their_files(mixed: Dataset, value: str, many: int) -> None:
    found = list(mixed.lookup("key", value))
    assert [row["key"] for _, row in found] == [value] * many
    assert {file.partition for file, _ in found} <= {"2026-11-20", "2026-11-21"}
    if value == "c":
        ((file, row),) = found
        assert (file.partition, row["tags"]) == ("2026-11-21", ["x"])
    assert list(mixed.lookup("later", value)) == []


def test_a_lookup_reads_the_rest_of_a_file_only_where_the_value_occurs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers are in no order, so what a file notes of its parts rules none of them out."""
    with Storage(str(tmp_path)).writer(ASSET, ["2026-11-20"], "run1", SCHEMA) as writer:
        writer.write("2026-11-20", [{"key": f"{number * 7919 % 6000:04}"} for number in range(6000)])
    whole: list[int] = []
    original = pq.ParquetFile.read_row_group

    def watched(self: pq.ParquetFile, group: int, **options: Any) -> Any:
        whole.extend([group] if "columns" not in options else [])
        return original(self, group, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", watched)
    assert len(list(writer.dataset.lookup("key", "0042"))) == 1
    assert len(whole) == 1
    assert list(writer.dataset.lookup("key", "7000")) == []
    assert len(whole) == 1


def test_all_files_of_an_asset_are_found_whoever_wrote_them(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    for run_id in ("run1", "run/2"):
        with storage.writer(ASSET, ["2026-11-20", "a.b/c"], run_id, SCHEMA):
            pass
    assert storage.partitions(ASSET) == ["2026-11-20", "a.b/c"]
    files = storage.files(ASSET, "a.b/c")
    assert {file.run_id for file in files} == {"run1", "run/2"}
    assert list(storage.dataset(ASSET, files).rows()) == []
    assert storage.files(ASSET, "2026-11-22") == []
    assert storage.partitions(("nordic", "plan", "nothing")) == []
