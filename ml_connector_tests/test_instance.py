"""The instance of dagster.yaml works on PostgreSQL, in other processes too, and runs whose process died are ended."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.instance import InstanceRef
from dagster._core.instance.config import PoolGranularity
from dagster._serdes import serialize_value

from ml_connector import database
from ml_connector.errors import StorageError
from ml_connector.instance import (
    CONFIGURATION,
    LIFE_TAG,
    ConnectorStorage,
    RunLifeResource,
    connector_home,
    connector_instance,
    fail_dead_runs,
)
from ml_connector.run_life import RunLife, run_is_alive

CLONE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def instance_url(new_database: Callable[..., str]) -> str:
    """One database for the module: making Dagster's tables takes longer than most tests here."""
    return new_database()


@pytest.fixture
def environment(
    instance_url: str, ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    monkeypatch.setenv(database.URL_VARIABLE, instance_url)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    yield {**os.environ, "PYTHONPATH": str(CLONE)}
    database.close_engine(instance_url)


@pytest.fixture
def instance(environment: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    with connector_instance() as instance:
        yield instance
        for run in instance.get_runs():
            instance.delete_run(run.run_id)


def python(code: str, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start Python on some code; it talks over its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


class TestConfiguration:
    """dagster.yaml, and the instance it makes."""

    def test_is_one_file_for_the_clone_and_the_package(self) -> None:
        assert (CLONE / "dagster.yaml").resolve() == CONFIGURATION.resolve()

    def test_a_plain_dagster_dev_in_a_clone_stores_in_our_database(
        self, environment: dict[str, str], tmp_path: Path, instance_url: str
    ) -> None:
        ref = InstanceRef.from_dir(str(tmp_path), config_dir=str(CLONE))
        with dg.DagsterInstance.from_ref(ref) as instance:
            assert isinstance(ref.storage, ConnectorStorage)

            @dg.asset
            def one() -> int:
                return 1

            result = dg.materialize_to_memory([one], instance=instance)
            record = instance.get_latest_materialization_event(dg.AssetKey("one"))
            assert record is not None
            assert record.run_id == result.run_id
        engine = sa.create_engine(instance_url)
        assert {"runs", "event_logs", "alembic_version"} <= set(sa.inspect(engine).get_table_names("public"))
        engine.dispose()

    def test_other_processes_get_it_from_its_serialised_form_and_may_make_the_tables_at_once(
        self, new_database: Callable[..., str], instance: dg.DagsterInstance, environment: dict[str, str]
    ) -> None:
        elsewhere = {**environment, database.URL_VARIABLE: new_database(migrated=False)}
        code = """
            import sys
            from dagster import DagsterInstance
            from dagster._core.instance import InstanceRef
            from dagster._serdes import deserialize_value
            with DagsterInstance.from_ref(deserialize_value(sys.argv[1], InstanceRef)) as instance:
                print(instance.get_runs_count())
        """
        started = [python(code, elsewhere, serialize_value(instance.get_ref())) for _ in range(2)]
        assert [process.communicate(timeout=60)[0].strip() for process in started] == ["0", "0"]

    def test_a_database_that_is_down_is_said_in_plain_words(
        self, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(database.URL_VARIABLE, "postgresql://u:secret@127.0.0.1:1/books")
        with pytest.raises(StorageError, match=r"books at 127\.0\.0\.1 does not answer") as caught:
            connector_instance()
        assert "secret" not in str(caught.value)

    def test_statements_share_connections(self, instance: dg.DagsterInstance, instance_url: str) -> None:
        engine = database.engine(instance_url)
        query = sa.text(
            "SELECT count(*), max(backend_start) FROM pg_stat_activity WHERE datname = current_database()"
        )

        def connections() -> object:
            with engine.connect() as connection:
                return connection.execute(query).one()

        instance.get_runs_count()
        before = connections()
        for _ in range(5):
            instance.get_runs_count()
        assert connections() == before

    def test_tables_and_columns_are_looked_for_once(
        self, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def look(asked: dg.DagsterInstance) -> None:
            asked.get_asset_records([dg.AssetKey("seen")])
            assert asked.event_log_storage.has_table("asset_event_tags")  # type: ignore[attr-defined]

        def looked(*_: Any, **__: Any) -> Any:
            raise AssertionError("looked again")

        look(instance)
        monkeypatch.setattr(sa, "inspect", looked)
        monkeypatch.setattr("sqlalchemy.dialects.postgresql.base.PGDialect.has_table", looked)
        with database.advisory_lock("dagster tables"), connector_instance() as other:
            look(other)
            with pytest.raises(AssertionError):
                other.event_log_storage.has_table("missing")  # type: ignore[attr-defined]

    def test_nobody_is_notified_of_an_event(self, instance: dg.DagsterInstance) -> None:
        said: list[str] = []
        pool = instance.event_log_storage._engine  # type: ignore[attr-defined]

        def note(*arguments: Any) -> None:
            said.append(arguments[2].split()[0])

        sa.event.listen(pool, "before_cursor_execute", note)
        instance.report_runless_asset_event(dg.AssetMaterialization("told"))
        sa.event.remove(pool, "before_cursor_execute", note)
        assert "INSERT" in said
        assert "NOTIFY" not in said
        assert instance.get_latest_materialization_event(dg.AssetKey("told")) is not None

    def test_a_database_that_went_away_since_is_said_in_plain_words(
        self, instance: dg.DagsterInstance, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(*_: Any) -> None:
            raise StorageError("The database is gone.")

        sa.event.listen(database.engine(), "checkout", gone)
        with pytest.raises(StorageError, match="is gone"):
            connector_instance()
        database.close_engine()

    def test_sends_nothing_home_and_retries_only_crashes(self, instance: dg.DagsterInstance) -> None:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 2
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert instance.run_monitoring_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity) == (1, PoolGranularity.RUN)


class TestHome:
    """The folder Dagster is given."""

    def test_holds_a_link_to_the_packaged_configuration(
        self, ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        assert connector_home() == ml_connector_home / "dagster"
        file = connector_home() / "dagster.yaml"
        assert file.resolve() == CONFIGURATION.resolve()
        file.unlink()
        file.symlink_to("/of/an/older/installation")
        connector_home()
        assert file.resolve() == CONFIGURATION.resolve()

    def test_leaves_a_configuration_of_your_own_alone(
        self, ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        file = connector_home() / "dagster.yaml"
        file.unlink()
        file.write_text("telemetry: {enabled: false}\n")
        connector_home()
        assert file.read_text() == "telemetry: {enabled: false}\n"

    def test_is_dagster_home_where_that_is_set(
        self, ml_connector_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        assert connector_home() == tmp_path
        assert not ml_connector_home.exists()


RUN = """
    import sys
    import dagster as dg
    from ml_connector.instance import RunLifeResource, connector_instance

    @dg.asset
    def endless(context: dg.AssetExecutionContext, life: RunLifeResource) -> None:
        context.instance.event_log_storage.claim_concurrency_slot("portal", context.run.run_id, "endless")
        print(context.run.run_id, flush=True)
        sys.stdin.read()

    with connector_instance() as instance:
        instance.event_log_storage.set_concurrency_slots("portal", 1)
        dg.materialize([endless], instance=instance, resources={"life": RunLifeResource()})
"""


def later() -> float:
    """The clock, long after the last event of any run."""
    return time.time() + 3600


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def marked_run(instance: dg.DagsterInstance, tags: dict[str, str] | None = None) -> dg.DagsterRun:
    """Return a started run that no process works on."""

    @dg.job
    def nothing() -> None: ...

    run = instance.create_run_for_job(nothing, tags={LIFE_TAG: "yes"} if tags is None else tags)
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=dg.DagsterEventType.RUN_START.value, job_name="nothing"), run.run_id
    )
    return run


class TestDeadRuns:
    """Runs whose process was killed do not stay started for ever."""

    def test_are_ended_once_their_process_is_gone_and_free_their_slots(
        self, instance: dg.DagsterInstance, environment: dict[str, str]
    ) -> None:
        process = python(RUN, environment)
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
        assert run_is_alive(run_id)
        assert fail_dead_runs(instance, now=later) == []
        assert status_of(instance, run_id) == dg.DagsterRunStatus.STARTED

        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        with database.advisory_lock(f"run {run_id}", wait_seconds=30):
            pass  # the server has noticed
        assert fail_dead_runs(instance) == [], "it was heard of a moment ago"
        assert fail_dead_runs(instance, now=later) == [run_id]
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE
        assert instance.event_log_storage.get_concurrency_info("portal").active_slot_count == 0
        assert any("process of this run is gone" in str(entry.message) for entry in instance.all_logs(run_id))
        assert fail_dead_runs(instance, now=later) == []

    def test_that_were_being_cancelled_are_cancelled(self, instance: dg.DagsterInstance) -> None:
        run = marked_run(instance)
        instance.report_run_canceling(run)
        assert fail_dead_runs(instance, now=later) == [run.run_id]
        assert status_of(instance, run.run_id) == dg.DagsterRunStatus.CANCELED

    def test_are_told_from_runs_without_the_mark_and_from_ended_ones(
        self, instance: dg.DagsterInstance
    ) -> None:
        unmarked, ended = marked_run(instance, {}), marked_run(instance)
        instance.report_run_failed(ended)
        assert fail_dead_runs(instance, now=later) == []
        assert status_of(instance, unmarked.run_id) == dg.DagsterRunStatus.STARTED

    def test_are_ended_by_one_process_at_a_time(self, instance: dg.DagsterInstance) -> None:
        run = marked_run(instance)
        with database.advisory_lock("ending dead runs"):
            assert fail_dead_runs(instance, now=later) == []
        assert fail_dead_runs(instance, now=later) == [run.run_id]

    def test_may_end_by_themselves_at_the_last_moment(
        self, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = marked_run(instance)

        def ends_now(run_id: str) -> bool:
            instance.report_run_canceled(run)
            return False

        monkeypatch.setattr("ml_connector.instance.run_is_alive", ends_now)
        assert fail_dead_runs(instance, now=later) == []
        assert status_of(instance, run.run_id) == dg.DagsterRunStatus.CANCELED


class TestRunLife:
    """The lock that says that a run's process lives."""

    def test_is_held_for_the_block_by_several_if_need_be(self, engine: sa.Engine) -> None:
        with RunLife("r1", engine=engine), RunLife("r1", engine=engine):
            assert run_is_alive("r1", engine=engine)
            assert not run_is_alive("r2", engine=engine)
        assert not run_is_alive("r1", engine=engine)

    def test_is_taken_again_when_the_database_lost_it(self, engine: sa.Engine) -> None:
        with RunLife("r1", engine=engine, check_seconds=3600) as life:
            with engine.connect() as other:
                other.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'run r1'"
                    )
                )
            assert not run_is_alive("r1", engine=engine)
            life.renew()
            assert run_is_alive("r1", engine=engine)

    def test_waits_for_a_database_that_is_away(
        self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with RunLife("r1", engine=engine, check_seconds=3600) as life:
            with monkeypatch.context() as patch:
                patch.setattr(database.AdvisoryLock, "held", lambda lock: False)
                patch.setattr(life, "_take", lambda: (_ for _ in ()).throw(StorageError("away")))
                life.renew()
            assert not run_is_alive("r1", engine=engine)
            life.renew()
            assert run_is_alive("r1", engine=engine)

    def test_is_looked_at_now_and_then(self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        looked = threading.Event()
        monkeypatch.setattr(RunLife, "renew", lambda life: looked.set())
        with RunLife("r1", engine=engine, check_seconds=0.01):
            assert looked.wait(30)

    def test_outside_a_run_nothing_is_held(self, database_url: str) -> None:
        with (
            dg.build_init_resource_context() as context,
            RunLifeResource().yield_for_execution(context) as life,
        ):
            assert isinstance(life, RunLifeResource)
