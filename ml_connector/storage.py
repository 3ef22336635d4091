"""The Dagster side of the stored files: the IO manager and the resource that hands out the plain storage.

An asset writes its rows through :class:`StorageResource` as they come and returns the :class:`Dataset`; the IO manager
checks the files and records where they are. A downstream asset gets a :class:`Dataset` of the newest recorded files,
for one partition or a range. The plain classes are offered here too; code without Dagster imports them from
:mod:`ml_connector.dataset_writer` and :mod:`ml_connector.datasets`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from ml_connector.chunks import chunks
from ml_connector.dataset_writer import DatasetWriter, Storage
from ml_connector.datasets import Dataset
from ml_connector.errors import StorageError
from ml_connector.options import OF_RUN_TAG
from ml_connector.storage_root import (
    ROOT_VARIABLE,
    UNPARTITIONED,
    StoredFile,
    described,
    materialise_command,
    path_of,
)

__all__ = [
    "Dataset",
    "DatasetWriter",
    "ParquetIOManager",
    "Storage",
    "StorageResource",
    "StoredFile",
    "dataset_of_run",
    "recorded_dataset",
]

PATH = "path"
SIZE = "bytes"
SHA256 = "sha256"
ROWS = "dagster/row_count"
PARTITION_ROWS = "dagster/partition_row_count"

RECORDS_AT_A_TIME = 1000

SNAPSHOTS = "visma"
"""The step whose files a replay takes as the run it replays has made them."""

ALLOW_MISSING = "allow_missing_partitions"
"""Metadata of an input that may lack partitions, such as the look back at earlier ones; Dagster's own name for it."""

ROOT_DESCRIPTION = (
    f"Folder or fsspec URL (s3://...) of all files; empty means {ROOT_VARIABLE}, else <home>/storage."
)


class StorageResource(dg.ConfigurableResource["StorageResource"]):
    """Hands assets the storage they write to."""

    root: str = Field(default="", description=ROOT_DESCRIPTION)

    def get_storage(self) -> Storage:
        """Return the plain storage.

        Raises:
            StorageError: the root cannot be used.
        """
        return Storage(self.root)


class ParquetIOManager(dg.ConfigurableIOManager):
    """Records the files an asset has written, and finds the newest recorded ones for the next asset."""

    root: str = Field(default="", description=ROOT_DESCRIPTION)

    def handle_output(self, context: dg.OutputContext, obj: Dataset) -> None:
        """Check that every partition of the run has its file, and record the files.

        Raises:
            StorageError: what the asset returned is no dataset of its own, or one of its files is not there.
        """
        expected = list(context.asset_partition_keys) if context.has_asset_partitions else [UNPARTITIONED]
        _check(obj, context.asset_key, expected)
        storage = Storage(self.root)
        for file in obj.files:
            try:
                storage.check(file)
            except OSError as error:
                raise StorageError(
                    f"{described(obj.asset_path, file.partition)} is not whole at {storage.place(file.path)}.",
                    remedy="Run it again. If that does not help: the storage roots of the resource and of the IO "
                    "manager must be the same.",
                ) from error
        if context.has_asset_partitions:
            for file in obj.files:
                context.step_context.add_asset_metadata(
                    _metadata(obj, file), asset_key=context.asset_key, partition_key=file.partition
                )
        else:
            context.add_output_metadata(_metadata(obj, obj.files[0]))

    def load_input(self, context: dg.InputContext) -> Dataset:
        """Return the newest recorded files of the upstream asset, in the partitions this run needs.

        Of snapshots a replay gets those of the run it replays.

        Raises:
            StorageError: a partition has never been materialised, or its file is missing or damaged; the text says how
                to make it.
        """
        partitions = list(context.asset_partition_keys) if context.has_asset_partitions else None
        of_run = context.step_context.run_tags.get(OF_RUN_TAG)
        if of_run and partitions is not None and context.asset_key.path[1] == SNAPSHOTS:
            dataset = dataset_of_run(
                context.instance, Storage(self.root), context.asset_key, partitions, of_run
            )
            dataset.verify()
            return dataset
        allow_missing = bool(context.definition_metadata.get(ALLOW_MISSING))
        dataset = recorded_dataset(
            context.instance, Storage(self.root), context.asset_key, partitions, allow_missing=allow_missing
        )
        dataset.verify()
        return dataset


def recorded_dataset(
    instance: dg.DagsterInstance,
    storage: Storage,
    asset_key: dg.AssetKey,
    partitions: Sequence[str] | None,
    *,
    allow_missing: bool = False,
) -> Dataset:
    """Return the newest recorded files of an asset; two queries for up to a thousand partitions.

    Args:
        instance: where the materialisations are recorded.
        storage: where the files lie.
        asset_key: the asset.
        partitions: the partitions, in the order wanted; None for an asset without partitions.
        allow_missing: leave out partitions that were never materialised.

    Raises:
        StorageError: a partition, or the asset, has never been materialised.
    """
    wanted = [UNPARTITIONED] if partitions is None else partitions
    found = (
        _newest_file(instance, asset_key)
        if partitions is None
        else _newest_files(instance, asset_key, partitions)
    )
    missing = [partition for partition in wanted if partition not in found]
    if missing and not allow_missing:
        raise _never_materialised(asset_key, missing)
    return storage.dataset(asset_key.path, [found[partition] for partition in wanted if partition in found])


