"""A plan as a person reads it: what would be made, changed, linked and taken away, and what is not, with the reason.

Pure. A plan may hold 100,000 operations, so a view counts all and keeps the first of each kind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ml_connector.plan.operations import Action, Operation

NAMES = ("name", "dealname", "hs_name", "hs_title", "hs_number", "email")
"""Properties that tell a person which record it is, the first that has a value."""


NAMED = 3
"""Records that are named for each reason."""


class Section(StrEnum):
    """A part of a view, in the order of reading: what needs a person comes first. Its value follows the entity."""

    CONFLICT = "in conflict"
    REJECT = "that cannot be sent"
    ARCHIVE = "to archive"
    UPDATE = "to update"
    CREATE = "to create"
    LINK = "to link"
    UNLINK = "to unlink"
    OPEN = "to open"
    SKIP = "skipped"


SECTIONS: Mapping[Action, Section] = {
    Action.CREATE: Section.CREATE,
    Action.UPDATE: Section.UPDATE,
    Action.LINK: Section.LINK,
    Action.ARCHIVE: Section.ARCHIVE,
    Action.UNLINK: Section.UNLINK,
    Action.OPEN: Section.OPEN,
    Action.CONFLICT: Section.CONFLICT,
    Action.REJECT: Section.REJECT,
    Action.SKIP: Section.SKIP,
}
"""Where an operation is shown; what is unchanged is only counted."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One property: what HubSpot holds (None for nothing) and what it would hold (empty text for nothing)."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One operation as it is shown.

    Args:
        keys: the Visma keys, the one that names it first.
        title: the record's name, number or address, where the plan has one.
        hubspot_id: the HubSpot record, where one is known.
        changes: for a create or update, the values by property; for a link, none.
        ends: for a link, the keys of its two ends.
        rule: what made it this record or link.
        reason: why it is skipped, in conflict or refused.
        candidates: HubSpot ids that fit, in a conflict.
    """

    keys: tuple[str, ...]
    title: str | None
    hubspot_id: str | None
    changes: tuple[FieldChange, ...]
    ends: tuple[str, str] | None
    rule: str | None
    reason: str | None
    candidates: tuple[str, ...]


@dataclass(slots=True)
class Reason:
    """Why operations of a section are as they are: how many, and the keys of the first few."""

    many: int = 0
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class EntityView:
    """What a plan holds of one entity: all counted, the first of each section kept.

    ``fields`` counts the updates by property; ``reasons`` are the reasons of each section by their sentence.
    """

    entity: str
    object_type: str
    counts: Counter[Action] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    reasons: dict[Section, dict[str, Reason]] = field(default_factory=dict)
    items: dict[Section, list[Item]] = field(default_factory=dict)

    def add(self, operation: Operation, most: int | None) -> None:
        """Count an operation and keep it among the first of its section."""
        self.counts[operation.action] += 1
        section = SECTIONS.get(operation.action)
        if section is None:
            return
        if section is Section.UPDATE:
            self.fields.update(list(operation.values))
        if operation.reason:
            reason = self.reasons.setdefault(section, {}).setdefault(operation.reason, Reason())
            reason.many += 1
            if len(reason.keys) < NAMED:
                reason.keys.append(operation.key)
        kept = self.items.setdefault(section, [])
        if most is None or len(kept) < most:
            kept.append(item_of(operation))

    def many(self, section: Section) -> int:
        """Return how many operations a section has, those not kept included."""
        return sum(many for action, many in self.counts.items() if SECTIONS.get(action) is section)

    @property
    def total(self) -> int:
        """All operations."""
        return sum(self.counts.values())

    @property
    def sections(self) -> list[Section]:
        """The sections that have operations, in the order of reading."""
        return [section for section in Section if self.many(section)]


def view(operations: Iterable[Operation], *, most: int | None) -> list[EntityView]:
    """Return what plans hold, by entity in the order of first appearance.

    Args:
        operations: of one or more plans.
        most: how many operations of a section are kept, the first ones; None keeps all.
    """
    found: dict[str, EntityView] = {}
    for operation in operations:
        entity = found.setdefault(operation.entity, EntityView(operation.entity, operation.object_type))
        entity.add(operation, most)
    return list(found.values())


def item_of(operation: Operation) -> Item:
    """Return an operation as it is shown."""
    is_link = operation.action in (Action.LINK, Action.UNLINK)
    return Item(
        keys=operation.keys,
        title=None if is_link else _title(operation),
        hubspot_id=operation.hubspot_id,
        changes=() if is_link else _changes(operation),
        ends=(str(operation.values.get("from")), str(operation.values.get("to"))) if is_link else None,
        rule=operation.rule,
        reason=operation.reason,
        candidates=operation.candidates,
    )


def _title(operation: Operation) -> str | None:
    held = (operation.values, operation.previous, operation.remembered)
    return next((value for name in NAMES for values in held if (value := values.get(name))), None)


def _changes(operation: Operation) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, operation.previous.get(name), value)
        for name, value in sorted(operation.values.items())
    )


def as_json(operation: Operation) -> dict[str, Any]:
    """Return an operation under the names that scripts rely on; what it does not have is left out."""
    item = item_of(operation)
    document: dict[str, Any] = {
        "entity": operation.entity,
        "action": str(operation.action),
        "record": operation.key,
        "records": list(item.keys) if len(item.keys) > 1 else None,
        "hubspot_id": item.hubspot_id,
        "links": list(item.ends) if item.ends else None,
        "values": {change.name: {"old": change.old, "new": change.new} for change in item.changes},
        "rule": item.rule,
        "reason": item.reason,
        "candidates": list(item.candidates),
        "partition": operation.partition,
    }
    return {name: value for name, value in document.items() if value}
