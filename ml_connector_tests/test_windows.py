"""Windows over a whole year of days and of dense crons, both clock changes included: every row lands in exactly one."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml_connector.partitions import partitions_of, windows_of
from ml_connector.records.fields import utc_stamp
from ml_connector.settings import ConnectionSettings
from ml_connector.windows import (
    DAILY_KEY,
    DENSE_KEY,
    Window,
    ask_since,
    consecutive,
    is_due,
    key_format,
    last_day,
    utc,
    window_of,
)

OSLO = ZoneInfo("Europe/Oslo")
OVERLAP = timedelta(hours=2)
YEAR = datetime(2027, 1, 2, tzinfo=UTC)
FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)


def windows(cron: str, zone: str = "Europe/Oslo", start: date = date(2026, 1, 1)) -> list[Window]:
    """Return a year of windows."""
    settings = ConnectionSettings(name="acme", start=start, windows=cron, timezone=zone)
    partitions = partitions_of(settings)
    return windows_of(partitions, partitions.get_partition_keys(current_time=YEAR))


CRONS = [
    "0 0 * * *",
    "0 18 * * *",
    "0 * * * *",
    "0 */6 * * *",
    "*/30 * * * *",
    "0 7,12,17 * * *",
    "30 2 * * *",
]
YEARS = {cron: windows(cron) for cron in CRONS}


class TestWindowsOfAYear:
    """Days have 23 or 25 hours twice a year, and windows have no gaps."""

    @pytest.mark.parametrize("cron", CRONS)
    def test_they_follow_each_other_and_only_the_first_is_open(self, cron: str) -> None:
        year = YEARS[cron]
        assert [window.start for window in year[1:]] == [window.end for window in year[:-1]]
        assert year[0].start is None
        assert len({window.key for window in year}) == len(year)
        assert all(window.start is None or window.start < window.end for window in year)

    def test_days_over_both_clock_changes(self) -> None:
        lengths = {window.key: window.end - window.start for window in YEARS["0 0 * * *"] if window.start}
        odd = {key: length for key, length in lengths.items() if length != timedelta(days=1)}
        assert odd == {"2026-03-29": timedelta(hours=23), "2026-10-25": timedelta(hours=25)}
        assert len(YEARS["0 0 * * *"]) == 366

    @pytest.mark.parametrize(
        ("cron", "fmt"),
        [
            ("0 0 * * *", DAILY_KEY),
            ("30 18 * * 1-5", DAILY_KEY),
            ("0 * * * *", DENSE_KEY),
            ("*/15 8 * * *", DENSE_KEY),
            ("0 8,16 * * *", DENSE_KEY),
            ("0 8-16 * * *", DENSE_KEY),
        ],
    )
    def test_keys(self, cron: str, fmt: str) -> None:
        assert key_format(cron) == fmt

    def test_ends_are_in_utc(self) -> None:
        with pytest.raises(ValueError, match="UTC"):
            Window("x", None, datetime(2026, 11, 20, tzinfo=OSLO))


def written(moment: datetime) -> str:
    """Return how Visma stamps a moment: naive, in local time."""
    return moment.astimezone(OSLO).replace(tzinfo=None).isoformat()


def is_repeated(moment: datetime) -> bool:
    """Whether the local time of a moment was on the clock an hour before."""
    return BACK <= moment < BACK + timedelta(hours=1)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
around_changes = st.sampled_from([FORWARD, BACK]).flatmap(
    lambda change: st.integers(-4 * 3600, 4 * 3600).map(lambda seconds: change + timedelta(seconds=seconds))
)


class TestWhereARowLands:
    """The year of windows in one run, and each window in a run of its own."""

    @pytest.mark.parametrize("cron", CRONS)
    def test_every_quarter_of_an_hour_lands_where_it_happened(self, cron: str) -> None:
        year = YEARS[cron]
        ends = [window.end for window in year]
        moment, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
        while moment < last:
            real = moment - timedelta(hours=1) if is_repeated(moment) else moment
            # In the hour that comes twice a stamp does not say which it is; the earlier is taken, and nothing lost.
            position = bisect_right(ends, real)
            near = year[max(0, position - 3) : position + 3]
            assert window_of(written(moment), near, OSLO) == year[position].key
            moment += timedelta(minutes=15)

    @given(st.sampled_from(CRONS), moments | around_changes)
    @example("0 * * * *", BACK + timedelta(minutes=30))
    @example("0 * * * *", BACK)
    @example("0 0 * * *", FORWARD)
    def test_runs_of_one_window_each_miss_no_row(self, cron: str, moment: datetime) -> None:
        """A row is in the answer to its window's question, and the window keeps it."""
        year = YEARS[cron]
        position = bisect_right([window.end for window in year], moment)
        window = year[position]
        stamp = written(moment)
        for overlap in (OVERLAP, timedelta(0)):
            since = ask_since([window], overlap, OSLO)
            assert since is None or datetime.fromisoformat(stamp) >= since
        assert window_of(stamp, [window], OSLO) == window.key

    @given(moments | around_changes)
    def test_a_row_lands_in_one_window_of_many(self, moment: datetime) -> None:
        year = YEARS["0 0 * * *"]
        key = window_of(written(moment), year, OSLO)
        assert [window.key for window in year].count(str(key)) == 1

    def test_the_first_window_takes_everything_before(self) -> None:
        assert window_of("1999-01-01T00:00:00", YEARS["0 0 * * *"], OSLO) == "2026-01-01"
        assert ask_since(YEARS["0 0 * * *"], OVERLAP, OSLO) is None

    @pytest.mark.parametrize(
        ("stamp", "key"),
        [
            ("2026-05-04T23:59:59.999999", "2026-05-05"),  # the overlap belongs to the first of the run
            ("2026-05-04T22:00:00", "2026-05-05"),
            ("2026-05-05T00:00:00", "2026-05-05"),
            ("2026-05-06T00:00:00", "2026-05-06"),
            ("2026-05-06T23:59:59.999", "2026-05-06"),
            ("2026-05-07T00:00:00", None),  # after the end
            ("2026-05-06T12:00:00Z", "2026-05-06"),
            ("", "2026-05-06"),
            (None, "2026-05-06"),
            ("yesterday", "2026-05-06"),
            ("0001-01-01T00:00:00", "2026-05-06"),
        ],
    )
    def test_edges(self, stamp: str | None, key: str | None) -> None:
        two = [window for window in YEARS["0 0 * * *"] if window.key in ("2026-05-05", "2026-05-06")]
        assert window_of(stamp, two, OSLO) == key

    def test_the_overlap_reaches_back_over_a_clock_change_in_real_hours(self) -> None:
        hours = {window.start: window for window in YEARS["0 * * * *"]}
        assert ask_since([hours[FORWARD]], OVERLAP, OSLO) == datetime(2026, 3, 29, 0)
        assert ask_since([hours[BACK + timedelta(hours=1)]], OVERLAP, OSLO) == datetime(2026, 10, 25, 2)


