"""Files come back exactly as written, all of a writer's or none, in bounded memory, and damage is named."""

import errno
import hashlib
import os
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from ml_connector import dataset_writer
from ml_connector.dataset_writer import Storage, _Sink
from ml_connector.errors import StorageError
from ml_connector.storage_root import ROOT_VARIABLE, StoredFile, path_of

ASSET = ("nordic", "records", "invoices")
FIELDS: list[pa.Field] = [
    pa.field("key", pa.string(), nullable=False),
    pa.field("amount", pa.decimal128(19, 4)),
    pa.field("stamp", pa.timestamp("us")),
    pa.field("read_at", pa.timestamp("us", tz="UTC")),
    pa.field("tags", pa.list_(pa.string())),
]
SCHEMA = pa.schema(FIELDS)
ROW = {
    "key": "Invoice:100 é",
    "amount": Decimal("-12345678.9000"),
    "stamp": datetime(2026, 11, 20, 13, 37, 0, 123456),
    "read_at": datetime(2026, 11, 21, 1, 2, 3, tzinfo=UTC),
    "tags": ["a", "b"],
}


@pytest.fixture(params=["local", "file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    roots = {"local": str(tmp_path), "file": f"file://{tmp_path}", "memory": f"memory://{tmp_path.name}"}
    return Storage(roots[request.param])


@pytest.fixture
def local(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path))


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def keys(start: int, count: int) -> list[dict[str, str]]:
    return [{"key": f"{number:08}"} for number in range(start, start + count)]


class TestWriting:
    """What a writer leaves behind."""

    def test_rows_come_back_as_they_were(self, storage: Storage) -> None:
        with storage.writer(ASSET, ["2026-11-20"], "run1", SCHEMA) as writer:
            writer.write("2026-11-20", [ROW, {"key": "only the key"}])
        rows = list(writer.dataset.rows())
        assert rows == [
            ROW,
            {"key": "only the key", "amount": None, "stamp": None, "read_at": None, "tags": None},
        ]
        assert isinstance(rows[0]["amount"], Decimal)
        assert str(rows[0]["amount"]) == "-12345678.9000"

    def test_every_partition_has_a_file_an_empty_one_too(self, storage: Storage) -> None:
        days = ["2026-11-19", "2026-11-20", "2026-11-21"]
        with storage.writer(ASSET, days, "run1", SCHEMA) as writer:
            writer.write("2026-11-21", [ROW])
            writer.write("2026-11-19", [ROW, ROW])
        dataset = writer.dataset
        assert dataset.partitions == tuple(days)
        assert [file.rows for file in dataset.files] == [2, 0, 1]
        assert dataset.row_count == 3
        assert [len(list(dataset.rows_of(day))) for day in days] == [2, 0, 1]
        assert dataset.files[1].path == "nordic/records/invoices/2026-11-20/run1.parquet"
        for file in dataset.files:
            storage.check(file)

    def test_an_asset_without_partitions_has_one_file(self, storage: Storage) -> None:
        with storage.writer(ASSET, [], "run1", SCHEMA) as writer:
            writer.write("all", [ROW])
        assert [file.path for file in writer.dataset.files] == ["nordic/records/invoices/all/run1.parquet"]

    def test_another_run_writes_beside_and_the_same_run_over(self, local: Storage, tmp_path: Path) -> None:
        for run, key in (("run1", "first"), ("run2", "second"), ("run2", "again")):
            with local.writer(ASSET, ["d"], run, SCHEMA) as writer:
                writer.write("d", [{"key": key}])
        folder = tmp_path.joinpath(*ASSET, "d")
        assert files_under(folder) == ["run1.parquet", "run2.parquet"]
        found = [
            [
                row["key"]
                for row in local.dataset(ASSET, [StoredFile("d", path_of(ASSET, "d", run), run)]).rows()
            ]
            for run in ("run1", "run2")
        ]
        assert found == [["first"], ["again"]]

    def test_the_recorded_hash_and_size_are_those_of_the_file(self, local: Storage, tmp_path: Path) -> None:
        with local.writer(ASSET, ["d"], "run1", SCHEMA) as writer:
            writer.write("d", [ROW])
        (file,) = writer.dataset.files
        content = (tmp_path / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())

    def test_an_error_in_the_block_leaves_nothing(self, local: Storage, tmp_path: Path) -> None:
        writer = local.writer(ASSET, ["d", "e"], "run1", SCHEMA)
        left_half_way: list[str] = []

        def write_and_fail() -> None:
            with writer:
                writer.write("d", keys(0, 10_001))
                left_half_way.extend(files_under(tmp_path))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write_and_fail()
        assert len(left_half_way) == 1
        assert files_under(tmp_path) == []
        with pytest.raises(RuntimeError, match="only after"):
            _ = writer.dataset

    def test_an_error_leaves_the_earlier_file_of_the_run_alone(self, local: Storage) -> None:
        with local.writer(ASSET, ["d"], "run1", SCHEMA) as first:
            first.write("d", [ROW])
        with (
            pytest.raises(ValueError, match="no column"),
            local.writer(ASSET, ["d"], "run1", SCHEMA) as second,
        ):
            second.write("d", [*keys(0, 10_001), {"colour": "red"}])
        assert list(first.dataset.rows()) == [ROW]

    def test_what_a_killed_writer_left_is_swept_away_when_it_is_old(
        self, local: Storage, tmp_path: Path
    ) -> None:
        folder = tmp_path.joinpath(*ASSET, "d")
        folder.mkdir(parents=True)
        (folder / ".old.unfinished").touch()
        os.utime(folder / ".old.unfinished", (0, 0))
        (folder / ".fresh.unfinished").touch()
        with local.writer(ASSET, ["d"], "run1", SCHEMA):
            pass
        assert files_under(folder) == [".fresh.unfinished", "run1.parquet"]

    @pytest.mark.parametrize("when", ["while rows are written", "at the end"])
    def test_a_full_disk_is_said_and_leaves_nothing(
        self, local: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        count = 10_001 if when == "while rows are written" else 5
        monkeypatch.setattr(_Sink, "write", full)
        with (
            pytest.raises(
                StorageError, match=r"partition d, could not be written: the disk is full.*Make room"
            ),
            local.writer(ASSET, ["d", "e"], "run1", SCHEMA) as writer,
        ):
            writer.write("d", keys(0, count))
        assert files_under(tmp_path) == []

    def test_a_full_disk_found_at_the_last_moment_leaves_nothing(
        self, local: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

        monkeypatch.setattr("ml_connector.dataset_writer.os.fsync", full)
        with pytest.raises(StorageError, match="disk is full"), local.writer(ASSET, ["d"], "run1", SCHEMA):
            pass
        assert files_under(tmp_path) == []

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ({"key": "k", "colour": "Ola Nordmann"}, "there is no column colour"),
            ({"key": "k", "amount": "Ola Nordmann"}, r"a value of column amount is not decimal128\(19, 4\)"),
            ({"key": "k", "amount": Decimal("1.23456")}, "a value of column amount"),
            ({"key": None}, "column key must not be empty"),
            ({"amount": Decimal(1)}, "column key must not be empty"),
        ],
    )
    def test_a_row_that_does_not_fit_is_named_by_its_column_not_its_value(
        self, local: Storage, row: dict[str, object], said: str
    ) -> None:
        with (
            pytest.raises(ValueError, match=said) as caught,
            local.writer(ASSET, ["d"], "run1", SCHEMA) as writer,
        ):
            writer.write("d", [row])
        assert "Nordmann" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_partition_that_was_not_announced_is_refused(self, local: Storage) -> None:
        with (
            pytest.raises(ValueError, match="e is not a partition"),
            local.writer(ASSET, ["d"], "run1", SCHEMA) as writer,
        ):
            writer.write("e", [ROW])


class TestMemory:
    """Flat, whatever passes through."""

    def test_stays_bounded_over_many_rows_and_partitions(
        self, local: Storage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit = 1024 * 1024
        monkeypatch.setattr(dataset_writer, "BUFFER_BYTES", limit)
        schema = pa.schema([pa.field("key", pa.string()), pa.field("raw", pa.string())])
        days = [f"day{number:03}" for number in range(400)]
        page = [{"key": str(number), "raw": "x" * 200} for number in range(250)]
        highest = 0
        before = pa.total_allocated_bytes()
        with local.writer(ASSET, days, "run1", schema) as writer:
            for number in range(400):  # 100,000 rows, each page into a day that 399 others follow
                writer.write(days[number * 7 % 400], page)
                highest = max(highest, writer._buffered)
        assert highest <= limit
        assert writer._buffered == 0
        assert pa.total_allocated_bytes() - before < limit

        tracemalloc.start()
        count = sum(1 for _ in writer.dataset.rows())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 100_000
        assert peak < 20 * limit

    def test_one_big_partition_is_cut_into_row_groups(self, local: Storage) -> None:
        with local.writer(ASSET, ["d"], "run1", SCHEMA) as writer:
            for start in range(0, 5_000, 500):
                writer.write("d", keys(start, 500))
                assert writer._parts["d"].held_rows < 2_000
        assert [batch.num_rows for batch in writer.dataset.batches()] == [2_000, 2_000, 1_000]
        assert [row["key"] for row in writer.dataset.rows(["key"])] == [row["key"] for row in keys(0, 5_000)]


class TestReading:
    """What a dataset gives, and what it says of files it cannot read."""

    @pytest.fixture
    def written(self, local: Storage) -> dataset_writer.DatasetWriter:
        with local.writer(ASSET, ["d1", "d2"], "run1", SCHEMA) as writer:
            writer.write("d1", keys(0, 20_000))
            writer.write("d2", [ROW])
        return writer

    def test_gives_only_the_columns_asked_for(self, written: dataset_writer.DatasetWriter) -> None:
        assert list(written.dataset.rows_of("d2", ["key"])) == [{"key": ROW["key"]}]

    def test_gives_a_frame_with_exact_money(self, written: dataset_writer.DatasetWriter) -> None:
        frame = written.dataset.to_pandas(["key", "amount"])
        assert list(frame.columns) == ["key", "amount"]
        assert frame["amount"].iloc[-1] == Decimal("-12345678.9000")

    def test_gives_an_empty_frame_with_its_columns(self, local: Storage) -> None:
        with local.writer(ASSET, ["d"], "run1", SCHEMA) as writer:
            pass
        assert list(writer.dataset.to_pandas().columns) == SCHEMA.names

    def test_of_older_files_gives_none_for_a_newer_column(self, local: Storage) -> None:
        older = pa.schema([pa.field("key", pa.string())])
        with local.writer(ASSET, ["d1"], "run1", older) as first:
            first.write("d1", [{"key": "old"}])
        with local.writer(ASSET, ["d2"], "run2", SCHEMA) as second:
            second.write("d2", [ROW])
        both = local.dataset(ASSET, [*first.dataset.files, *second.dataset.files])
        assert [row["amount"] for row in both.rows(["key", "amount"])] == [None, ROW["amount"]]
        assert both.schema.names == SCHEMA.names
        assert both.to_pandas()["key"].tolist() == ["old", ROW["key"]]

    def test_asks_the_file_where_only_its_place_is_known(self, local: Storage) -> None:
        with local.writer(ASSET, ["d"], "run1", SCHEMA) as writer:
            writer.write("d", [ROW])
        known = local.dataset(ASSET, [StoredFile("d", path_of(ASSET, "d", "run1"), "run1")])
        assert known.row_count == 1
        assert known.schema == SCHEMA

    @pytest.mark.parametrize("damage", ["missing", "cut", "one byte of the data", "not parquet"])
    def test_names_the_damaged_file_and_how_to_make_it_again(
        self, written: dataset_writer.DatasetWriter, tmp_path: Path, damage: str
    ) -> None:
        path = tmp_path / written.dataset.files[0].path
        content = bytearray(path.read_bytes())
        if damage == "missing":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(content[:-100])
        elif damage == "not parquet":
            path.write_bytes(b"x" * len(content))
        else:
            content[len(content) // 2] ^= 0x01
            path.write_bytes(content)
        with pytest.raises(StorageError) as caught:
            list(written.dataset.rows())
        text = str(caught.value)
        assert "nordic/records/invoices, partition d1, written by run run1" in text
        assert (
            "dagster asset materialize -m ml_connector.definitions --select nordic/records/invoices --partition d1"
            in text
        )
        assert ("is missing" in text) == (damage == "missing")

    def test_leaves_an_error_of_its_reader_alone(self, written: dataset_writer.DatasetWriter) -> None:
        def read_and_fail() -> None:
            for _ in written.dataset.rows():
                raise OSError("the reader's own")

        with pytest.raises(OSError, match="the reader's own"):
            read_and_fail()

    def test_refuses_a_partition_it_does_not_have(self, written: dataset_writer.DatasetWriter) -> None:
        with pytest.raises(ValueError, match="d9 is not in this dataset"):
            list(written.dataset.rows_of("d9"))


class TestRoot:
    """Where files lie and what they are called."""

    def test_is_the_home_unless_the_environment_says_otherwise(
        self, ml_connector_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(ROOT_VARIABLE, raising=False)
        assert str(Storage().folder) == str(ml_connector_home / "storage")
        assert (ml_connector_home / "storage").stat().st_mode & 0o777 == 0o700
        monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "elsewhere"))
        assert str(Storage().folder) == str(tmp_path / "elsewhere")

    @pytest.mark.parametrize("url", ["bogus://bucket/x", "s3://bucket/x"])
    def test_of_a_scheme_without_its_package_says_so(self, url: str) -> None:
        with pytest.raises(StorageError, match="s3fs"):
            Storage(url)

    def test_keys_become_safe_and_stay_different(self) -> None:
        keys = ["2026-11-20", "2026-11-20-18:00", "a/b", "a%2Fb", "..", ".", "../..", "ø", " "]
        paths = [path_of(ASSET, key, "run1") for key in keys]
        assert len(set(paths)) == len(keys)
        for path in paths:
            assert path.startswith("nordic/records/invoices/")
            assert path.count("/") == 4
            assert "/." not in path


class TestVerify:
    """The hash covers what Parquet's own checksums leave out."""

    def test_notices_every_single_byte(self, local: Storage) -> None:
        with local.writer(ASSET, ["2026-11-20"], "run-1", SCHEMA) as writer:
            writer.write("2026-11-20", [ROW])
        dataset = writer.dataset
        dataset.verify()
        path = Path(str(local.place(dataset.files[0].path)))
        content = path.read_bytes()
        for place in range(0, len(content), 7):
            path.write_bytes(content[:place] + bytes([content[place] ^ 0x01]) + content[place + 1 :])
            with pytest.raises(StorageError, match="damaged"):
                dataset.verify()
        path.unlink()
        with pytest.raises(StorageError, match="missing"):
            dataset.verify()
