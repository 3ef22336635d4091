"""Reading what was stored: the rows of an asset in some partitions, as a stream.

Which run's file of a partition is current is not decided here but by Dagster's record of materialisations
(:mod:`ml_connector.storage`). Imports no Dagster, so a notebook can use it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml_connector.errors import StorageError
from ml_connector.storage_root import StorageRoot, StoredFile, described, materialise_command

if TYPE_CHECKING:
    import pandas as pd

BATCH_ROWS = 2_000
"""Rows in a row group and in a batch that is read: what is in memory at a time. A customer is 3 KB of text."""

READ_ERRORS = (OSError, pa.ArrowException)


@dataclass(frozen=True)
class Dataset:
    """The rows of one asset in one or more partitions, in the order of the partitions.

    Reading raises :class:`StorageError` for a file that is missing or damaged; it names the asset, the partition, the
    run and the command that makes the file again.
    """

    root: StorageRoot
    asset_path: tuple[str, ...]
    files: tuple[StoredFile, ...]
    written_schema: pa.Schema | None = None

    def verify(self) -> None:
        """Hold every file against the hash that was recorded when it was written.

        Parquet checks its data by itself, but not the part that says what the data is.

        Raises:
            StorageError: a file is missing or is not what was written.
        """
        for file in self.files:
            try:
                self.root.verify(file)
            except OSError as error:
                raise self._unreadable(file, error) from error

    def readable(self) -> "Dataset":
        """Return the same without the files that are missing or damaged."""
        return replace(self, files=tuple(file for file in self.files if self._is_whole(file)))

    def _is_whole(self, file: StoredFile) -> bool:
        try:
            self.root.verify(file)
        except OSError:
            return False
        return True

    @property
    def partitions(self) -> tuple[str, ...]:
        """The partitions, in order; ``("all",)`` for an asset that has none."""
        return tuple(file.partition for file in self.files)

    @property
    def row_count(self) -> int:
        """How many rows there are, without reading them."""
        return sum(self._rows_in(file) for file in self.files)

    @property
    def schema(self) -> pa.Schema:
        """The columns: of the writer, or of all files together, which differ when a column was added over time."""
        if self.written_schema is not None:
            return self.written_schema
        schemas = []
        for file in self.files:
            with self._opened(file) as parquet:
                schemas.append(parquet.schema_arrow.remove_metadata())
        return pa.unify_schemas(schemas, promote_options="permissive")

    def rows(
        self, columns: Sequence[str] | None = None, where: tuple[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows as dicts, all columns or the named ones; a column a file does not have yet is None.

        ``where`` is a column and its only value of interest, such as ``("entity", "invoices")``: other rows are left
        out before they become dicts, and those that lie far from it are not even read.
        """
        for file in self.files:
            yield from self._rows_of_file(file, columns, where)

    def rows_of(self, partition: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of one partition; ValueError for a partition that is not here."""
        found = [file for file in self.files if file.partition == partition]
        if not found:
            raise ValueError(f"partition {partition} is not in this dataset of {'/'.join(self.asset_path)}")
        for file in found:
            yield from self._rows_of_file(file, columns)

    def lookup(self, column: str, value: str) -> Iterator[tuple[StoredFile, dict[str, Any]]]:
        """Yield the rows in which a column has a value, each with the file it is in.

        Only that column is read of a whole file, the others where the value occurs: a customer among 100,000 is found
        in a few hundredths of a second.
        """
        for file in self.files:
            with self._opened(file) as parquet:
                for group in _row_groups(parquet, (column, value)):
                    try:
                        found = _rows_with(parquet, group, column, value)
                    except READ_ERRORS as error:
                        raise self._unreadable(file, error) from error
                    yield from ((file, row) for row in found)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows as Arrow batches of at most 2,000; each has the columns its file has."""
        for file in self.files:
            yield from self._batches_of(file, columns)

    def to_pandas(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return all rows as a pandas frame, decimals as Decimal objects; all of them are in memory."""
        tables = [pa.Table.from_batches([batch]) for batch in self.batches(columns)]
        if not tables:
            return self.schema.empty_table().to_pandas()
        return pa.concat_tables(tables, promote_options="permissive").to_pandas()

    def _rows_in(self, file: StoredFile) -> int:
        if file.rows is not None:
            return file.rows
        with self._opened(file) as parquet:
            return int(parquet.metadata.num_rows)

    def _rows_of_file(
        self, file: StoredFile, columns: Sequence[str] | None, where: tuple[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        for batch in self._batches_of(file, columns, where):
            names = batch.schema.names
            values = [column.to_pylist() for column in batch.columns]
            absent = [name for name in columns or () if name not in names]
            names += absent
            values += [[None] * batch.num_rows] * len(absent)
            yield from (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))

    def _batches_of(
        self, file: StoredFile, columns: Sequence[str] | None, where: tuple[str, str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        with self._opened(file) as parquet:
            present = None
            if columns is not None:
                asked = [*columns, where[0]] if where and where[0] not in columns else columns
                present = [name for name in asked if name in parquet.schema_arrow.names]
            batches = parquet.iter_batches(
                batch_size=BATCH_ROWS,
                columns=present,
                row_groups=_row_groups(parquet, where),
                use_threads=False,
            )
            while True:
                try:
                    batch = next(batches, None)
                except READ_ERRORS as error:
                    raise self._unreadable(file, error) from error
                if batch is None:
                    return
                yield batch if where is None else _narrowed(batch, where, columns)

    @contextmanager
    def _opened(self, file: StoredFile) -> Iterator[pq.ParquetFile]:
        with ExitStack() as stack:
            try:
                self.root.check(file)
                handle = stack.enter_context(self.root.place(file.path).open("rb"))
                parquet = pq.ParquetFile(handle, page_checksum_verification=True)
            except READ_ERRORS as error:
                raise self._unreadable(file, error) from error
            yield parquet

    def _unreadable(self, file: StoredFile, error: Exception) -> StorageError:
        kind = (
            "is missing"
            if isinstance(error, FileNotFoundError)
            else "cannot be read, it is damaged or out of reach"
        )
        return StorageError(
            f"The file of {described(self.asset_path, file.partition)} written by run {file.run_id} {kind} "
            f"({self.root.place(file.path)}).",
            remedy=f"Restore it, or make it again: {materialise_command(self.asset_path, file.partition)}",
        )


def _row_groups(parquet: pq.ParquetFile, where: tuple[str, str] | None) -> list[int]:
    """Return the row groups that may hold the value, by the least and the greatest value that a file notes of each."""
    groups = range(parquet.metadata.num_row_groups)
    if where is None or where[0] not in parquet.schema_arrow.names:
        return list(groups)
    found: list[int] = []
    for number in groups:
        group = parquet.metadata.row_group(number)
        chunks = (group.column(place) for place in range(group.num_columns))
        noted = next(chunk.statistics for chunk in chunks if chunk.path_in_schema == where[0])
        least, greatest = (noted.min, noted.max) if noted is not None and noted.has_min_max else (None, None)
        if least is None or greatest is None or least <= where[1] <= greatest:
            found.append(number)
    return found


def _rows_with(parquet: pq.ParquetFile, group: int, column: str, value: str) -> list[dict[str, Any]]:
    """Return the rows of a row group in which a column has a value."""
    if column not in parquet.schema_arrow.names:
        return []
    held = parquet.read_row_group(group, columns=[column], use_threads=False).column(0)
    here = pc.equal(held, pa.scalar(value))
    if not pc.any(here).as_py():
        return []
    rows: list[dict[str, Any]] = parquet.read_row_group(group, use_threads=False).filter(here).to_pylist()
    return rows


def _narrowed(batch: pa.RecordBatch, where: tuple[str, str], columns: Sequence[str] | None) -> pa.RecordBatch:
    """Return the rows of a batch that hold the value, with the columns that were asked for."""
    name, value = where
    if name not in batch.schema.names:
        return batch.slice(0, 0)
    kept = batch.filter(pc.field(name) == value)
    return kept if columns is None else kept.select([one for one in kept.schema.names if one in columns])
