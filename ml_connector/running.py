"""Starting a run of a connection from this process, as the command line does, and following it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._record import copy
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from ml_connector.automation import CONNECTION_TAG, due_windows, job_name, run_tags
from ml_connector.connection import build_defs, ends_of
from ml_connector.database import database_error, database_url
from ml_connector.errors import UsageError
from ml_connector.hubspot.loads import loads_of
from ml_connector.instance import LIFE_TAG, connector_instance
from ml_connector.options import OPTIONS
from ml_connector.partitions import partitions_of
from ml_connector.plan.operations import Operation
from ml_connector.reconciliation.assets import asset_key
from ml_connector.reconciliation.assets import job_name as reconcile_job_name
from ml_connector.run_life import RunLife
from ml_connector.settings import ConnectionSettings
from ml_connector.storage import Dataset, ParquetIOManager, Storage, StoredFile, recorded_dataset
from ml_connector.storage_root import UNPARTITIONED, path_of
from ml_connector.undo.assets import asset_key as undo_key
from ml_connector.undo.assets import job_name as undo_job_name

LOCATION = "ml_connector"
"""Name of the code location, as workspace.yaml and pyproject.toml have it."""

COMMAND_TAG = "ml_connector/command"
"""Tells runs of the command line apart in the UI: a plan from a sync, and both from the sensor's runs."""

PLAN_STEPS = ("visma", "records", "plan")
"""The steps that write nothing in HubSpot."""

REPLAY_STEPS = ("records", "plan", "hubspot")
"""The steps that do without Visma."""

RETRY_STEPS = ("plan", "hubspot")
"""The steps that try refused records again: they carry what Visma has said of them."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config with which a failed step prints no stack trace over the command's sentence; the run's events have it."""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step of a run began or ended: ``step`` is its step and entity such as ``visma/customers``.

    ``state`` is ``started``, ``done``, ``warned`` or ``failed`` with a sentence, or ``stopped`` by Ctrl-C.
    """

    step: str
    state: str
    error: str | None = None


class JobRun:
    """One run of a job of a connection, executed in this process and recorded like any other.

    Args:
        instance: where the run is recorded.
        job: the job, or the part of it that is run.
        command: the name of the command, for the UI.
        tags: of the run, besides those every run of the command line has.
        config: of the assets, by step key.
        options: what a person said about this run: fields of :class:`ml_connector.options.RunOptions`.
        subset: whether the job is only a part of the connection's.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        job: dg.JobDefinition,
        command: str,
        tags: Mapping[str, str],
        *,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
        subset: bool = False,
    ) -> None:
        keys = job.asset_layer.executable_asset_keys
        self.steps = [_entity(node.name) for node in job.nodes]
        self._instance = instance
        self._job = job
        self._config = _run_config(config or {}, options or {})
        self._run = instance.create_run_for_job(
            job,
            run_config=self._config or None,
            tags={**tags, COMMAND_TAG: command, LIFE_TAG: "yes"},
            asset_selection=frozenset(keys) if subset else None,
            remote_job_origin=_origin(job.name),
        )

    @property
    def run_id(self) -> str:
        """The run's id in Dagster and in the ledger."""
        return self._run.run_id

    def events(self) -> Iterator[StepEvent]:
        """Execute the run, yielding as its steps begin and end; a failure is an event, not an exception.

        A run that is interrupted ends as canceled: Dagster asks for its status just before it records the end. One
        whose process is killed, be it before the first step, is known to be dead by the lock that it no longer holds.

        Raises:
            StorageError: the database went away, so that not even the failure can be recorded.
        """
        try:
            with RunLife(self.run_id):
                yield from self._events()
        except (DagsterPostgresException, DBAPIError) as error:
            raise database_error(error, make_url(database_url())) from error

    def _events(self) -> Iterator[StepEvent]:
        states = {"STEP_START": "started", "STEP_SUCCESS": "done", "STEP_FAILURE": "failed"}
        quiet_run = copy(self._run, run_config={**self._config, **QUIET})
        stopped_by: dict[str, str] = {}
        for event in execute_run_iterator(InMemoryJob(self._job), quiet_run, self._instance):
            if event.is_job_failure and event.job_failure_data.error is not None:
                yield StepEvent("run", "failed", _sentence(event.job_failure_data.error))
            if (found := _blocking_check(event)) is not None:
                stopped_by[str(event.step_key)] = str(found.description)
                if found.severity is dg.AssetCheckSeverity.WARN:
                    yield StepEvent(_entity(str(event.step_key)), "warned", found.description)
            state = states.get(event.event_type_value)
            if state is None or event.step_key is None:
                continue
            if state == "failed" and _is_interruption(event):
                self._instance.report_run_canceling(self._run, "Stopped on the command line.")
                state = "stopped"
            yield StepEvent(_entity(event.step_key), state, _error_of(event, state, stopped_by))

    @property
    def succeeded(self) -> bool:
        """Whether the run ended well, by its record."""
        run = self._instance.get_run_by_id(self.run_id)
        return run is not None and run.status is dg.DagsterRunStatus.SUCCESS


