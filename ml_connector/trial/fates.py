"""What becomes of one record under two settings, and how the two differ. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ml_connector.plan import companies, contacts
from ml_connector.plan.merging import STAMP_PROPERTIES
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.field_rules import NOT_TAKEN

NEW = "new"
"""Stands for a HubSpot record that would be made."""

LINKED = (Action.UPDATE, Action.UNCHANGED)

FITS_NONE = frozenset(
    {companies.NONE_FITS, companies.NONE_DECIDED, contacts.NONE_FITS, contacts.NONE_DECIDED}
)
"""Why a record that fits nothing is not made: a rule about records that are not linked yet."""


class Kind(StrEnum):
    """How the fate of a record changes with the settings."""

    LINK = "link"
    CONFLICT = "conflict"
    SOLVED = "solved"
    CREATE = "create"
    NO_CREATE = "no_create"
    LEFT_OUT = "left_out"
    TAKEN = "taken"
    REFUSED = "refused"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Fate:
    """What matching from scratch makes of a record."""

    action: Action
    hubspot_id: str | None
    rule: str | None
    reason: str | None

    @staticmethod
    def of(operation: Operation) -> "Fate":
        """Return the fate that an operation means."""
        return Fate(operation.action, operation.hubspot_id, operation.rule, operation.reason)

    @property
    def left_out(self) -> bool:
        """Whether the settings do not take the record."""
        return self.action is Action.SKIP and (self.reason or "").startswith(NOT_TAKEN)

    def where_made(self, ours: str | None) -> "Fate":
        """Return the fate of a record that is linked to ``ours``, which we made for it, if any.

        Where it fits nothing else it is that one, whatever the settings say of records that are still to be made.
        """
        if ours is None or not (self.action is Action.CREATE or self.reason in FITS_NONE):
            return self
        return replace(self, action=Action.UNCHANGED, hubspot_id=ours)

    @property
    def target(self) -> str | None:
        """The HubSpot record that the record would be, :data:`NEW`, or None where it would be none."""
        if self.action is Action.CREATE:
            return NEW
        return self.hubspot_id if self.action in LINKED else None


@dataclass(frozen=True, slots=True)
class Shift:
    """A record whose fate changes.

    Args:
        entity: ``companies`` or ``contacts``.
        record: its key.
        kind: how.
        old: the HubSpot record it is linked to, or would be under today's settings; None for none.
        new: the one it would be under the others; :data:`NEW`, or None for none.
        rule: the rule that finds the new one.
        reason: why, where there is no new one.
        candidates: the HubSpot records that fit, in a conflict.
    """

    entity: str
    record: str
    kind: Kind
    old: str | None
    new: str | None
    rule: str | None = None
    reason: str | None = None
    candidates: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "entity": self.entity,
            "record": self.record,
            "kind": str(self.kind),
            "from": self.old,
            "to": self.new,
            "rule": self.rule,
            "reason": self.reason,
            "candidates": list(self.candidates),
        }


def shift_of(then: Fate, now: Operation, key: str, held: str | None, *, made: bool) -> Shift | None:
    """Return how the fate of a record changes, None where it does not.

    Args:
        then: its fate under today's settings.
        now: what is planned for it under the others.
        key: the record.
        held: the HubSpot record that the ledger links it to, or None.
        made: whether we made that one.
    """
    ours = held if made else None
    before, after = then.where_made(ours), Fate.of(now).where_made(ours)
    old, new = before.target, after.target
    kind = _kind(before, after, old, new, held)
    if kind is None:
        return None
    return Shift(
        now.entity, key, kind, held or old, new, now.rule, now.reason, now.candidates if new is None else ()
    )


def _kind(then: Fate, now: Fate, old: str | None, new: str | None, held: str | None) -> Kind | None:
    if then.left_out != now.left_out:
        return Kind.LEFT_OUT if now.left_out else Kind.TAKEN
    for action, begun, ended in (
        (Action.CONFLICT, Kind.CONFLICT, Kind.SOLVED),
        (Action.REJECT, Kind.REFUSED, Kind.ACCEPTED),
    ):
        if (then.action is action) != (now.action is action):
            return begun if now.action is action else ended
    if old == new or (held is not None and new == held):
        return None
    if new == NEW and held is None and old is None:
        return Kind.CREATE
    return Kind.NO_CREATE if old == NEW and new is None else Kind.LINK


@dataclass(frozen=True, slots=True)
class ValueShift:
    """A property that would hold another value; None for none. ``record`` is the record's key."""

    entity: str
    record: str
    name: str
    old: str | None
    new: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "entity": self.entity,
            "record": self.record,
            "property": self.name,
            "old": self.old,
            "new": self.new,
        }


Values = Mapping[str, tuple[str | None, str | None]]
"""What would be sent, by property: what HubSpot holds and the new value."""


def values_of(operation: Operation) -> Values:
    """Return what an operation would send."""
    return {
        name: (operation.previous.get(name), value)
        for name, value in operation.values.items()
        if name not in STAMP_PROPERTIES
    }


def value_shifts(then: Values, now: Operation) -> Iterator[ValueShift]:
    """Yield the properties of a linked record that would hold another value than under today's settings."""
    sent = values_of(now)
    for name in sorted({*then, *sent}):
        held = (sent.get(name) or then[name])[0]
        old = then[name][1] if name in then else held
        new = sent[name][1] if name in sent else held
        if (old or None) != (new or None):
            yield ValueShift(now.entity, now.key, name, old or None, new or None)