def dataset_of_run(
    instance: dg.DagsterInstance,
    storage: Storage,
    asset_key: dg.AssetKey,
    partitions: Sequence[str],
    run_id: str,
) -> Dataset:
    """Return the files of an asset as a run has made them, in the order of the partitions, even where newer exist.

    Raises:
        StorageError: the run made no file of a partition, or its file is not there any more.
    """
    files: dict[str, StoredFile] = {}
    for some in chunks(partitions, RECORDS_AT_A_TIME):
        wanted = dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=list(some))
        for record in _materializations(instance, wanted):
            if record.run_id == run_id and record.partition_key is not None:
                files.setdefault(record.partition_key, _file(record, record.partition_key))
    for partition in partitions:
        file = files.get(partition) or StoredFile(
            partition, path_of(asset_key.path, partition, run_id), run_id
        )
        try:
            storage.check(file)
        except OSError as error:
            raise _not_of_run(asset_key, partition, run_id) from error
        files[partition] = file
    return storage.dataset(asset_key.path, [files[partition] for partition in partitions])


def _materializations(
    instance: dg.DagsterInstance, wanted: dg.AssetRecordsFilter
) -> Iterator[dg.EventLogRecord]:
    """Yield the materialisations that fit a filter, newest first, page by page."""
    cursor: str | None = None
    while True:
        page = instance.fetch_materializations(wanted, limit=RECORDS_AT_A_TIME, cursor=cursor)
        yield from page.records
        if not page.has_more:
            return
        cursor = page.cursor


def _newest_file(instance: dg.DagsterInstance, asset_key: dg.AssetKey) -> dict[str, StoredFile]:
    records = instance.fetch_materializations(asset_key, limit=1).records
    return {UNPARTITIONED: _file(records[0], UNPARTITIONED)} if records else {}


def _newest_files(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, partitions: Sequence[str]
) -> dict[str, StoredFile]:
    if not partitions:
        return {}
    newest = instance.get_latest_storage_id_by_partition(
        asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION, set(partitions)
    )
    files: dict[str, StoredFile] = {}
    all_ids = list(newest.values())
    for start in range(0, len(all_ids), RECORDS_AT_A_TIME):
        ids = all_ids[start : start + RECORDS_AT_A_TIME]
        wanted = dg.AssetRecordsFilter(asset_key=asset_key, storage_ids=ids)
        for record in instance.fetch_materializations(wanted, limit=len(ids)).records:
            partition = record.partition_key
            if partition is not None:
                files[partition] = _file(record, partition)
    return files


def _file(record: dg.EventLogRecord, partition: str) -> StoredFile:
    """Return the file a materialisation recorded, or the one its run must have written where it says nothing."""
    materialization = record.asset_materialization
    metadata: Mapping[str, Any] = materialization.metadata if materialization else {}
    asset_path = record.asset_key.path if record.asset_key else ()
    path = _value(metadata, PATH) or path_of(asset_path, partition, record.run_id)
    rows = _value(metadata, PARTITION_ROWS)
    return StoredFile(
        partition=partition,
        path=path,
        run_id=record.run_id,
        rows=_value(metadata, ROWS) if rows is None else rows,
        size=_value(metadata, SIZE),
        sha256=_value(metadata, SHA256),
    )


def _value(metadata: Mapping[str, Any], name: str) -> Any:
    return metadata[name].value if name in metadata else None


def _metadata(dataset: Dataset, file: StoredFile) -> dict[str, Any]:
    known = {
        PATH: file.path,
        ROWS: file.rows,
        SIZE: file.size,
        SHA256: file.sha256,
        "dagster/uri": str(dataset.root.place(file.path)),
    }
    if file.partition != UNPARTITIONED:
        known[PARTITION_ROWS] = file.rows
    return {name: value for name, value in known.items() if value is not None}


def _check(dataset: object, asset_key: dg.AssetKey, expected: Sequence[str]) -> None:
    """Raise StorageError unless this is a dataset of that asset with exactly these partitions."""
    name = asset_key.to_user_string()
    remedy = "This is a fault in the asset's code: it must return what a writer for its own key and partitions wrote."
    if not isinstance(dataset, Dataset):
        raise StorageError(f"{name} returned a {type(dataset).__name__}, not a dataset.", remedy=remedy)
    if list(dataset.asset_path) != list(asset_key.path):
        raise StorageError(f"{name} returned a dataset of {'/'.join(dataset.asset_path)}.", remedy=remedy)
    different = set(dataset.partitions) ^ set(expected)
    if different:
        raise StorageError(
            f"{name} did not write exactly the partitions of its run, such as {min(different)}.",
            remedy=remedy,
        )


def _not_of_run(asset_key: dg.AssetKey, partition: str, run_id: str) -> StorageError:
    connection = asset_key.path[0]
    return StorageError(
        f"{described(asset_key.path, partition)} has no file of run {run_id} any more: it was deleted, or that run "
        "made none.",
        remedy=f"Replay the newest file: `ml-connector replay {connection} --partition {partition}`; or read Visma "
        f"again: `ml-connector sync {connection} --partition {partition}`.",
    )


def _never_materialised(asset_key: dg.AssetKey, missing: Sequence[str]) -> StorageError:
    first = missing[0]
    others = f" (and {len(missing) - 1} more partitions)" if len(missing) > 1 else ""
    return StorageError(
        f"{described(asset_key.path, first).rstrip(',')} has never been materialised{others}.",
        remedy=f"Run: {materialise_command(asset_key.path, first)}",
    )