class ConnectionRun(JobRun):
    """One run of a connection's windows.

    Args:
        instance: where the run is recorded.
        settings: the connection.
        first, last: partition keys; both the same for one window.
        steps: the steps to run, or None for all.
        options: see :class:`JobRun`.
        command: the name of the command, by default ``sync`` or, without the step that writes, ``plan``.
        tags: besides those of its windows.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        settings: ConnectionSettings,
        first: str,
        last: str,
        *,
        steps: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
        command: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        job = build_defs(settings).resolve_job_def(job_name(settings.name))
        if steps is not None:
            every = job.asset_layer.executable_asset_keys
            job = job.get_subset(asset_selection={key for key in every if key.path[1] in steps})
        usual = "sync" if steps is None or "hubspot" in steps else "plan"
        super().__init__(
            instance,
            job,
            command or usual,
            {**run_tags(settings.name, first, last), **(tags or {})},
            options=options,
            subset=steps is not None,
        )


class ReconciliationRun(JobRun):
    """One run of a connection's reconciliation.

    Args:
        instance: where the run is recorded.
        settings: the connection.
        month: ``YYYY-MM`` to compare alone, or None.
        repair: whether to repair what differs.
    """

    def __init__(
        self, instance: dg.DagsterInstance, settings: ConnectionSettings, *, month: str | None, repair: bool
    ) -> None:
        job = build_defs(settings).resolve_job_def(reconcile_job_name(settings.name))
        step = "__".join(asset_key(settings.name).path)
        config = {step: {"month": month or "", "repair": repair}}
        super().__init__(instance, job, "reconcile", {CONNECTION_TAG: settings.name}, config=config)


class UndoRun(JobRun):
    """One run that takes back what another wrote, or only plans it.

    Args:
        instance: where the run is recorded.
        settings: the connection.
        run_id: the run to undo.
        dry: whether to plan only.
    """

    def __init__(
        self, instance: dg.DagsterInstance, settings: ConnectionSettings, *, run_id: str, dry: bool
    ) -> None:
        job = build_defs(settings).resolve_job_def(undo_job_name(settings.name))
        self._path = undo_key(settings.name).path
        config = {"__".join(self._path): {"run_id": run_id, "dry": dry}}
        super().__init__(instance, job, "undo", {CONNECTION_TAG: settings.name}, config=config)

    def operations(self) -> Iterator[Operation]:
        """Yield the operations of its plan.

        Raises:
            StorageError: it did not get that far.
        """
        file = StoredFile(UNPARTITIONED, path_of(self._path, UNPARTITIONED, self.run_id), self.run_id)
        plan = Storage(ParquetIOManager().root).dataset(self._path, [file])
        return (Operation.from_row(row) for row in plan.rows())


def planned_operations(settings: ConnectionSettings, partitions: Sequence[str]) -> Iterator[Operation]:
    """Yield the operations of the newest plans of some windows, in the order in which they would be carried out.

    Raises:
        StorageError: a window was never planned, or a file of its plan is missing or damaged.
    """
    storage = Storage(ParquetIOManager().root)
    with connector_instance(keeps_output=False) as instance:
        for load in loads_of(settings):
            key = dg.AssetKey([settings.name, "plan", load.entity])
            for row in recorded_dataset(instance, storage, key, partitions).rows():
                yield Operation.from_row(row)


def stored_snapshots(settings: ConnectionSettings, entity: str) -> Dataset:
    """Return the newest stored rows of an entity of Visma's in all windows, oldest window first."""
    storage = Storage(ParquetIOManager().root)
    key = dg.AssetKey([settings.name, "visma", entity])
    with connector_instance(keeps_output=False) as instance:
        stored = instance.get_materialized_partitions(key)
        windows = [one for one in partitions_of(settings).get_partition_keys() if one in stored]
        return recorded_dataset(instance, storage, key, windows, allow_missing=True)


