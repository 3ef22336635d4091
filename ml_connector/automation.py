"""What starts runs by itself: the job of a connection and the daily sensor that catches up.

The sensor asks the instance which complete windows have no successful load, so a day that was missed or failed comes
again; Dagster's schedules forget it (reference: dagster 2.5).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_connector.instance import fail_dead_runs
from ml_connector.partitions import windows_of
from ml_connector.settings import ConnectionSettings
from ml_connector.windows import consecutive, is_due

CONNECTION_TAG = "ml_connector/connection"
FIRST_WINDOW_TAG = "ml_connector/first_window"

ATTEMPTS = 5
"""Runs the sensor starts for one range of windows before it leaves it to a person."""

LOOKBACK = 400
"""Windows looked at: a start date moved years back must not start years of runs unasked."""

BUSY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def job_name(connection: str) -> str:
    """Return the name of a connection's job."""
    return f"{connection}_sync"


def build_job(settings: ConnectionSettings) -> UnresolvedAssetJobDefinition:
    """Return the job that syncs whole windows of a connection, from Visma to HubSpot."""
    return dg.define_asset_job(
        job_name(settings.name),
        selection=dg.AssetSelection.key_prefixes([settings.name]),
        description=f"Sync windows of {settings.name}: extract, transform, plan, load.",
        tags={CONNECTION_TAG: settings.name},
        executor_def=dg.in_process_executor,
    )


def build_sensor(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition, last_asset: dg.AssetKey
) -> dg.SensorDefinition:
    """Return the sensor that asks for every complete window without a successful load, oldest first.

    Args:
        settings: when a window is due.
        partitions: the connection's partitions.
        last_asset: the end of the chain: what it has not materialised is not done.
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
        due = due_windows(instance, settings, partitions, last_asset, now)
        if not due:
            return dg.SkipReason("Every complete window is synced.")
        first, last = consecutive(due, partitions.get_partition_keys())[0]
        wait = wait_after_failures(instance, settings.name, first, now)
        if wait is not None:
            return dg.SkipReason(wait)
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=run_tags(settings.name, first, last))])

    return daily


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
    last_asset: dg.AssetKey,
    now: datetime,
) -> list[str]:
    """Return the keys of complete windows that ``last_asset`` has not materialised, oldest first."""
    done = instance.get_materialized_partitions(last_asset)
    keys = [key for key in partitions.get_partition_keys()[-LOOKBACK:] if key not in done]
    settle = timedelta(minutes=settings.settle_minutes)
    return [window.key for window in windows_of(partitions, keys) if is_due(window, now, settle=settle)]


def wait_after_failures(
    instance: dg.DagsterInstance, connection: str, first: str, now: datetime
) -> str | None:
    """Return why a range that failed before is not tried now, or None to try it.

    The waits double from 5 minutes; after :data:`ATTEMPTS` failures of a range with this first window a person has to
    look. A success of any range in between clears the count.
    """
    records = instance.get_run_records(
        dg.RunsFilter(tags={CONNECTION_TAG: connection, FIRST_WINDOW_TAG: first}), limit=ATTEMPTS
    )
    failures: Sequence[dg.RunRecord] = records
    ended = [record for record in failures if record.dagster_run.status is dg.DagsterRunStatus.FAILURE]
    if not ended:
        return None
    if len(ended) >= ATTEMPTS:
        return (
            f"Window {first} failed {len(ended)} times; see run {ended[0].dagster_run.run_id}. "
            f"Repair the cause and run `ml-connector sync {connection}`."
        )
    again = (ended[0].update_timestamp.replace(tzinfo=UTC)) + timedelta(minutes=5 * 2 ** (len(ended) - 1))
    return f"Window {first} failed; it is tried again at {again:%H:%M} UTC." if now < again else None
