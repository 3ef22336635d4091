"""The one partitions definition of a connection, and its partitions as windows."""

from collections.abc import Iterable
from datetime import datetime, time

import dagster as dg

from ml_connector.settings import ConnectionSettings
from ml_connector.windows import Window, key_format, utc


def partitions_of(settings: ConnectionSettings) -> dg.TimeWindowPartitionsDefinition:
    """Return the partitions of a connection: spans between two ticks of its ``windows`` cron in the company's zone."""
    return dg.TimeWindowPartitionsDefinition(
        cron_schedule=settings.windows,
        start=datetime.combine(settings.start, time.min),
        timezone=settings.timezone,
        fmt=key_format(settings.windows),
    )


def windows_of(partitions: dg.TimeWindowPartitionsDefinition, keys: Iterable[str]) -> list[Window]:
    """Return partitions as windows in UTC, oldest first; the first partition of all is open to the left."""
    first = partitions.get_first_partition_key()
    found: list[Window] = []
    for key in keys:
        span = partitions.time_window_for_partition_key(key)
        found.append(Window(key, None if key == first else utc(span.start), utc(span.end)))
    return sorted(found, key=lambda window: window.end)
