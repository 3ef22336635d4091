"""The page of refused records: what ``rejects NAME list --html`` writes."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from ml_connector.causes.model import Where
from ml_connector.hubspot.report import age
from ml_connector.ledger.due import Selection
from ml_connector.ledger.rejects import Group, Refused, Rejects
from ml_connector.pages.render import Capped, page
from ml_connector.settings import ConnectionSettings

PLACES = {
    Where.VISMA: "In Visma:",
    Where.HUBSPOT: "In HubSpot:",
    Where.SETTINGS: "In the connection's settings:",
}

NAMED = 100
"""Records of a cause on the page; the command names the others."""


def rejects_page(
    settings: ConnectionSettings,
    groups: Sequence[Group],
    refused: Rejects,
    *,
    record: str | None,
    dismissed: bool,
    now: datetime,
) -> str:
    """Return the page of some causes.

    Args:
        settings: the connection.
        groups: the causes.
        refused: reads the records of each.
        record: the only record that is wanted, or None.
        dismissed: whether it is about what was put aside.
        now: when the page is made.
    """
    state = "put aside" if dismissed else "refused"
    many = sum(group.count for group in groups)
    records = "1 record is" if many == 1 else f"{many:,} records are"
    causes = "1 cause" if len(groups) == 1 else f"{len(groups)} causes"
    oldest = min((group.since for group in groups), default=None)
    return page(
        "rejects.html",
        title=f"What is {state} in {settings.name}",
        verdict=f"{records} {state}, for {causes}." if groups else f"Nothing is {state}.",
        mood="bad" if groups and not dismissed else "plain" if groups else "good",
        facts={
            "Connection": settings.name,
            "As of": f"{now.astimezone(settings.zone):%Y-%m-%d %H:%M}",
            "The oldest": age(oldest, now) if oldest else None,
        },
        causes=[_cause(settings, group, refused, record, now, dismissed=dismissed) for group in groups],
        hint=f"All of them: ml-connector rejects {settings.name} list --all",
    )


def _cause(
    settings: ConnectionSettings,
    group: Group,
    refused: Rejects,
    record: str | None,
    now: datetime,
    *,
    dismissed: bool,
) -> dict[str, Any]:
    found = refused.each(Selection(cause=group.cause.name, record=record), dismissed=dismissed)
    mine = (one for one in found if one.cause == group.cause.name)
    entities = ", ".join(f"{many:,} {entity.replace('_', ' ')}" for entity, many in group.entities.items())
    due = group.next_try
    return {
        "title": f"{group.count:,} x {group.cause.title}",
        "place": PLACES.get(group.cause.where, ""),
        "remedy": group.cause.remedy,
        "facts": {
            "Records": entities,
            "Refused": age(group.since, now),
            "Tried": f"at most {group.attempts} times" if group.attempts > 1 else None,
            "Tried again": "once it changes in Visma" if dismissed else _from(due, settings),
            "Cause": group.cause.name,
        },
        "records": Capped([_row(one) for one in islice(mine, NAMED)], group.count),
    }


def _from(due: datetime | None, settings: ConnectionSettings) -> str:
    """Return from when on the first records of a cause are tried again."""
    return f"from {due.astimezone(settings.zone):%Y-%m-%d %H:%M} on" if due else "from the next run on"


def _row(one: Refused) -> tuple[str, str, str, str]:
    note = f" (put aside: {one.note or 'without a note'})" if one.dismissed_at else ""
    return one.record, one.entity.replace("_", " "), f"{one.first_seen:%Y-%m-%d}", f"{one.message}{note}"