def choose_partitions(
    instance: dg.DagsterInstance, settings: ConnectionSettings, first: str | None, last: str | None
) -> list[str]:
    """Return the partitions to run, oldest first: those named, or every complete window without a successful load.

    Raises:
        UsageError: a named partition does not exist, or the range runs backwards.
    """
    partitions = partitions_of(settings)
    if first is None:
        return due_windows(instance, settings, partitions, ends_of(settings), datetime.now(UTC))
    keys = list(partitions.get_partition_keys())
    for key in (first, last or first):
        if key not in keys:
            known = (
                f"Its partitions are {keys[0]} to {keys[-1]}." if keys else "It has no complete window yet."
            )
            raise UsageError(f"Connection {settings.name} has no partition {key}.", remedy=known)
    chosen = keys[keys.index(first) : keys.index(last or first) + 1]
    if not chosen:
        raise UsageError(f"The range from {first} to {last} runs backwards.", remedy="Swap --from and --to.")
    return chosen


def newest_loaded(settings: ConnectionSettings) -> str | None:
    """Return the newest window that every load of a connection has loaded; None before the first."""
    with connector_instance(keeps_output=False) as instance:
        loaded = set.intersection(*(instance.get_materialized_partitions(load) for load in ends_of(settings)))
    keys = partitions_of(settings).get_partition_keys()
    return next((key for key in reversed(keys) if key in loaded), None)


def _run_config(
    config: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    steps = {step: {"config": dict(values)} for step, values in config.items()}
    return {
        **({"ops": steps} if steps else {}),
        **({"resources": {OPTIONS: {"config": dict(options)}}} if options else {}),
    }


def _blocking_check(event: dg.DagsterEvent) -> AssetCheckEvaluation | None:
    """Return the verdict of a check that stops a run that writes, or None for any other event."""
    if event.event_type_value != "ASSET_CHECK_EVALUATION":
        return None
    found = event.asset_check_evaluation_data
    return found if found.blocking and not found.passed else None


def _error_of(event: dg.DagsterEvent, state: str, stopped_by: Mapping[str, str]) -> str | None:
    """Return the sentence of a failed step; of one that a check has stopped, the check's."""
    if state != "failed":
        return None
    return stopped_by.get(str(event.step_key)) or _sentence(event.step_failure_data.error)


def _origin(job: str) -> RemoteJobOrigin:
    """Return where Dagster's UI finds a job, so that a run of the command line can be re-executed there."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="ml_connector.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)


def _entity(step_key: str) -> str:
    """Return ``visma/customers`` for the step key ``acme__visma__customers``."""
    return "/".join(step_key.split("__")[-2:])


def _is_interruption(event: dg.DagsterEvent) -> bool:
    """Whether Ctrl-C ended a step, be it that what it broke then failed in its own way."""
    error = event.step_failure_data.error
    while error is not None:
        if error.cls_name in (KeyboardInterrupt.__name__, DagsterExecutionInterruptedError.__name__):
            return True
        error = error.cause or error.context
    return False


def _sentence(error: Any) -> str:
    """Return the message of an error as Dagster records it, no stack trace.

    The outermost of the connector's own errors says what to do; what caused it may be a bare system error. Without one
    the deepest cause says most.
    """
    text = "it failed without a message"
    while error is not None:
        text = str(error.message).strip()
        kind, _, message = text.partition(": ")
        if kind.startswith("ml_connector.") and message:
            return message
        error = error.cause
    return text
