"""Visma's time stamps: naive texts of an undocumented zone. Reading, writing and judging them, all pure functions.

Everything here that looks like a moment of Visma is a naive datetime on Visma's own clock; moments of this machine and
of HTTP headers are aware and in UTC (reference: visma 3.2).
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from ml_connector.errors import UsageError

OFFSETS = tuple(timedelta(hours=hours) for hours in range(4))
"""How far Visma's naive clock may be ahead of UTC: UTC itself up to Finnish summer time, wherever Visma.net is sold."""

CLOCK_SLACK = timedelta(seconds=5)
"""How far the clock that stamps rows may be from the one that dates HTTP answers."""

FURTHEST_AHEAD = timedelta(days=2)
"""How far ahead of now a stamp is believed, whatever zone it is taken for: its own window comes within days."""

_TOLERANCE = timedelta(minutes=2)
_FRESH = timedelta(minutes=5)


def parsed_stamp(text: str | None) -> datetime | None:
    """Return a stamp as a naive datetime, or None for an empty or unreadable one.

    The fraction has none to seven digits; a ``Z`` or an offset, which some clients have met, is cut off and not
    converted, because the other stamps beside it have none. The years 1 and 9999 are .NET's words for "never"; no
    zone can be applied to them.
    """
    if not text or not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if MINYEAR < moment.year < MAXYEAR else None


def plain_stamp(text: str | None) -> str:
    """Return a stamp as the one text that stands for its moment, so that equal moments are equal texts.

    Naive, whole microseconds, a fraction without trailing zeros and only where there is one; empty for a stamp that
    :func:`parsed_stamp` cannot read.
    """
    moment = parsed_stamp(text)
    if moment is None:
        return ""
    written = moment.isoformat()
    return written.rstrip("0") if moment.microsecond else written


def believed_stamp(text: str | None, now: datetime) -> str | None:
    """Return a stamp, or None for one that lies further ahead of ``now`` (aware) than any clock is wrong.

    The window of such a stamp may never come, and every later version of the row would count as older.
    """
    moment = parsed_stamp(text)
    latest = now.astimezone(UTC).replace(tzinfo=None) + FURTHEST_AHEAD
    return text if moment is None or moment <= latest else None


def filter_moment(since: datetime | None) -> datetime | None:
    """Return the naive moment that a change filter can express: whole milliseconds, rounded down.

    Raises:
        UsageError: ``since`` carries a time zone; Visma's clock is naive and a conversion would be a guess.
    """
    if since is None:
        return None
    if since.tzinfo is not None:
        raise UsageError(
            f"since={since.isoformat()} carries a time zone, but Visma's time stamps have none.",
            remedy="Convert it to the company's local time and remove the zone: moment.replace(tzinfo=None).",
        )
    return since.replace(microsecond=since.microsecond // 1000 * 1000)


def wire_stamp(moment: datetime) -> str:
    """Write a naive moment as a filter takes it: ``yyyy-MM-dd HH:mm:ss.FFF``, never with a ``Z``."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def server_time(headers: Mapping[str, str], local: datetime) -> datetime:
    """Return the moment (aware, UTC) in the ``Date`` header of an answer, or ``local`` without a usable one."""
    try:
        moment = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return local
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """The time a read took, on every clock that Visma's may be: pairs of naive begin and end."""

    clocks: tuple[tuple[datetime, datetime], ...]

    def holds(self, stamp: datetime | None) -> bool:
        """Whether a row with this stamp may have been changed during the read."""
        return stamp is not None and any(begin <= stamp <= end for begin, end in self.clocks)


def span(begin: datetime, end: datetime) -> Span:
    """Return the span between two aware moments, with slack on both sides."""
    first = begin.astimezone(UTC).replace(tzinfo=None) - CLOCK_SLACK
    last = end.astimezone(UTC).replace(tzinfo=None) + CLOCK_SLACK
    return Span(tuple((first + offset, last + offset) for offset in OFFSETS))


@dataclass(frozen=True, slots=True)
class ClockProbe:
    """What a look at recent rows showed: the newest stamp (naive), and the server's time (aware, UTC) just then."""

    newest: datetime | None
    server_now: datetime


class ClockVerdict(StrEnum):
    """What the newest stamp says about the zone of Visma's stamps."""

    FITS = "fits"
    LOOKS_LIKE_UTC = "looks_like_utc"
    AHEAD = "ahead"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class ClockOpinion:
    """A verdict with a sentence for a person."""

    verdict: ClockVerdict
    message: str


def judge_clock(probe: ClockProbe, zone: tzinfo, zone_name: str) -> ClockOpinion:
    """Compare the newest stamp with the company's local time.

    A stamp later than now in UTC, but not later than now in the zone, proves that stamps are not UTC. A stamp within
    five minutes of now in UTC where the zone is an hour or more ahead suggests that they are. Older
    stamps prove nothing.
    """
    if probe.newest is None:
        return ClockOpinion(
            ClockVerdict.UNDECIDED, "Nothing was changed in Visma lately, so its clock cannot be told."
        )
    utc = probe.server_now.astimezone(UTC).replace(tzinfo=None)
    local = probe.server_now.astimezone(zone).replace(tzinfo=None)
    newest = f"{probe.newest:%Y-%m-%d %H:%M:%S}"
    if probe.newest > local + _TOLERANCE:
        return ClockOpinion(
            ClockVerdict.AHEAD,
            f"The newest stamp, {newest}, lies in the future of {zone_name} ({local:%H:%M} there).",
        )
    if probe.newest > utc + _TOLERANCE:
        return ClockOpinion(
            ClockVerdict.FITS, f"The newest stamp, {newest}, fits {zone_name} and cannot be UTC."
        )
    if local - utc >= timedelta(hours=1) and utc - probe.newest <= _FRESH:
        return ClockOpinion(
            ClockVerdict.LOOKS_LIKE_UTC,
            f"The newest stamp, {newest}, looks like UTC and not like {zone_name}.",
        )
    if local - utc < timedelta(hours=1) and local - probe.newest <= _FRESH:
        return ClockOpinion(ClockVerdict.FITS, f"The newest stamp, {newest}, fits {zone_name}.")
    return ClockOpinion(
        ClockVerdict.UNDECIDED, f"The newest stamp, {newest}, is too old to tell {zone_name} from UTC."
    )
