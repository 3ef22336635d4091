"""Windows over time: days missed and failed, the sensor, ranges, denser crons, and the two nights of a clock change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from ml_connector import automation
from ml_connector.automation import job_name
from ml_connector.partitions import partitions_of
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.snapshots import EXTRACT
from ml_connector_tests.graph.snapshots import keys as keys_of

ATTEMPTS = 4
"""Fewer than the sensor has patience for, to keep the tests short."""

OSLO = ZoneInfo("Europe/Oslo")
LAST = dg.AssetKey([NAME, "hubspot", "contacts"])


def tick(world: World) -> dg.SensorResult | dg.SkipReason:
    """Let the daily sensor look once."""
    definitions = world.definitions()
    sensor = definitions.get_sensor_def(f"{NAME}_daily")
    with world.instance() as instance:
        context = dg.build_sensor_context(instance=instance, definitions=definitions)
        answer: Any = sensor(context)
    assert isinstance(answer, dg.SensorResult | dg.SkipReason)
    return answer


def asked_for(world: World) -> dict[str, str]:
    """Return the tags of the one run the sensor asks for."""
    answer = tick(world)
    assert isinstance(answer, dg.SensorResult), answer
    assert answer.run_requests is not None
    assert len(answer.run_requests) == 1
    assert answer.run_requests[0].run_key is None
    return dict(answer.run_requests[0].tags)


def refusal(world: World) -> str:
    """Return why the sensor asks for nothing."""
    answer = tick(world)
    assert isinstance(answer, dg.SkipReason), answer
    return str(answer.skip_message)


def launch(world: World, tags: dict[str, str]) -> bool:
    """Run what the sensor has asked for, as a daemon's run process does; return whether it succeeded."""
    with world.instance() as instance:
        job = world.definitions().resolve_job_def(job_name(NAME))
        run = instance.create_run_for_job(job, tags=tags)
        list(execute_run_iterator(InMemoryJob(job), run, instance))
        ended = instance.get_run_by_id(run.run_id)
    return ended is not None and ended.status is dg.DagsterRunStatus.SUCCESS


def materialised(world: World) -> set[str]:
    with world.instance() as instance:
        return set(instance.get_materialized_partitions(LAST))


