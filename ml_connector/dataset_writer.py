"""Writing what will be stored: one file per partition, streamed, and all of them or none.

Files are written beside their place under another name and renamed when all are whole, or uploaded then where the root
is not local. Imports no Dagster, so a notebook can use it.
"""

import errno
import hashlib
import io
import os
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ml_connector.datasets import BATCH_ROWS, Dataset
from ml_connector.errors import StorageError
from ml_connector.storage_root import UNPARTITIONED, StorageRoot, StoredFile, described, path_of

BUFFER_BYTES = 64 * 1024 * 1024
"""How much all partitions of a writer together may hold back before the biggest ones are written out."""

UNFINISHED = ".unfinished"
ABANDONED_SECONDS = 2 * 24 * 3600.0
"""Age after which an unfinished file has no writer any more; no run takes that long."""


class Storage(StorageRoot):
    """The files of all assets: what writes them and finds them again. Arguments and errors as for its base."""

    def writer(
        self, asset_path: Sequence[str], partitions: Sequence[str], run_id: str, schema: pa.Schema
    ) -> "DatasetWriter":
        """Return a writer for one asset, to be used in a ``with`` block.

        Args:
            asset_path: connection, step and entity.
            partitions: every partition that gets a file, an empty one too; none at all for an asset without partitions.
            run_id: the run that writes.
            schema: the columns; a field that is not nullable is enforced.
        """
        return DatasetWriter(self, asset_path, partitions or [UNPARTITIONED], run_id, schema)

    def dataset(self, asset_path: Sequence[str], files: Sequence[StoredFile]) -> Dataset:
        """Return what reads the given files of an asset."""
        return Dataset(self, tuple(asset_path), tuple(files))


