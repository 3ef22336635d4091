"""The partitions of a connection, as Dagster sees them and as windows."""

from datetime import UTC, date, datetime

import pytest

from ml_connector.partitions import partitions_of, windows_of
from ml_connector.settings import ConnectionSettings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def settings(**changes: object) -> ConnectionSettings:
    return ConnectionSettings.model_validate({"name": "acme", "start": date(2026, 11, 18), **changes})


def test_a_day_of_the_company_is_a_partition() -> None:
    partitions = partitions_of(settings())
    keys = partitions.get_partition_keys(current_time=NOW)
    assert keys == ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]
    first, second, *_ = windows_of(partitions, keys)
    assert (first.start, first.end) == (None, datetime(2026, 11, 18, 23, tzinfo=UTC))
    assert second.start == first.end


def test_the_close_of_business_cuts_from_its_first_tick() -> None:
    partitions = partitions_of(settings(windows="0 18 * * *"))
    keys = partitions.get_partition_keys(current_time=NOW)
    assert keys[0] == "2026-11-18"
    assert windows_of(partitions, keys)[0].end == datetime(2026, 11, 19, 17, tzinfo=UTC)


def test_only_the_first_partition_of_all_is_open_to_the_left() -> None:
    partitions = partitions_of(settings())
    (later,) = windows_of(partitions, ["2026-11-20"])
    assert later.start == datetime(2026, 11, 19, 23, tzinfo=UTC)
    (first,) = windows_of(partitions, ["2026-11-18"])
    assert first.start is None


def test_windows_come_oldest_first_in_whatever_order_they_are_asked_for() -> None:
    partitions = partitions_of(settings())
    found = windows_of(partitions, ["2026-11-21", "2026-11-18", "2026-11-20"])
    assert [window.key for window in found] == ["2026-11-18", "2026-11-20", "2026-11-21"]


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Europe/Helsinki", "UTC", "America/New_York"])
def test_midnight_is_the_companys(zone: str) -> None:
    partitions = partitions_of(settings(timezone=zone))
    (window,) = windows_of(partitions, ["2026-11-20"])
    local = window.end.astimezone(settings(timezone=zone).zone)
    assert (local.hour, local.minute, local.day) == (0, 0, 21)


def test_the_hour_that_comes_twice_is_two_partitions() -> None:
    partitions = partitions_of(settings(start=date(2026, 10, 25), windows="0 * * * *"))
    keys = partitions.get_partition_keys(current_time=datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert len(keys) == len(set(keys)) == 25
