"""The daily sensor: which windows it asks for, when it holds back, and how it goes on after failures."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import time_machine

from ml_connector import automation
from ml_connector.automation import (
    ATTEMPTS,
    CONNECTION_TAG,
    FIRST_WINDOW_TAG,
    LONGEST_RANGE,
    build_sensor,
    job_name,
    ranges_of,
    run_tags,
    wait_after_failures,
)
from ml_connector.partitions import partitions_of
from ml_connector.running import _origin
from ml_connector.settings import ConnectionSettings

FIRST = dg.AssetKey(["acme", "hubspot", "companies"])
LAST = dg.AssetKey(["acme", "hubspot", "contacts"])
START = "dagster/asset_partition_range_start"
END = "dagster/asset_partition_range_end"

NOW = datetime(2026, 11, 5, 5, 0, tzinfo=UTC)
"""Six o'clock in Oslo: the windows of 1 to 4 November have ended."""


def settings(**changes: Any) -> ConnectionSettings:
    """Return a connection whose first window is 1 November."""
    return ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-01", **changes})


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance in memory; that dead runs are ended is shown in test_instance.py and below."""
    monkeypatch.setattr(automation, "fail_dead_runs", lambda instance: [])
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(instance: dg.DagsterInstance, now: datetime = NOW, **changes: Any) -> dict[str, str] | str:
    """Return the tags of the one run the sensor asks for, or why it asks for none."""
    connection = settings(**changes)
    sensor = build_sensor(connection, partitions_of(connection), [FIRST, LAST])
    with time_machine.travel(now, tick=False):
        result = sensor(dg.build_sensor_context(instance=instance))
    if isinstance(result, dg.SkipReason):
        return str(result.skip_message)
    assert isinstance(result, dg.SensorResult)
    requests = list(result.run_requests or ())
    assert len(requests) == 1
    assert requests[0].run_key is None, "Dagster would never ask for it again"
    return dict(requests[0].tags)


def load(instance: dg.DagsterInstance, *keys: str, only: dg.AssetKey | None = None) -> None:
    """Record windows as loaded, wholly or one of the loads only."""
    for asset in (FIRST, LAST) if only is None else (only,):
        for key in keys:
            instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=key))


def record_run(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    *,
    connection: str = "acme",
    first: str = "2026-11-01",
    at: datetime = NOW,
    selection: frozenset[dg.AssetKey] | None = None,
) -> dg.DagsterRun:
    """Record a run that stands so since a moment."""

    @dg.asset(key=LAST)
    def nothing() -> None: ...

    job = dg.Definitions([nothing], jobs=[dg.define_asset_job(job_name(connection))]).resolve_job_def(
        job_name(connection)
    )
    with time_machine.travel(at, tick=False):
        run = instance.create_run_for_job(
            job.get_subset(asset_selection=set(selection)) if selection else job,
            tags=run_tags(connection, first, first),
            status=dg.DagsterRunStatus.NOT_STARTED,
            asset_selection=selection,
            remote_job_origin=_origin(connection),
        )
        ends = {
            dg.DagsterRunStatus.QUEUED: dg.DagsterEventType.RUN_ENQUEUED,
            dg.DagsterRunStatus.STARTING: dg.DagsterEventType.RUN_STARTING,
            dg.DagsterRunStatus.STARTED: dg.DagsterEventType.RUN_START,
            dg.DagsterRunStatus.CANCELING: dg.DagsterEventType.RUN_CANCELING,
            dg.DagsterRunStatus.CANCELED: dg.DagsterEventType.RUN_CANCELED,
            dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.RUN_FAILURE,
            dg.DagsterRunStatus.SUCCESS: dg.DagsterEventType.RUN_SUCCESS,
        }
        if status in ends:
            event = dg.DagsterEvent(event_type_value=ends[status].value, job_name=run.job_name)
            instance.report_dagster_event(event, run.run_id)
    return run


@pytest.mark.parametrize("only", [FIRST, LAST])
def test_a_window_of_which_a_person_made_one_load_by_hand_is_still_due(
    instance: dg.DagsterInstance, only: dg.AssetKey
) -> None:
    load(instance, "2026-11-01", only=only)
    load(instance, "2026-11-02", "2026-11-03", "2026-11-04")
    tags = tick(instance)
    assert isinstance(tags, dict)
    assert tags["dagster/partition"] == "2026-11-01"


def test_missed_windows_go_as_one_range(instance: dg.DagsterInstance) -> None:
    assert tick(instance) == {
        CONNECTION_TAG: "acme",
        FIRST_WINDOW_TAG: "2026-11-01",
        START: "2026-11-01",
        END: "2026-11-04",
    }


def test_one_window_is_a_partition_like_any_other(instance: dg.DagsterInstance) -> None:
    load(instance, "2026-11-01", "2026-11-02", "2026-11-03")
    assert tick(instance) == {
        CONNECTION_TAG: "acme",
        FIRST_WINDOW_TAG: "2026-11-04",
        "dagster/partition": "2026-11-04",
    }


def test_nothing_is_due_when_all_complete_windows_are_loaded(instance: dg.DagsterInstance) -> None:
    load(instance, "2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04")
    assert tick(instance) == "Every complete window is synced."


def test_gaps_become_ranges_one_after_the_other(instance: dg.DagsterInstance) -> None:
    load(instance, "2026-11-02")
    first = tick(instance)
    assert isinstance(first, dict)
    assert first["dagster/partition"] == "2026-11-01"
    load(instance, "2026-11-01")
    second = tick(instance)
    assert isinstance(second, dict)
    assert (second[START], second[END]) == ("2026-11-03", "2026-11-04")


def test_a_window_settles_before_it_is_due(instance: dg.DagsterInstance) -> None:
    load(instance, "2026-11-01", "2026-11-02", "2026-11-03")
    midnight = datetime(2026, 11, 4, 23, 0, tzinfo=UTC)
    early = midnight + timedelta(minutes=29, seconds=59)
    assert tick(instance, early) == "Every complete window is synced."
    asked = tick(instance, midnight + timedelta(minutes=30))
    assert isinstance(asked, dict)
    assert asked["dagster/partition"] == "2026-11-04"
    assert isinstance(tick(instance, midnight, settle_minutes=0), dict)


@pytest.mark.parametrize(("clock", "starts"), [("05:59:59", True), ("06:00", True), ("06:01", False)])
def test_nothing_starts_before_the_time_of_day(
    instance: dg.DagsterInstance, clock: str, starts: bool
) -> None:
    asked = tick(instance, not_before=clock)
    assert isinstance(asked, dict) is starts
    if not starts:
        assert asked == "Nothing starts before 06:01:00 Europe/Oslo."


@pytest.mark.parametrize("status", automation.BUSY)
def test_it_waits_for_a_run_of_the_same_connection(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    run = record_run(instance, status)
    assert tick(instance) == f"Run {run.run_id} of this connection is not finished."


def test_it_does_not_wait_for_other_connections(instance: dg.DagsterInstance) -> None:
    record_run(instance, dg.DagsterRunStatus.STARTED, connection="other")
    assert isinstance(tick(instance), dict)


def test_dead_runs_are_ended_before_it_looks(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record_run(instance, dg.DagsterRunStatus.STARTED, at=NOW - timedelta(days=1))

    def end(instance: dg.DagsterInstance) -> list[str]:
        instance.report_run_failed(run)
        return [run.run_id]

    monkeypatch.setattr(automation, "fail_dead_runs", end)
    assert "is not finished" not in str(tick(instance))


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_run_that_ended_badly_is_tried_again_after_a_wait_that_doubles(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    moment = NOW
    for minutes in (5, 10, 20):
        record_run(instance, status, at=moment)
        again = moment + timedelta(minutes=minutes)
        asked = tick(instance, again - timedelta(seconds=1))
        assert asked == f"Window 2026-11-01 failed; it is tried again at {again:%Y-%m-%d %H:%M} UTC."
        assert isinstance(tick(instance, again), dict)
        moment = again


def failures(instance: dg.DagsterInstance, many: int) -> datetime:
    """Record failures a day apart and return a moment long after them."""
    for number in range(many):
        record_run(instance, dg.DagsterRunStatus.FAILURE, at=NOW + timedelta(days=number))
    return NOW + timedelta(days=many + 30)


def test_after_many_failures_it_is_left_to_a_person(instance: dg.DagsterInstance) -> None:
    later = failures(instance, ATTEMPTS)
    asked = tick(instance, later)
    assert isinstance(asked, str)
    assert f"Window 2026-11-01 failed {ATTEMPTS} times; see run " in asked
    assert "ml-connector sync acme" in asked


def test_one_failure_less_is_tried_once_more(instance: dg.DagsterInstance) -> None:
    assert isinstance(tick(instance, failures(instance, ATTEMPTS - 1)), dict)


def test_the_attempts_span_more_than_a_night_and_a_day(instance: dg.DagsterInstance) -> None:
    waits = sum((automation.FIRST_WAIT * 2**number for number in range(ATTEMPTS - 1)), timedelta())
    assert timedelta(hours=24) < waits < timedelta(days=3)


def test_a_success_clears_the_count(instance: dg.DagsterInstance) -> None:
    later = failures(instance, ATTEMPTS)
    record_run(instance, dg.DagsterRunStatus.SUCCESS, at=later)
    assert wait_after_failures(instance, "acme", "2026-11-01", later) is None


def test_a_plan_that_fails_says_nothing_about_a_sync(instance: dg.DagsterInstance) -> None:
    record_run(instance, dg.DagsterRunStatus.FAILURE, selection=frozenset({LAST}))
    assert isinstance(tick(instance), dict)


def test_failures_of_another_window_or_connection_do_not_count(instance: dg.DagsterInstance) -> None:
    record_run(instance, dg.DagsterRunStatus.FAILURE, first="2026-11-02")
    record_run(instance, dg.DagsterRunStatus.FAILURE, connection="other")
    assert isinstance(tick(instance), dict)


def test_years_of_windows_go_in_bounded_runs_and_none_is_left_out() -> None:
    partitions = partitions_of(settings(start="2023-01-01"))
    with time_machine.travel(NOW, tick=False):
        keys = list(partitions.get_partition_keys())
        ranges = ranges_of(keys, partitions)
    assert len(keys) > 3 * LONGEST_RANGE
    lengths = [keys.index(last) - keys.index(first) + 1 for first, last in ranges]
    assert sum(lengths) == len(keys)
    assert max(lengths) == LONGEST_RANGE
    assert ranges[0][0] == "2023-01-01"


def test_the_sensor_asks_for_the_first_window_however_old_it_is(instance: dg.DagsterInstance) -> None:
    asked = tick(instance, start="2020-01-01")
    assert isinstance(asked, dict)
    assert asked[START] == "2020-01-01"


@pytest.mark.parametrize(
    ("daily", "status"),
    [(True, dg.DefaultSensorStatus.RUNNING), (False, dg.DefaultSensorStatus.STOPPED)],
)
def test_daily_says_whether_the_sensor_runs_from_the_start(
    daily: bool, status: dg.DefaultSensorStatus
) -> None:
    connection = settings(daily=daily)
    sensor = build_sensor(connection, partitions_of(connection), [FIRST, LAST])
    assert sensor.default_status is status
    assert sensor.name == "acme_daily"
    assert sensor.job_name == "acme_sync"


def test_windows_cut_at_the_close_of_business_are_due_in_the_evening(instance: dg.DagsterInstance) -> None:
    evening = datetime(2026, 11, 3, 17, 30, tzinfo=UTC)
    asked = tick(instance, evening, windows="0 18 * * *")
    assert isinstance(asked, dict)
    assert (asked[START], asked[END]) == ("2026-11-01", "2026-11-02")
    assert isinstance(tick(instance, evening - timedelta(seconds=1), windows="0 18 * * *"), dict)
