"""Time stamps: naive on Visma's clock, aware on ours, and what the newest one says about the zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector.errors import UsageError
from ml_connector.visma.stamps import (
    ClockProbe,
    ClockVerdict,
    filter_moment,
    judge_clock,
    parsed_stamp,
    server_time,
    span,
    wire_stamp,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-20T06:35:22.153", datetime(2026, 3, 20, 6, 35, 22, 153000)),
        ("2023-10-17T13:07:34.22", datetime(2023, 10, 17, 13, 7, 34, 220000)),
        ("2026-03-17T00:00:00", datetime(2026, 3, 17)),
        ("2026-03-17", datetime(2026, 3, 17)),
        ("2026-03-20T06:35:22.1534567", datetime(2026, 3, 20, 6, 35, 22, 153456)),
        ("2026-03-20T06:35:22.153Z", datetime(2026, 3, 20, 6, 35, 22, 153000)),
        ("2026-03-20T06:35:22+02:00", datetime(2026, 3, 20, 6, 35, 22)),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_reading_a_stamp(text: str | None, moment: datetime | None) -> None:
    assert parsed_stamp(text) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 1), "2026-11-01 00:00:00.000"),
        (datetime(2026, 11, 1, 6, 5, 4, 70_000), "2026-11-01 06:05:04.070"),
        (datetime(2026, 11, 1, 6, 5, 4, 999_999), "2026-11-01 06:05:04.999"),
    ],
)
def test_writing_a_filter(moment: datetime, text: str) -> None:
    assert wire_stamp(moment) == text


def test_a_filter_is_naive_and_rounded_down() -> None:
    assert filter_moment(None) is None
    assert filter_moment(datetime(2026, 11, 1, 0, 0, 0, 1999)) == datetime(2026, 11, 1, 0, 0, 0, 1000)
    with pytest.raises(UsageError, match="time zone"):
        filter_moment(NOW)


def test_the_servers_own_time() -> None:
    assert server_time({"Date": "Sun, 22 Nov 2026 11:59:58 GMT"}, NOW) == NOW - timedelta(seconds=2)
    assert server_time({"Date": "Sun, 22 Nov 2026 11:59:58 -0000"}, NOW) == NOW - timedelta(seconds=2)
    assert server_time({"Date": "noon"}, NOW) == NOW
    assert server_time({}, NOW) == NOW


@pytest.mark.parametrize(
    ("stamp", "inside"),
    [
        (datetime(2026, 11, 22, 12, 0, 30), True),  # UTC
        (datetime(2026, 11, 22, 13, 0, 30), True),  # Oslo in winter
        (datetime(2026, 11, 22, 14, 1, 4), True),  # Helsinki in winter, or Oslo in summer; within the slack
        (datetime(2026, 11, 22, 15, 0, 0), True),  # Helsinki in summer
        (datetime(2026, 11, 22, 16, 0, 30), False),
        (datetime(2026, 11, 22, 12, 30), False),
        (datetime(2026, 11, 22, 11, 59, 50), False),
        (None, False),
    ],
)
def test_whether_a_row_changed_during_a_read(stamp: datetime | None, inside: bool) -> None:
    assert span(NOW, NOW + timedelta(minutes=1)).holds(stamp) is inside


@pytest.mark.parametrize(
    ("newest", "zone", "verdict"),
    [
        (datetime(2026, 11, 22, 12, 55), "Europe/Oslo", ClockVerdict.FITS),
        (datetime(2026, 11, 22, 13, 1), "Europe/Oslo", ClockVerdict.FITS),
        (datetime(2026, 11, 22, 13, 30), "Europe/Oslo", ClockVerdict.AHEAD),
        (datetime(2026, 11, 22, 11, 58), "Europe/Oslo", ClockVerdict.LOOKS_LIKE_UTC),
        (datetime(2026, 11, 22, 9, 0), "Europe/Oslo", ClockVerdict.UNDECIDED),
        (datetime(2026, 11, 22, 11, 58), "Europe/London", ClockVerdict.FITS),
        (datetime(2026, 11, 22, 9, 0), "Europe/London", ClockVerdict.UNDECIDED),
        (None, "Europe/Oslo", ClockVerdict.UNDECIDED),
    ],
)
def test_what_the_newest_stamp_says(newest: datetime | None, zone: str, verdict: ClockVerdict) -> None:
    opinion = judge_clock(ClockProbe(newest, NOW), ZoneInfo(zone), zone)
    assert opinion.verdict is verdict
    assert newest is None or zone in opinion.message
