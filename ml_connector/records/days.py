"""Calendar days: from Visma's naive date-times to the forms HubSpot takes, without ever shifting one. Pure."""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, tzinfo
from functools import lru_cache

from ml_connector.records.normal_forms import OddValueError

NOON = time(12)


@lru_cache(maxsize=4096)
def day(value: object) -> date | None:
    """Return the day of a Visma date such as ``2026-03-17T00:00:00``; None without one.

    A date has no zone: whatever follows the day is cut off and never converted. The years 1 and 9999 are .NET's words
    for "never".

    Raises:
        OddValueError: it is no date.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise OddValueError(f"a value of type {type(value).__name__} stands where a date should")
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        raise OddValueError("a text stands where a date should") from None
    return found if MINYEAR < found.year < MAXYEAR else None


@lru_cache(maxsize=4096)
def noon(moment: date | None, zone: tzinfo) -> str | None:
    """Return a day as HubSpot takes a date-time: noon of the day in the company's zone, written in UTC.

    Noon is the same day for whoever looks from within eleven hours of the company, at any offset and on both days when
    clocks change.
    """
    if moment is None:
        return None
    return datetime.combine(moment, NOON, zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def iso(moment: date | None) -> str | None:
    """Return a day as HubSpot takes a date (reference: hubspot 8)."""
    return moment.isoformat() if moment else None