class TestStampsInUtc:
    """No date is shifted, whatever the zone and the season."""

    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
        st.sampled_from(
            ["Europe/Oslo", "Europe/Helsinki", "Atlantic/Reykjavik", "America/St_Johns", "Asia/Kolkata"]
        ),
    )
    @example(datetime(2026, 3, 29, 2, 30), "Europe/Oslo")  # a time no clock showed
    @example(datetime(2026, 10, 25, 2, 30), "Europe/Oslo")  # a time it showed twice
    def test_it_comes_back_as_it_was_written(self, naive: datetime, zone: str) -> None:
        found = utc_stamp(naive.isoformat(), ZoneInfo(zone))
        moment = datetime.fromisoformat(str(found))
        assert moment.utcoffset() == timedelta(0)
        back = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        gap = zone == "Europe/Oslo" and datetime(2026, 3, 29, 2) <= naive < datetime(2026, 3, 29, 3)
        gap = gap or (
            zone == "Europe/Helsinki" and datetime(2026, 3, 29, 3) <= naive < datetime(2026, 3, 29, 4)
        )
        gap = gap or (
            zone == "America/St_Johns" and datetime(2026, 3, 8, 2) <= naive < datetime(2026, 3, 8, 3)
        )
        expected = naive.replace(microsecond=naive.microsecond // 1000 * 1000)
        assert back == (expected + timedelta(hours=1) if gap else expected)

    @pytest.mark.parametrize(
        ("stamp", "expected"),
        [
            ("2026-11-20T06:35:22.153", "2026-11-20T05:35:22.153Z"),
            ("2026-07-01T00:30:00", "2026-06-30T22:30:00.000Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"),  # the earlier of the two
            ("2026-07-01T00:30:00.1239999", "2026-06-30T22:30:00.123Z"),
            ("", None),
            ("yesterday", None),
        ],
    )
    def test_single_stamps(self, stamp: str, expected: str | None) -> None:
        assert utc_stamp(stamp, OSLO) == expected


class TestDueAndRanges:
    """When a window may be synced, and which go together."""

    @pytest.mark.parametrize(("minutes", "due"), [(-1, False), (29, False), (30, True), (600, True)])
    def test_due_after_settling(self, minutes: int, due: bool) -> None:
        window = Window("2026-11-20", None, datetime(2026, 11, 20, 23, tzinfo=UTC))
        now = (window.end + timedelta(minutes=minutes)).astimezone(OSLO)
        assert is_due(window, now, settle=timedelta(minutes=30)) is due
        assert utc(now).utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        ("keys", "ranges"),
        [
            ("", []),
            ("a", [("a", "a")]),
            ("abc", [("a", "c")]),
            ("abd", [("a", "b"), ("d", "d")]),
            ("ace", [("a", "a"), ("c", "c"), ("e", "e")]),
        ],
    )
    def test_neighbours_make_a_range(self, keys: str, ranges: list[tuple[str, str]]) -> None:
        assert consecutive(list(keys), list("abcde")) == ranges

    @given(st.sets(st.integers(0, 30)))
    def test_ranges_hold_exactly_the_keys(self, wanted: set[int]) -> None:
        everything = [f"{number:02d}" for number in range(31)]
        keys = [everything[number] for number in sorted(wanted)]
        ranges = consecutive(keys, everything)
        held = [key for first, last in ranges for key in everything[int(first) : int(last) + 1]]
        assert held == keys
        assert all(int(later[0]) > int(earlier[1]) + 1 for earlier, later in pairwise(ranges))

    @pytest.mark.parametrize(
        ("end", "day"),
        [
            ("2026-11-20T23:00:00+00:00", "2026-11-20"),  # midnight in Oslo ends the day before
            ("2026-11-20T17:00:00+00:00", "2026-11-20"),
            ("2026-03-29T22:00:00+00:00", "2026-03-29"),  # the day of 23 hours
            ("2026-10-25T23:00:00+00:00", "2026-10-25"),  # the day of 25 hours
            ("2026-12-31T23:00:00+00:00", "2026-12-31"),
        ],
    )
    def test_the_last_day_is_that_of_the_last_moment(self, end: str, day: str) -> None:
        window = Window("any", None, utc(datetime.fromisoformat(end)))
        assert last_day(window, OSLO) == date.fromisoformat(day)
