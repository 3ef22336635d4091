"""Reading single fields of Visma rows."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.records.normal_forms import LONGEST_TEXT, OddValueError, text
from ml_connector.visma.snapshots import Values
from ml_connector.visma.stamps import parsed_stamp


def utc_stamp(stamp: str, zone: ZoneInfo) -> str | None:
    """Return a naive Visma stamp as HubSpot takes a datetime: ISO 8601 in UTC with milliseconds; None without one.

    In the hour that a clock change repeats, the stamp is read as the earlier of the two (reference: visma 3.2).
    """
    naive = parsed_stamp(stamp)
    if naive is None:
        return None
    moment = naive.replace(tzinfo=zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def free_text(value: object) -> str | None:
    """Return what a person wrote at length as HubSpot takes it: cut where it is longer than a property holds.

    No document stays behind for its comment, which stands whole in Visma.
    """
    found = text(value)
    return found if found is None or len(found) <= LONGEST_TEXT else f"{found[: LONGEST_TEXT - 1]}…"


def trouble(error: Exception) -> str:
    """Return why a row could not be mapped, in words that hold nothing of the row."""
    what = (
        str(error)
        if isinstance(error, OddValueError)
        else f"it has an unknown shape ({type(error).__name__})"
    )
    return f"its row in Visma cannot be read: {what}"


def part(values: Values, *path: str) -> Any:
    """Return a nested value such as ``part(row, "country", "name")``; None where any step is missing or null."""
    found: Any = values
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
