"""Windows: the time span of a partition, what to ask Visma for it, and which window a row belongs to.

Pure functions. All arithmetic on window ends is done in UTC, since a day of a company is 23 or 25 hours twice a year.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ml_connector.visma.stamps import parsed_stamp

DAILY_KEY = "%Y-%m-%d"
DENSE_KEY = "%Y-%m-%d-%H:%M"


def key_format(cron: str) -> str:
    """Return the format of partition keys for a cron of five fields: a date where it ticks at most once a day."""
    minute, hour = cron.split()[:2]
    return DAILY_KEY if minute.isdigit() and hour.isdigit() else DENSE_KEY


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time ``[start, end)`` in UTC; ``start`` is None for the first, which is open to the left."""

    key: str
    start: datetime | None
    end: datetime

    def __post_init__(self) -> None:
        for moment in (self.start, self.end):
            if moment is not None and moment.utcoffset() != timedelta(0):
                raise ValueError(f"window {self.key}: its ends must be in UTC")


def utc(moment: datetime) -> datetime:
    """Return an aware datetime in UTC."""
    return moment.astimezone(UTC)


def ask_since(windows: Sequence[Window], overlap: timedelta, zone: ZoneInfo) -> datetime | None:
    """Return the naive time, on Visma's clock, from which to ask for changes; None asks for everything.

    Args:
        windows: consecutive windows, oldest first.
        overlap: how much earlier than the first window's start to ask, for rows committed late.
        zone: the zone of Visma's stamps.
    """
    start = windows[0].start
    if start is None:
        return None
    return (start - overlap).astimezone(zone).replace(tzinfo=None)


def window_of(stamp: str | None, windows: Sequence[Window], zone: ZoneInfo) -> str | None:
    """Return the key of the window a row belongs to, or None for a row changed after the last window's end.

    A row of the overlap, older than the first window, belongs to the first. A row without a stamp says nothing about
    when it changed and belongs to the last window, so that it is looked at now; nor does one that cannot be read. In
    the hour that a clock change repeats, a stamp is read as the earlier of the two.

    Args:
        stamp: Visma's naive stamp as text.
        windows: consecutive windows, oldest first.
        zone: the zone of Visma's stamps.
    """
    naive = parsed_stamp(stamp)
    if naive is None:
        return windows[-1].key
    position = bisect_right([window.end for window in windows], naive.replace(tzinfo=zone).astimezone(UTC))
    return windows[position].key if position < len(windows) else None


def last_day(window: Window, zone: ZoneInfo) -> date:
    """Return the calendar day, in a zone, that a window's last moment lies in; its end belongs to the next window."""
    return (window.end - timedelta(microseconds=1)).astimezone(zone).date()


def is_due(window: Window, now: datetime, *, settle: timedelta) -> bool:
    """Return whether a window has ended and late commits have had ``settle`` to arrive; ``now`` is aware."""
    return utc(now) >= window.end + settle


def consecutive(
    keys: Sequence[str], all_keys: Sequence[str], *, longest: int | None = None
) -> list[tuple[str, str]]:
    """Return ``keys`` as ranges (first, last) of neighbours in ``all_keys``; both are oldest first.

    ``longest`` bounds how many keys a range holds; what follows is a range of its own.
    """
    place = {key: position for position, key in enumerate(all_keys)}
    ranges: list[tuple[str, str]] = []
    for key in keys:
        if ranges:
            first, last = ranges[-1]
            if place[key] == place[last] + 1 and (longest is None or place[key] - place[first] < longest):
                ranges[-1] = (first, key)
                continue
        ranges.append((key, key))
    return ranges
