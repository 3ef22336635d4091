"""What a load says about records that did not go through: by cause, how many, since when, and the first. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ml_connector.causes.catalogue import cause_named
from ml_connector.hubspot.counts import SAMPLES, LoadCounts
from ml_connector.ledger.rejects import Group

CAUSES = 20
"""Causes that are listed; more would hide the frequent ones."""


def causes_listed(
    groups: Sequence[Group],
    keys: Mapping[str, Sequence[str]],
    counts: Mapping[str, LoadCounts],
    now: datetime,
) -> str:
    """Return a list of causes, the most frequent first; what only waits for other records comes last.

    Args:
        groups: what is refused by the ledger, be it by this run or an earlier one.
        keys: the first records of each cause.
        counts: what this run could not do; links and openings that wait are in no group.
        now: the moment to which ages are counted.
    """
    lines = [_line(group, keys.get(group.cause.name, ()), now) for group in groups]
    grouped = {(group.cause.name, entity) for group in groups for entity in group.entities}
    waiting = [
        (blamed.many, f"{entity}: {cause_named(cause).title}", blamed.keys)
        for entity, count in counts.items()
        for cause, blamed in count.causes.items()
        if (cause, entity) not in grouped
    ]
    for many, what, some in sorted(waiting, key=lambda item: -item[0]):
        lines.append(f"- {many} x {what} ({_named(some, many)})")
    if len(lines) > CAUSES:
        lines[CAUSES:] = [f"- and {len(lines) - CAUSES} other causes"]
    return "\n".join(lines)


def age(since: datetime, now: datetime) -> str:
    """Return how long something has been so: ``since 2026-11-20, 3 days``; of today only the day."""
    days = (now - since).days
    return f"since {since:%Y-%m-%d}" + (f", {days} day{'s' * (days > 1)}" if days else "")


def _line(group: Group, keys: Sequence[str], now: datetime) -> str:
    entities = ", ".join(entity.replace("_", " ") for entity in group.entities)
    some = _named(keys[:SAMPLES], group.count)
    return f"- {group.count} x {entities}: {group.cause.title} ({age(group.since, now)}; {some})"


def _named(keys: Sequence[str], many: int) -> str:
    return ", ".join(keys) + ", …" * (many > len(keys))