class Clock(datetime):
    """The present as the sensor sees it; tests move it."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(automation, "datetime", Clock)
    monkeypatch.setattr(Clock, "ahead", timedelta())
    return Clock


def off_for(make_world: MakeWorld, days: int) -> World:
    """Return a connection that began some days ago and has never run; four customers changed on each day."""
    first = datetime.now(OSLO).date() - timedelta(days=days)
    midnight = datetime.combine(first, datetime.min.time())
    world = make_world(empty_company(visma={"as_of": midnight}), start=first)
    for number in range(days * 4):
        stamp = midnight + timedelta(days=number // 4, hours=3 + 5 * (number % 4))
        world.sandbox.visma.add("customers", rows.customer(number), stamp=stamp)
        world.sandbox.visma.add("contacts", rows.contact(number, number), stamp=stamp)
    return world


class TestMissedDays:
    """The machine was off for days."""

    def test_thirty_become_one_run_in_which_each_record_comes_once(self, make_world: MakeWorld) -> None:
        missed = off_for(make_world, days=30)
        tags = asked_for(missed)
        keys = list(partitions_of(missed.settings).get_partition_keys())
        assert len(keys) == 30
        assert tags["dagster/asset_partition_range_start"] == keys[0]
        assert tags["dagster/asset_partition_range_end"] == keys[-1]
        assert launch(missed, tags)
        assert materialised(missed) == set(keys)
        assert len(missed.companies()) == 120
        assert missed.query("SELECT count(*), count(DISTINCT record_key) FROM ml_connector.operation") == [
            (360, 360)
        ]
        assert missed.counted().of("POST", "/companies/batch/upsert") == 2
        lists = [call for call in missed.calls("visma") if call.path == "/v1/customer"]
        assert len([call for call in lists if not call.query.endswith("pageSize=1")]) == 1
        assert refusal(missed) == "Every complete window is synced."

    def test_a_gap_in_the_middle_is_filled_before_the_rest(self, make_world: MakeWorld) -> None:
        missed = off_for(make_world, days=8)
        keys = list(partitions_of(missed.settings).get_partition_keys())
        missed.sync(keys[0])
        missed.sync(keys[1])
        missed.sync(keys[4], keys[5])
        tags = asked_for(missed)
        assert (tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"]) == (
            keys[2],
            keys[3],
        )
        summary = missed.sync(None)
        assert summary.status == "success"
        assert summary.partitions == keys[2:4] + keys[6:]
        assert materialised(missed) == set(keys)
        assert missed.sync(None).status == "nothing to do"
        assert missed.query(
            "SELECT partition, count(*) FROM ml_connector.operation WHERE entity = 'companies' GROUP BY 1 ORDER BY 1"
        ) == [(key, 4) for key in keys], "each window holds its own records"

        piece_by_piece = missed.portrait()
        missed.sandbox.hubspot.reset()
        missed.lose_ledger()
        missed.sync(keys[0], keys[-1])
        assert missed.portrait() == piece_by_piece, "a range and its windows one by one end the same"


class TestFailedWindow:
    """A window that fails again and again."""

    @pytest.fixture
    def failing(self, make_world: MakeWorld) -> World:
        """A connection whose HubSpot token was revoked."""
        yesterday = datetime.now(OSLO).date() - timedelta(days=1)
        midnight = datetime.combine(yesterday, datetime.min.time())
        world = make_world(empty_company(visma={"as_of": midnight}), start=yesterday)
        world.sandbox.visma.add("customers", rows.customer(1), stamp=midnight)
        world.sandbox.hubspot.configure(access_tokens=("pat-eu1-another",))
        return world

    def test_comes_again_later_and_later_and_then_waits_for_a_person(
        self, failing: World, clock: type[Clock], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(automation, "ATTEMPTS", ATTEMPTS)
        waits = []
        for attempt in range(1, ATTEMPTS + 1):
            tags = asked_for(failing)
            assert not launch(failing, tags)
            if attempt == ATTEMPTS:
                break
            clock.ahead = timedelta()  # the run was recorded by the machine's clock
            while "it is tried again at" in str(getattr(tick(failing), "skip_message", "")):
                clock.ahead += timedelta(minutes=5)
            waits.append(clock.ahead / timedelta(minutes=1))
        assert waits == [5, 10, 20]
        clock.ahead += timedelta(days=30)
        message = refusal(failing)
        assert f"failed {ATTEMPTS} times" in message
        assert f"ml-connector sync {NAME}" in message

    def test_that_a_person_repaired_is_done_by_the_command_and_the_sensor_goes_on(
        self, failing: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(automation, "ATTEMPTS", 2)
        for _ in range(2):
            failing.sync(None)
        assert "failed 2 times" in refusal(failing)
        failing.sandbox.hubspot.configure(access_tokens=failing.sandbox.settings.hubspot.access_tokens)
        assert failing.sync(None).status == "success"
        assert refusal(failing) == "Every complete window is synced."

    def test_a_run_under_way_keeps_the_sensor_waiting(self, failing: World) -> None:
        with failing.instance() as instance:
            job = failing.definitions().resolve_job_def(job_name(NAME))
            run = instance.create_run_for_job(job, tags={automation.CONNECTION_TAG: NAME})
            assert f"Run {run.run_id}" in refusal(failing)

    def test_nothing_starts_before_the_time_of_day_that_was_asked_for(self, make_world: MakeWorld) -> None:
        late = datetime.now(OSLO) + timedelta(minutes=30)
        yesterday = datetime.now(OSLO).date() - timedelta(days=1)
        if late.date() != datetime.now(OSLO).date():
            late = late.replace(hour=23, minute=59)
        world = make_world(start=yesterday, not_before=late.time().replace(microsecond=0))
        assert "Nothing starts before" in refusal(world)

    def test_a_window_waits_for_late_commits(self, make_world: MakeWorld) -> None:
        today = datetime.now(OSLO).date()
        world = make_world(start=today - timedelta(days=1), settle_minutes=1440)
        assert refusal(world) == "Every complete window is synced."
        assert world.sync(None).status == "nothing to do"


class TestFirstWindow:
    """The first window holds all that came before."""

    def test_is_open_to_the_left(self, world: World) -> None:
        for number, stamp in enumerate((datetime(2009, 1, 1), datetime(2026, 3, 1, 23, 59, 59), rows.at(0))):
            world.sandbox.visma.add("customers", rows.customer(number), stamp=stamp)
        world.sandbox.visma.add("customers", rows.customer(7), stamp=rows.at(1, 0))
        world.sync(0)
        assert len(world.companies()) == 3
        world.sync(1)
        assert len(world.companies()) == 4


class TestClockChanges:
    """The days of 2026-03-29 (23 hours) and 2025-10-26 (25 hours) in Oslo."""

    @pytest.mark.parametrize("change", [date(2026, 3, 29), date(2025, 10, 26)], ids=["spring", "autumn"])
    @pytest.mark.parametrize(
        ("windows", "before", "days"),
        [("0 0 * * *", 2, 4), ("0 18 * * *", 2, 4), ("0 * * * *", 0, 1), ("30 1-4 * * *", 0, 2)],
    )
    def test_every_hour_is_in_exactly_one_window(
        self, make_world: MakeWorld, change: date, windows: str, before: int, days: int
    ) -> None:
        first = change - timedelta(days=before)
        midnight = datetime.combine(first, datetime.min.time())
        world = make_world(empty_company(visma={"as_of": midnight}), start=first, windows=windows)
        number = 0
        moment = midnight.replace(tzinfo=OSLO).astimezone(UTC)
        end = (midnight + timedelta(days=days)).replace(tzinfo=OSLO).astimezone(UTC)
        while moment < end:
            # What Visma writes: the wall clock, which in autumn shows one hour twice.
            stamp = moment.astimezone(OSLO).replace(tzinfo=None)
            world.sandbox.visma.add("customers", rows.customer(number), stamp=stamp)
            number += 1
            moment += timedelta(minutes=29)
        keys = partitions_of(connection(start=first, windows=windows)).get_partition_keys()
        assert len(set(keys)) == len(keys)
        spans = [partitions_of(world.settings).time_window_for_partition_key(key) for key in keys]
        wanted = [key for key, span in zip(keys, spans, strict=True) if span.start.astimezone(UTC) < end]
        assert world.sync(wanted[0], wanted[-1], steps=EXTRACT).status == "planned"
        assert keys_of(world, "customers", *wanted) == sorted(map(str, range(number)))

    def test_an_autumn_night_run_hour_by_hour_loses_nothing(self, make_world: MakeWorld) -> None:
        first = date(2025, 10, 26)
        midnight = datetime.combine(first, datetime.min.time())
        world = make_world(empty_company(visma={"as_of": midnight}), start=first, windows="0 * * * *")
        moment = midnight.replace(tzinfo=OSLO).astimezone(UTC)
        for number in range(12):
            stamp = (moment + timedelta(minutes=20 * number)).astimezone(OSLO).replace(tzinfo=None)
            world.sandbox.visma.add("customers", rows.customer(number), stamp=stamp)
        hours = partitions_of(world.settings).get_partition_keys()[:4]
        for key in hours:
            world.sync(key, steps=EXTRACT)
        assert set(keys_of(world, "customers", *hours)) == set(map(str, range(12)))
