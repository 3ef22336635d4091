"""Days never shift: not by an offset, not on the days when clocks change, not for whoever looks from elsewhere."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from ml_connector.records.days import day, iso, noon
from ml_connector.records.normal_forms import OddValueError

OFFSETS = [timezone(timedelta(minutes=minutes)) for minutes in range(-12 * 60, 14 * 60 + 1, 15)]
DAYS = [date(2026, 1, 1), date(2026, 3, 17), date(2028, 2, 29), date(2026, 12, 31)]
CLOCK_CHANGES = [
    ("Europe/Oslo", "2026-03-29"),
    ("Europe/Oslo", "2026-10-25"),
    ("Europe/Helsinki", "2026-03-29"),
    ("Europe/Helsinki", "2026-10-25"),
    ("Europe/London", "2026-03-29"),
    ("Europe/London", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/Santiago", "2026-04-04"),
    ("America/Santiago", "2026-09-06"),  # midnight itself does not exist
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Pacific/Auckland", "2026-04-05"),
    ("Pacific/Auckland", "2026-09-27"),
]


def seen(written: str | None, zone: tzinfo) -> date:
    """Return the day that somebody in a zone sees."""
    assert written is not None
    return datetime.fromisoformat(written).astimezone(zone).date()


@pytest.mark.parametrize("moment", DAYS, ids=str)
def test_a_day_stays_at_every_offset_and_for_everybody_within_eleven_hours(moment: date) -> None:
    for zone in OFFSETS:
        written = noon(moment, zone)
        at_home = datetime(2026, 1, 1, tzinfo=zone).utcoffset()
        assert at_home is not None
        for viewer in OFFSETS:
            elsewhere = datetime(2026, 1, 1, tzinfo=viewer).utcoffset()
            assert elsewhere is not None
            if abs(elsewhere - at_home) <= timedelta(hours=11):
                assert seen(written, viewer) == moment


@pytest.mark.parametrize(("name", "text"), CLOCK_CHANGES)
def test_a_day_stays_when_clocks_change(name: str, text: str) -> None:
    zone, changed = ZoneInfo(name), date.fromisoformat(text)
    for moment in (changed - timedelta(days=1), changed, changed + timedelta(days=1)):
        assert seen(noon(moment, zone), zone) == moment
        assert iso(day(f"{moment.isoformat()}T00:00:00")) == moment.isoformat()


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Europe/Helsinki", "Europe/London", "Atlantic/Reykjavik"])
def test_every_day_of_a_year_is_itself_at_home_and_in_utc(zone: str) -> None:
    for number in range(365):
        moment = date(2026, 1, 1) + timedelta(days=number)
        written = noon(moment, ZoneInfo(zone))
        assert seen(written, ZoneInfo(zone)) == seen(written, UTC) == moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-17T00:00:00", "2026-03-17"),
        ("2026-03-17", "2026-03-17"),
        ("2026-03-17T23:59:59.997", "2026-03-17"),
        ("2026-03-17T00:00:00Z", "2026-03-17"),
        ("2026-03-17T00:00:00+02:00", "2026-03-17"),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_what_is_written(value: str | None, expected: str | None) -> None:
    assert iso(day(value)) == expected


@pytest.mark.parametrize("value", ["soon", "2026-13-01", "17.03.2026", 20260317, True])
def test_what_is_no_date_is_refused_without_its_value(value: object) -> None:
    with pytest.raises(OddValueError, match="where a date should") as refused:
        day(value)
    assert str(value) not in str(refused.value)


def test_no_day_is_none() -> None:
    assert noon(None, UTC) is None
