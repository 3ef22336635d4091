"""The Dagster instance: storage in our database, its home folder, and runs whose process died.

The classes named in ``dagster.yaml`` are here. They take no configuration: the database and the folders are those of
:mod:`ml_connector.database`, so that one file serves the embedded server and a real one.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import cache
from pathlib import Path
from types import MethodType
from typing import Any, Self

import dagster as dg
import sqlalchemy as sa
from dagster._core.execution.stats import StepEventStatus
from dagster._core.instance import InstanceRef
from dagster._core.storage.event_log import EventLogStorage, SqlEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from ml_connector import database
from ml_connector.errors import BusyError
from ml_connector.ledger.journal import close_run
from ml_connector.pooled import pooled_engine
from ml_connector.run_life import RunLife, run_is_alive

LIFE_TAG = ".dagster/ml_connector_holds_lock"
"""Tag of runs that hold the lock of :class:`RunLife`; a run without it cannot be told to be dead. The UI hides it."""

GRACE_SECONDS = 60.0
"""How long a run must have been silent before it can be dead: its lock may just be taken anew."""

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""How a run whose process died may stand; those that a daemon is starting are Dagster's own monitoring's business."""

CONFIGURATION = Path(__file__).parent / "dagster.yaml"

OPEN_CONNECTIONS = 4
MORE_CONNECTIONS = 20


class ConnectorStorage(DagsterPostgresStorage):
    """Dagster's own tables, in the schema ``public`` of our database.

    One small pool of connections serves all instances of a process: dagster-postgres opens a connection per statement
    otherwise, which costs a server process each time and tens of milliseconds over a network (reference: dagster 2.12).
    A process also looks only once for each table and column that Dagster asks about before it stores an event.
    """

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """Nothing can be configured."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "ConnectorStorage":
        """Make the storage, in this process or in one that was given the serialised instance.

        Raises:
            UsageError: the database's address is no PostgreSQL URL.
            StorageError: the database is out of reach.
        """
        url = database.database_url()
        # The migrated engine first: it says in plain words what is wrong with the database.
        engine = database.engine(url)
        seen = _seen(os.getpid(), url)
        if seen:
            engine.connect().close()  # says so too where the database has gone since
            storage = cls(url, should_autocreate_tables=False, inst_data=inst_data)
        else:
            with database.advisory_lock("dagster tables", wait_seconds=120, engine=engine):
                storage = cls(url, inst_data=inst_data)
            seen.add("tables")
        pool = _pool(os.getpid(), url)
        for part in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
            vars(part)["_engine"] = pool  # there is no public way to give them one
        _look_once(storage.event_log_storage, seen)
        _store_quietly(storage.event_log_storage)
        return storage


@cache
def _pool(process: int, url: str) -> sa.Engine:
    """Return the pool of a process; its number is an argument because connections must not survive a fork."""
    return pooled_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=OPEN_CONNECTIONS,
        max_overflow=MORE_CONNECTIONS,
        connect_args=database.connection_arguments(sa.make_url(url)),
    )


@cache
def _seen(process: int, url: str) -> set[str]:
    """Return the tables and columns that a process has seen in the database; they do not go away again."""
    return set()


def _look_once(events: EventLogStorage, seen: set[str]) -> None:
    """Let the storage of events ask the database for a table or column until it was there once."""

    def once(look: Callable[..., bool]) -> Callable[..., bool]:
        def known(*arguments: Any) -> bool:
            name = f"{look.__name__} {arguments[-1]}"
            if name not in seen and look(*arguments):
                seen.add(name)
            return name in seen

        return known

    for name in ("has_table", "_has_asset_key_col_on_connection"):
        vars(events)[name] = once(getattr(events, name))


def _store_quietly(events: EventLogStorage) -> None:
    """Let the storage of events do without the NOTIFY after each, a statement of its own that nobody listens to."""
    vars(events)["store_event"] = MethodType(SqlEventLogStorage.store_event, events)


class ConnectorComputeLogs(LocalComputeLogManager):
    """What steps print, kept under our home: the folder of a plain ``dagster dev`` is deleted when it ends."""

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """Nothing can be configured."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "ConnectorComputeLogs":
        """Make the log manager."""
        return cls(base_dir=str(database.private_folder("logs")), inst_data=inst_data)


