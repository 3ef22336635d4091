"""Assets hand each other what Dagster has recorded last: single partitions, ranges, reference data, retries."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from ml_connector.errors import StorageError
from ml_connector.storage import Dataset, ParquetIOManager, Storage, StorageResource, recorded_dataset
from ml_connector.storage_root import path_of

DAYS = dg.DailyPartitionsDefinition(start_date="2026-11-01", end_date="2026-11-11", timezone="Europe/Oslo")
FIELDS: list[pa.Field] = [
    pa.field("day", pa.string()),
    pa.field("run", pa.string()),
    pa.field("number", pa.int64()),
]
SCHEMA = pa.schema(FIELDS)
CUSTOMERS = dg.AssetKey(["nordic", "visma", "customers"])
ACCOUNTS = dg.AssetKey(["nordic", "visma", "accounts"])
SINGLE_RUN = dg.BackfillPolicy.single_run()

seen: list[list[dict[str, Any]]] = []


def rows_for(day: str, run: str) -> list[dict[str, Any]]:
    return [{"day": day, "run": run, "number": number} for number in range(2)]


@dg.asset(key=CUSTOMERS, partitions_def=DAYS, backfill_policy=SINGLE_RUN)
def customers(context: dg.AssetExecutionContext, files: StorageResource) -> Dataset:
    run_id = context.run.run_id
    with files.get_storage().writer(context.asset_key.path, context.partition_keys, run_id, SCHEMA) as writer:
        for day in context.partition_keys:
            writer.write(day, rows_for(day, run_id))
    return writer.dataset


@dg.asset(key=ACCOUNTS)
def accounts(context: dg.AssetExecutionContext, files: StorageResource) -> Dataset:
    with files.get_storage().writer(context.asset_key.path, [], context.run.run_id, SCHEMA) as writer:
        writer.write("all", rows_for("reference", context.run.run_id))
    return writer.dataset


@dg.asset(
    key=["nordic", "records", "companies"],
    partitions_def=DAYS,
    backfill_policy=SINGLE_RUN,
    ins={"customers": dg.AssetIn(key=CUSTOMERS), "accounts": dg.AssetIn(key=ACCOUNTS)},
)
def companies(customers: Dataset, accounts: Dataset) -> None:
    seen.append([*customers.rows(), *accounts.rows()])


ALL = [customers, accounts, companies]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    seen.clear()
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(
    root: Path | str,
    instance: dg.DagsterInstance,
    assets: Sequence[dg.AssetsDefinition],
    days: tuple[str, str] | None = None,
    **options: Any,
) -> dg.ExecuteInProcessResult:
    """Materialise assets for a day or a range of days."""
    tags = {}
    if days is not None:
        tags = {"dagster/asset_partition_range_start": days[0], "dagster/asset_partition_range_end": days[1]}
        if days[0] == days[1]:
            tags, options["partition_key"] = {}, days[0]
    return dg.materialize(
        ALL,
        selection=list(assets),
        instance=instance,
        tags=tags,
        resources={"io_manager": ParquetIOManager(root=str(root)), "files": StorageResource(root=str(root))},
        **options,
    )


def stored_runs(root: Path, day: str) -> set[str]:
    return {path.stem for path in root.joinpath("nordic", "visma", "customers", day).iterdir()}


@pytest.mark.parametrize("where", ["local", "memory"])
def test_one_partition_with_reference_data(instance: dg.DagsterInstance, tmp_path: Path, where: str) -> None:
    root = tmp_path if where == "local" else f"memory://{tmp_path.name}"
    result = run(root, instance, ALL, ("2026-11-03", "2026-11-03"))
    assert seen == [rows_for("2026-11-03", result.run_id) + rows_for("reference", result.run_id)]


def test_the_record_of_a_partition_says_where_it_is_and_how_much(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    result = run(tmp_path, instance, [customers], ("2026-11-01", "2026-11-03"))
    records = instance.fetch_materializations(CUSTOMERS, limit=10).records
    assert {record.partition_key for record in records} == {"2026-11-01", "2026-11-02", "2026-11-03"}
    for record in records:
        assert record.asset_materialization is not None
        metadata = {name: value.value for name, value in record.asset_materialization.metadata.items()}
        path = path_of(CUSTOMERS.path, str(record.partition_key), result.run_id)
        assert metadata["path"] == path
        assert metadata["dagster/uri"] == str(tmp_path / path)
        assert metadata["bytes"] == (tmp_path / path).stat().st_size
        assert metadata["dagster/row_count"] == metadata["dagster/partition_row_count"] == 2
        assert len(str(metadata["sha256"])) == 64


def test_a_range_reads_the_newest_version_of_each_day_and_keeps_the_old(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first = run(tmp_path, instance, [customers, accounts], ("2026-11-02", "2026-11-04")).run_id
    second = run(tmp_path, instance, [customers], ("2026-11-03", "2026-11-03")).run_id
    run(tmp_path, instance, [companies], ("2026-11-02", "2026-11-04"))
    (rows,) = seen
    assert [(row["day"], row["run"]) for row in rows if row["number"] == 0] == [
        ("2026-11-02", first),
        ("2026-11-03", second),
        ("2026-11-04", first),
        ("reference", first),
    ]
    assert stored_runs(tmp_path, "2026-11-03") == {first, second}


def test_a_file_that_no_run_recorded_is_not_read(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    first = run(tmp_path, instance, [customers, accounts], ("2026-11-03", "2026-11-03")).run_id
    with Storage(str(tmp_path)).writer(CUSTOMERS.path, ["2026-11-03"], "zzz-crashed", SCHEMA) as writer:
        writer.write("2026-11-03", rows_for("2026-11-03", "zzz-crashed"))
    run(tmp_path, instance, [companies], ("2026-11-03", "2026-11-03"))
    assert {row["run"] for row in seen[0]} == {first}


def test_a_record_without_a_path_is_found_by_its_run(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    day = "2026-11-03"
    storage = Storage(str(tmp_path))

    @dg.asset(key=CUSTOMERS, partitions_def=DAYS)
    def without_io_manager(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with storage.writer(CUSTOMERS.path, [day], context.run.run_id, SCHEMA) as writer:
            writer.write(day, rows_for(day, context.run.run_id))
        return dg.MaterializeResult()

    run_id = dg.materialize([without_io_manager], partition_key=day, instance=instance).run_id
    dataset = recorded_dataset(instance, storage, CUSTOMERS, [day])
    assert list(dataset.rows()) == rows_for(day, run_id)
    assert dataset.row_count == 2


def test_hundreds_of_partitions_take_a_handful_of_queries(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = DAYS.get_partition_keys()
    run(tmp_path, instance, [customers], (days[0], days[-1]))
    monkeypatch.setattr("ml_connector.storage.RECORDS_AT_A_TIME", 6)
    asked: list[int] = []
    original = dg.DagsterInstance.fetch_materializations

    def counted(self: dg.DagsterInstance, records_filter: Any, limit: int, **options: Any) -> Any:
        asked.append(limit)
        return original(self, records_filter, limit, **options)

    monkeypatch.setattr(dg.DagsterInstance, "fetch_materializations", counted)
    dataset = recorded_dataset(instance, Storage(str(tmp_path)), CUSTOMERS, days)
    assert dataset.partitions == tuple(days)
    assert asked == [6, 4]


def test_a_partition_never_materialised_is_named_with_the_command(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run(tmp_path, instance, [customers, accounts], ("2026-11-02", "2026-11-02"))
    with pytest.raises(StorageError) as caught:
        run(tmp_path, instance, [companies], ("2026-11-02", "2026-11-05"))
    text = str(caught.value)
    assert "nordic/visma/customers, partition 2026-11-03 has never been materialised (and 2 more" in text
    assert "dagster asset materialize -m ml_connector.definitions --select nordic/visma/customers" in text
    assert "--partition 2026-11-03" in text


def test_reference_data_never_materialised_is_named(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run(tmp_path, instance, [customers], ("2026-11-02", "2026-11-02"))
    with pytest.raises(StorageError, match="nordic/visma/accounts has never been materialised"):
        run(tmp_path, instance, [companies], ("2026-11-02", "2026-11-02"))


def test_an_input_may_allow_missing_partitions(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run(tmp_path, instance, [customers], ("2026-11-02", "2026-11-02"))
    found: list[tuple[str, ...]] = []

    @dg.asset(
        partitions_def=DAYS,
        backfill_policy=SINGLE_RUN,
        ins={"earlier": dg.AssetIn(key=CUSTOMERS, metadata={"allow_missing_partitions": True})},
    )
    def look_back(earlier: Dataset) -> None:
        found.append(earlier.partitions)

    dg.materialize(
        [look_back, customers],
        selection=[look_back],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": "2026-11-01",
            "dagster/asset_partition_range_end": "2026-11-03",
        },
        resources={"io_manager": ParquetIOManager(root=str(tmp_path)), "files": StorageResource()},
    )
    assert found == [("2026-11-02",)]


def test_a_damaged_file_names_the_asset_the_day_and_the_run(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first = run(tmp_path, instance, [customers, accounts], ("2026-11-03", "2026-11-03")).run_id
    (tmp_path / path_of(CUSTOMERS.path, "2026-11-03", first)).write_bytes(b"PAR1")
    with pytest.raises(StorageError, match=rf"customers, partition 2026-11-03, written by run {first}"):
        run(tmp_path, instance, [companies], ("2026-11-03", "2026-11-03"))


def test_a_second_try_in_the_same_run_replaces_its_own_file(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    tries: list[str] = []

    @dg.asset(
        key=CUSTOMERS,
        partitions_def=DAYS,
        backfill_policy=SINGLE_RUN,
        retry_policy=dg.RetryPolicy(max_retries=1),
    )
    def flaky(context: dg.AssetExecutionContext, files: StorageResource) -> Dataset:
        tries.append(context.run.run_id)
        with files.get_storage().writer(
            context.asset_key.path, context.partition_keys, tries[0], SCHEMA
        ) as writer:
            writer.write("2026-11-03", rows_for(f"try {len(tries)}", tries[0]))
        if len(tries) == 1:
            raise dg.Failure("after the file was written, before it was recorded")
        return writer.dataset

    result = dg.materialize(
        [flaky],
        partition_key="2026-11-03",
        instance=instance,
        resources={
            "io_manager": ParquetIOManager(root=str(tmp_path)),
            "files": StorageResource(root=str(tmp_path)),
        },
    )
    assert len(tries) == 2
    assert stored_runs(tmp_path, "2026-11-03") == {result.run_id}
    dataset = recorded_dataset(instance, Storage(str(tmp_path)), CUSTOMERS, ["2026-11-03"])
    assert {row["day"] for row in dataset.rows()} == {"try 2"}


@pytest.mark.parametrize(
    ("partitions", "key", "said"),
    [
        (
            ["2026-11-03", "2026-11-04"],
            CUSTOMERS.path,
            "exactly the partitions of its run, such as 2026-11-04",
        ),
        (["2026-11-04"], CUSTOMERS.path, "exactly the partitions of its run"),
        (["2026-11-03"], ["nordic", "visma", "contacts"], "returned a dataset of nordic/visma/contacts"),
        ([], [], "returned a list, not a dataset"),
    ],
)
def test_an_asset_that_returns_something_else_fails_and_records_nothing(
    instance: dg.DagsterInstance, tmp_path: Path, partitions: list[str], key: list[str], said: str
) -> None:
    @dg.asset(key=CUSTOMERS, partitions_def=DAYS)
    def wrong(context: dg.AssetExecutionContext) -> Any:
        if not partitions:
            return []
        with Storage(str(tmp_path)).writer(key, partitions, context.run.run_id, SCHEMA) as writer:
            pass
        return writer.dataset

    resources = {"io_manager": ParquetIOManager(root=str(tmp_path))}
    with pytest.raises(StorageError, match=said):
        dg.materialize([wrong], partition_key="2026-11-03", instance=instance, resources=resources)
    assert instance.fetch_materializations(CUSTOMERS, limit=1).records == []


def test_a_file_that_vanished_before_it_was_recorded_is_not_recorded(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    @dg.asset(key=ACCOUNTS)
    def careless(context: dg.AssetExecutionContext) -> Dataset:
        with Storage(str(tmp_path)).writer(ACCOUNTS.path, [], context.run.run_id, SCHEMA) as writer:
            pass
        (tmp_path / writer.dataset.files[0].path).unlink()
        return writer.dataset

    with pytest.raises(StorageError, match="nordic/visma/accounts is not whole"):
        dg.materialize(
            [careless], instance=instance, resources={"io_manager": ParquetIOManager(root=str(tmp_path))}
        )
    assert instance.fetch_materializations(ACCOUNTS, limit=1).records == []


def test_a_resource_with_another_root_is_found_out(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match="storage roots of the resource and of the IO manager must be the same"
    ):
        dg.materialize(
            [accounts],
            instance=instance,
            resources={
                "io_manager": ParquetIOManager(root=str(tmp_path / "here")),
                "files": StorageResource(root=str(tmp_path / "there")),
            },
        )
