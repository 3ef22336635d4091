"""Reading single fields of Visma rows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.visma.snapshots import Values


def utc_stamp(stamp: str, zone: ZoneInfo) -> str | None:
    """Return a naive Visma stamp as HubSpot takes a datetime: ISO 8601 in UTC with milliseconds; None without one.

    In the hour that a clock change repeats, the stamp is read as the earlier of the two (reference: visma 3.2).
    """
    if not stamp:
        return None
    moment = datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def part(values: Values, *path: str) -> Any:
    """Return a nested value such as ``part(row, "country", "name")``; None where any step is missing or null."""
    found: Any = values
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
