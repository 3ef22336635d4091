"""What starts runs by itself: the job of a connection and the daily sensor that catches up.

The sensor asks the instance which complete windows have no successful load, so a day that was missed or failed comes
again; Dagster's schedules forget it (reference: dagster 2.5).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_connector.instance import fail_dead_runs
from ml_connector.partitions import windows_of
from ml_connector.settings import ConnectionSettings
from ml_connector.windows import consecutive, is_due

CONNECTION_TAG = "ml_connector/connection"
FIRST_WINDOW_TAG = ".dagster/ml_connector_first_window"
"""For the count of failures only; the UI shows no tag with this beginning."""

ATTEMPTS = 10
"""Runs the sensor starts for a range of windows before it leaves it to a person: with the waits between, two days."""

FIRST_WAIT = timedelta(minutes=5)

LONGEST_RANGE = 400
"""Windows of one run. A start date moved years back becomes some long runs, and no window is ever left out."""

BUSY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)

ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def job_name(connection: str) -> str:
    """Return the name of a connection's job."""
    return f"{connection}_sync"


def build_job(settings: ConnectionSettings) -> UnresolvedAssetJobDefinition:
    """Return the job that syncs whole windows of a connection, from Visma to HubSpot."""
    return dg.define_asset_job(
        job_name(settings.name),
        selection=dg.AssetSelection.key_prefixes([settings.name])
        - dg.AssetSelection.key_prefixes([settings.name, "reconciliation"], [settings.name, "undo"]),
        description=f"Sync windows of {settings.name}: extract, transform, plan, load.",
        tags={CONNECTION_TAG: settings.name},
        executor_def=dg.in_process_executor,
    )


def build_sensor(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition, loads: Sequence[dg.AssetKey]
) -> dg.SensorDefinition:
    """Return the sensor that asks for every complete window without a successful load, oldest first.

    Args:
        settings: when a window is due.
        partitions: the connection's partitions.
        loads: the ends of the chain: a window that one of them has not materialised is not done.
    """

    @dg.sensor(
        name=f"{settings.name}_daily",
        job_name=job_name(settings.name),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.daily else dg.DefaultSensorStatus.STOPPED,
        description="Starts a run for every complete window that has no successful load yet, missed ones first.",
    )
    def daily(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        instance = context.instance
        fail_dead_runs(instance)
        now = datetime.now(UTC)
        if settings.not_before is not None and now.astimezone(settings.zone).time() < settings.not_before:
            return dg.SkipReason(f"Nothing starts before {settings.not_before} {settings.timezone}.")
        busy = instance.get_runs(
            dg.RunsFilter(tags={CONNECTION_TAG: settings.name}, statuses=list(BUSY)), limit=1
        )
        if busy:
            return dg.SkipReason(f"Run {busy[0].run_id} of this connection is not finished.")
        due = due_windows(instance, settings, partitions, loads, now)
        if not due:
            return dg.SkipReason("Every complete window is synced.")
        first, last = ranges_of(due, partitions)[0]
        wait = wait_after_failures(instance, settings.name, first, now)
        if wait is not None:
            return dg.SkipReason(wait)
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=run_tags(settings.name, first, last))])

    return daily


def ranges_of(keys: Sequence[str], partitions: dg.TimeWindowPartitionsDefinition) -> list[tuple[str, str]]:
    """Return the ranges (first, last) in which windows are run, one run each, oldest first."""
    return consecutive(keys, partitions.get_partition_keys(), longest=LONGEST_RANGE)


def run_tags(connection: str, first: str, last: str) -> dict[str, str]:
    """Return the tags of a run of a connection that covers all partitions from the first to the last."""
    own = {CONNECTION_TAG: connection, FIRST_WINDOW_TAG: first}
    if first == last:
        return own | {"dagster/partition": first}
    return own | {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def due_windows(
    instance: dg.DagsterInstance,
    settings: ConnectionSettings,
    partitions: dg.TimeWindowPartitionsDefinition,
    loads: Sequence[dg.AssetKey],
    now: datetime,
) -> list[str]:
    """Return the keys of complete windows that one of ``loads`` has not materialised, oldest first.

    The last of them alone would not do: a person may have made it by hand after one before it had failed.
    """
    done = set.intersection(*(instance.get_materialized_partitions(load) for load in loads))
    keys = [key for key in partitions.get_partition_keys() if key not in done]
    settle = timedelta(minutes=settings.settle_minutes)
    return [window.key for window in windows_of(partitions, keys) if is_due(window, now, settle=settle)]


def wait_after_failures(
    instance: dg.DagsterInstance, connection: str, first: str, now: datetime
) -> str | None:
    """Return why a range that failed before is not tried now, or None to try it.

    The waits double from :data:`FIRST_WAIT`; after :data:`ATTEMPTS` failures of a range with this first window a person
    has to look. A run that a person has canceled counts like a failure: it must not come back within the minute. A
    success in between clears the count, and runs of some steps only, such as a plan, say nothing about a sync.
    """
    records = instance.get_run_records(
        dg.RunsFilter(tags={CONNECTION_TAG: connection, FIRST_WINDOW_TAG: first}), limit=10 * ATTEMPTS
    )
    whole = [record for record in records if record.dagster_run.asset_selection is None]
    ended = list(takewhile(lambda record: record.dagster_run.status in ENDED_BADLY, whole))
    if not ended:
        return None
    if len(ended) >= ATTEMPTS:
        return (
            f"Window {first} failed {len(ended)} times; see run {ended[0].dagster_run.run_id}. "
            f"Repair the cause and run `ml-connector sync {connection}`."
        )
    again = ended[0].update_timestamp.replace(tzinfo=UTC) + FIRST_WAIT * 2 ** (len(ended) - 1)
    return f"Window {first} failed; it is tried again at {again:%Y-%m-%d %H:%M} UTC." if now < again else None
