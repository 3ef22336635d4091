"""One time line of a record: what Visma had, what was planned, sent and answered, and what others did. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ml_connector.audit.differences import Change
from ml_connector.audit.ledger import Done
from ml_connector.audit.present import Present
from ml_connector.audit.versions import Version
from ml_connector.audit.wanted import Planned
from ml_connector.ledger.queries import stamp_text


class Place(StrEnum):
    """Where something happened."""

    VISMA = "Visma"
    PLAN = "plan"
    HUBSPOT = "HubSpot"
    PEOPLE = "people"


class Tone(StrEnum):
    """How an event is to be taken: as usual, as a problem, or as the doing of others."""

    PLAIN = "plain"
    BAD = "bad"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a record.

    Args:
        at: when it happened, or when we learned of it.
        place: where.
        what: in a few words.
        key: the record or link it happened to.
        run_id: the run it happened in.
        changes: values before and after.
        facts: what else is known of it, by name: rule, reason, window, HTTP status, correlation id and so on.
        tone: how to take it.
        times: how often it happened alike in a row, until ``until``.
    """

    at: datetime
    place: Place
    what: str
    key: str
    run_id: str | None = None
    changes: tuple[Change, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    tone: Tone = Tone.PLAIN
    times: int = 1
    until: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the event under the names that scripts rely on; what it does not have is left out."""
        document = {
            "at": self.at.isoformat(timespec="seconds"),
            "place": self.place.value,
            "what": self.what,
            "record": self.key,
            "run_id": self.run_id,
            "changes": [one._asdict() for one in self.changes],
            "facts": dict(self.facts),
            "tone": self.tone.value,
            "times": self.times if self.times > 1 else None,
            "until": self.until.isoformat(timespec="seconds") if self.until else None,
        }
        return {name: value for name, value in document.items() if value not in (None, [], {})}


def timeline(
    seen: Sequence[Version],
    operations: Sequence[Done],
    planned: Sequence[Planned],
    present: Present | None,
    decisions: Iterable[Any],
) -> list[Event]:
    """Return everything that happened to a record, oldest first; alike events in a row are one.

    Args:
        seen: the versions in Visma.
        operations: of the ledger, newest first.
        planned: by runs that loaded nothing, newest first.
        present: what HubSpot holds and who wrote it; only what others wrote is an event of its own.
        decisions: rows of the table ``decision``.
    """
    events = [
        *map(_version, seen),
        *map(_planned, reversed(planned)),
        *map(_operation, reversed(operations)),
        *_theirs(present),
        *map(_decision, decisions),
    ]
    order = list(Place)
    return list(_joined(sorted(events, key=lambda event: (event.at, order.index(event.place)))))


def _version(seen: Version) -> Event:
    told = {"window": seen.partition, "changed in Visma": seen.stamp}
    if seen.again:
        told["stored again unchanged"] = f"{seen.again} times" if seen.again > 1 else "once"
    what = "first version seen" if seen.first else "new version seen"
    return Event(seen.seen_at, Place.VISMA, what, seen.key, seen.run_id, seen.changes, _facts(told))


def _planned(plan: Planned) -> Event:
    one = plan.operation
    told = {"rule": one.rule, "reason": one.reason, "window": one.partition, "HubSpot id": one.hubspot_id}
    return Event(
        plan.planned_at,
        Place.PLAN,
        f"{one.action} planned, not carried out",
        one.key,
        plan.run_id,
        values_changed(one.values, one.previous) if ">" not in one.key else (),
        _facts(told),
    )


ENDS = {
    ("create", "confirmed"): "made",
    ("update", "confirmed"): "changed",
    ("link", "confirmed"): "linked",
    ("unlink", "confirmed"): "link removed",
    ("archive", "confirmed"): "archived",
    ("open", "confirmed"): "opened",
    ("unchanged", "done"): "unchanged, nothing was sent",
    ("skip", "done"): "left out",
    ("conflict", "done"): "in conflict, a person has to choose",
    ("reject", "done"): "cannot be sent",
}
"""How operations end, by action and status."""

STATUS = {
    "rejected": "refused",
    "unknown": "sent, its end is not known",
    "intended": "sent or about to be, its end is not known yet",
    "pending": "waits",
    "done": "not sent",
}

PROBLEMS = frozenset({"rejected", "unknown", "intended", "pending"})


def _operation(one: Done) -> Event:
    ended = ENDS.get((one.action, one.status)) or f"{one.action} {STATUS.get(one.status, one.status)}"
    if one.action == "create" and one.status == "confirmed" and one.created is False:
        ended = "found by its unique id and changed"
    told = {
        "rule": one.rule,
        "reason": one.reason,
        "message": one.message,
        "HubSpot id": one.hubspot_id,
        "HTTP status": one.http_status,
        "category": one.category,
        "correlation id": one.correlation_id,
        "trace id": one.trace_id if one.status != "done" else None,
        "window": one.partition,
        "version in Visma": stamp_text(one.stamp),
        "counted as": one.entity,
    }
    bad = one.status in PROBLEMS or one.action in ("conflict", "reject")
    return Event(
        one.finished_at or one.intended_at,
        Place.HUBSPOT,
        ended,
        one.key,
        one.run_id,
        values_changed(one.values, one.previous) if ">" not in one.key else (),
        _facts(told),
        Tone.BAD if bad else Tone.PLAIN,
    )


def values_changed(
    values: Mapping[str, str | None], previous: Mapping[str, str | None]
) -> tuple[Change, ...]:
    """Return what an operation would change, by property."""
    return tuple(
        Change(name, previous.get(name), new)
        for name, new in sorted(values.items())
        if new or previous.get(name)  # to empty what is not known to hold anything is no news
    )


def _theirs(present: Present | None) -> Iterator[Event]:
    """Yield what others wrote in HubSpot, with the value it replaced; what one person saved at once is one event."""
    if present is None:
        return
    held: dict[tuple[datetime, str], list[Change]] = {}
    for place, write in enumerate(present.writes):
        if write.ours:
            continue
        before = present.writes[place + 1] if place + 1 < len(present.writes) else None
        old = before.value if before is not None and before.name == write.name else None
        held.setdefault((write.written_at, write.by), []).append(Change(write.name, old, write.value))
    for (moment, by), changes in held.items():
        told = _facts({"by": by, "HubSpot id": present.hubspot_id})
        yield Event(
            moment, Place.PEOPLE, "changed in HubSpot", "", None, tuple(sorted(changes)), told, Tone.THEIRS
        )


def _decision(row: Any) -> Event:
    told = _facts({"note": row.note, "HubSpot id": row.hubspot_id})
    return Event(
        row.decided_at, Place.PEOPLE, f"decided: {row.verdict}", row.record_key, None, (), told, Tone.THEIRS
    )


def _facts(told: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the events, those of nothing new that follow each other on one record as one."""
    held: Event | None = None
    for event in events:
        if held is not None and _alike(held, event):
            held = replace(held, times=held.times + 1, until=event.at)
            continue
        if held is not None:
            yield held
        held = event
    if held is not None:
        yield held


def _alike(held: Event, event: Event) -> bool:
    quiet = not (held.changes or event.changes)
    same = (held.place, held.what, held.key, held.facts.get("reason")) == (
        event.place,
        event.what,
        event.key,
        event.facts.get("reason"),
    )
    return quiet and same and held.tone is Tone.PLAIN