def connector_home() -> Path:
    """Return the folder Dagster is to use: ``DAGSTER_HOME`` as it is, else ``<home>/dagster`` with our configuration.

    The ``dagster.yaml`` there is a link to the one in this package; a file of your own in its place is left alone.
    """
    configured = os.environ.get("DAGSTER_HOME")
    if configured:
        return Path(configured).expanduser().absolute()
    folder = database.private_folder("dagster")
    file = folder / "dagster.yaml"
    if file.is_symlink() and file.readlink() != CONFIGURATION:
        file.unlink()
    with suppress(FileExistsError):
        file.symlink_to(CONFIGURATION)
    return folder


def connector_instance(*, keeps_output: bool = True) -> dg.DagsterInstance:
    """Return the instance of :func:`connector_home`; use it in a ``with`` block.

    Args:
        keeps_output: whether what the steps of this process's runs print is kept as their log. The command line has its
            own terminal for that; Dagster's helper processes there would print their stack traces on Ctrl-C.

    Raises:
        StorageError: the database is out of reach.
    """
    no_logs = {
        "compute_logs": {"module": NoOpComputeLogManager.__module__, "class": NoOpComputeLogManager.__name__}
    }
    overrides: Any = None if keeps_output else no_logs
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(connector_home()), overrides=overrides))


class RunLifeResource(dg.ConfigurableResource["RunLifeResource"]):
    """Marks the run as alive for as long as its process lives; every asset that takes long or writes must ask for it.

    Outside a run (in a sensor) it does nothing.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Hold the run's lock while the run's steps are carried out."""
        if context.run is None or context.instance is None:
            yield self
            return
        context.instance.add_run_tags(context.run.run_id, {LIFE_TAG: "yes"})
        with RunLife(context.run.run_id):
            try:
                yield self
            finally:
                failed = any(
                    step.status is StepEventStatus.FAILURE
                    for step in context.instance.get_run_step_stats(context.run.run_id)
                )
                close_run(database.engine(), context.run.run_id, failed=failed)


def fail_dead_runs(
    instance: dg.DagsterInstance,
    *,
    grace_seconds: float = GRACE_SECONDS,
    now: Callable[[], float] = time.time,
) -> list[str]:
    """End the runs whose process died without a word, and free what they held; return their ids.

    A run is dead when it is not finished, carries the tag of those that hold a lock, holds its own no more, and has
    recorded nothing for ``grace_seconds``. Any number of processes may call this at any time.

    Raises:
        StorageError: the database is out of reach.
    """
    marked = instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED, tags={LIFE_TAG: "yes"}))
    silent = [
        record.dagster_run.run_id for record in marked if _silent_for(instance, record, now()) > grace_seconds
    ]
    if not silent:
        return []
    try:
        with database.advisory_lock("ending dead runs"):
            return [run_id for run_id in silent if not run_is_alive(run_id) and _end(instance, run_id)]
    except BusyError:
        return []


def _silent_for(instance: dg.DagsterInstance, record: dg.RunRecord, now: float) -> float:
    """Return for how many seconds a run has recorded nothing; one without an event counts from its creation."""
    newest = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    return now - (newest[0].timestamp if newest else record.create_timestamp.replace(tzinfo=UTC).timestamp())


def _end(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Report a dead run's end; False when it has ended by itself meanwhile."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    text = (
        "The process of this run is gone: killed, out of memory, or its machine went down. "
        "What it had begun to write is in the ledger, and the next run finds out what became of it."
    )
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, text)
    else:
        instance.report_run_failed(run, text)
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    close_run(database.engine(), run_id, failed=True)
    return True