class DatasetWriter:
    """Writes the rows of one asset, spread over partitions, with memory bounded however many partitions are open.

    Rows may come in any order of partitions and keep their order within each. When the ``with`` block ends well, every
    partition has its file and :attr:`dataset` tells of them; when it ends in an error, nothing is left. A second try of
    the same run replaces the files of the first; files of other runs are never touched, their names are different.

    Raises:
        StorageError: from :meth:`write` or the end of the block, where a file cannot be written; the disk is full, say.
    """

    def __init__(
        self,
        root: StorageRoot,
        asset_path: Sequence[str],
        partitions: Sequence[str],
        run_id: str,
        schema: pa.Schema,
    ) -> None:
        self._root = root
        self._asset_path = tuple(asset_path)
        self._run_id = run_id
        self._schema = schema
        self._names = frozenset(schema.names)
        self._spool: tempfile.TemporaryDirectory[str] | None = None
        self._parts = {partition: _Part(schema) for partition in partitions}
        self._buffered = 0
        self._dataset: Dataset | None = None

    @property
    def dataset(self) -> Dataset:
        """What was written; only after the block has ended well."""
        if self._dataset is None:
            raise RuntimeError("the dataset is complete only after the writer's block has ended")
        return self._dataset

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._dataset = self._finish()
        finally:
            for part in self._parts.values():
                part.discard()
            if self._spool is not None:
                self._spool.cleanup()

    def write(self, partition: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to a partition; for an asset without partitions that is ``"all"``.

        Raises:
            ValueError: the partition is not one of the writer's, or a row does not fit the schema. The text names the
                column, never a value.
        """
        if partition not in self._parts:
            raise ValueError(
                f"{partition} is not a partition of this writer for {'/'.join(self._asset_path)}"
            )
        if not rows:
            return
        try:
            batch = batch_of(rows, self._schema, self._names)
        except ValueError as error:
            raise ValueError(
                f"{described(self._asset_path, partition)} does not fit its columns: {error}"
            ) from None
        part = self._parts[partition]
        self._buffered += part.hold(batch)
        if part.held_rows >= BATCH_ROWS:
            self._flush(partition)
        if self._buffered > BUFFER_BYTES:
            self._flush_biggest()

    def _flush_biggest(self) -> None:
        """Write out the biggest buffers until half of the room is free, so that small ones can go on growing."""
        for partition, _ in sorted(self._parts.items(), key=lambda item: item[1].held_bytes, reverse=True):
            if self._buffered <= BUFFER_BYTES // 2:
                return
            self._flush(partition)

    def _flush(self, partition: str) -> None:
        part = self._parts[partition]
        self._buffered -= part.held_bytes
        try:
            if part.sink is None:
                part.open(self._temporary(partition))
            part.flush()
        except OSError as error:
            raise not_written(self._asset_path, partition, error) from error

    def _temporary(self, partition: str) -> Path:
        """Return a new name for a partition's unfinished file: beside its place, or in a spool where that is remote."""
        name = f".{uuid.uuid4().hex}{UNFINISHED}"
        if self._root.is_local:
            folder = Path(str(self._root.place(path_of(self._asset_path, partition, self._run_id)))).parent
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            return folder / name
        if self._spool is None:
            self._spool = tempfile.TemporaryDirectory(prefix="ml-connector-")
        return Path(self._spool.name) / name

    def _finish(self) -> Dataset:
        for partition in self._parts:
            self._flush(partition)
            try:
                self._parts[partition].close()
            except OSError as error:
                raise not_written(self._asset_path, partition, error) from error
        files = tuple(self._publish(partition, part) for partition, part in self._parts.items())
        return Dataset(self._root, self._asset_path, files, self._schema)

    def _publish(self, partition: str, part: "_Part") -> StoredFile:
        """Give a whole file its name."""
        path = path_of(self._asset_path, partition, self._run_id)
        place = self._root.place(path)
        sink = part.written()
        try:
            if self._root.is_local:
                sink.path.replace(str(place))
            else:
                place.fs.put_file(str(sink.path), place.path)
                sink.path.unlink()
        except OSError as error:
            raise not_written(self._asset_path, partition, error) from error
        return StoredFile(partition, path, self._run_id, part.rows, sink.size, sink.digest())


def _sweep(folder: Path) -> None:
    """Delete what writers that were killed have left in a partition's folder."""
    for left in folder.glob(f".*{UNFINISHED}"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                left.unlink()


class _Sink(io.RawIOBase):
    """A file being written: counts and hashes what goes through, and swallows what comes after it was given up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: BinaryIO = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._given_up = False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        if not self._given_up:
            rest = view
            while rest:
                rest = rest[self._file.write(rest) :]
            self._hash.update(view)
        self.size += len(view)
        return len(view)

    def finish(self) -> None:
        """Make sure that it is on the disk, not only on its way: the record of it will be."""
        os.fsync(self._file.fileno())
        self._file.close()

    def give_up(self) -> None:
        """Delete the file; nothing more is written."""
        self._given_up = True
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    def digest(self) -> str:
        return self._hash.hexdigest()


class _Part:
    """One partition of a writer: what it holds back, and its file once there is one."""

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self.held_rows = 0
        self.held_bytes = 0
        self.sink: _Sink | None = None
        self._schema = schema
        self._held: list[pa.RecordBatch] = []
        self._writer: pq.ParquetWriter | None = None

    def hold(self, batch: pa.RecordBatch) -> int:
        """Keep a batch for later; return its bytes."""
        size = batch.get_total_buffer_size()
        self._held.append(batch)
        self.held_rows += batch.num_rows
        self.held_bytes += size
        return size

    def open(self, path: Path) -> None:
        self.sink = _Sink(path)
        target = pa.PythonFile(self.sink, mode="w")
        self._writer = pq.ParquetWriter(target, self._schema, compression="zstd", write_page_checksum=True)

    def flush(self) -> None:
        """Write what is held back, in row groups."""
        held, self._held = self._held, []
        rows, self.held_rows, self.held_bytes = self.held_rows, 0, 0
        if held and self._writer is not None:
            self._writer.write_table(pa.Table.from_batches(held).combine_chunks(), row_group_size=BATCH_ROWS)
            self.rows += rows

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self.written().finish()

    def written(self) -> _Sink:
        if self.sink is None:
            raise RuntimeError("nothing was opened")
        return self.sink

    def discard(self) -> None:
        """Delete the file unless it has got its name."""
        self._held = []
        if self.sink is not None:
            self.sink.give_up()
        if self._writer is not None:
            # The footer that closing writes goes nowhere; without it the writer would try again when it is collected.
            self._writer.close()
            self._writer = None


def full_disk(error: OSError) -> bool:
    """Whether an error says that there is no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def not_written(asset_path: Sequence[str], partition: str, error: OSError) -> StorageError:
    """Return the error for a file that could not be written."""
    why = "the disk is full" if full_disk(error) else f"{error.strerror or type(error).__name__}"
    return StorageError(
        f"{described(asset_path, partition)} could not be written: {why}. Nothing of it has been recorded.",
        remedy="Make room or correct the storage root, then run it again.",
    )


def batch_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema, names: frozenset[str]) -> pa.RecordBatch:
    """Return rows as an Arrow batch; ValueError names the column that does not fit, never a value."""
    for row in rows:
        if not names.issuperset(row):
            raise ValueError(f"there is no column {', '.join(sorted(set(row) - names))}")
    columns = [_column(rows, field) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(rows: Sequence[Mapping[str, Any]], field: "pa.Field[Any]") -> "pa.Array[Any]":
    try:
        column: pa.Array[Any] = pa.array([row.get(field.name) for row in rows], type=field.type)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        # "from None": the original text quotes the value, which may be personal data.
        raise ValueError(f"a value of column {field.name} is not {field.type}") from None
    if column.null_count and not field.nullable:
        raise ValueError(f"column {field.name} must not be empty")
    return column
