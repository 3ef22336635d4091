"""Which kinds of association exist between two object types, with their numbers (reference: hubspot 4)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

HUBSPOT = "HUBSPOT_DEFINED"
USER = "USER_DEFINED"

TypeKey = tuple[str, int]
"""Category and number: a number alone is not unique (reference: hubspot 4)."""


class Role(Enum):
    """What an association type does."""

    UNLABELLED = "unlabelled"
    PRIMARY = "primary"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One direction of an association type; ``reverse`` is the same seen from the other record."""

    from_type: str
    to_type: str
    category: str
    id: int
    reverse: int
    role: Role
    label: str | None = None
    name: str | None = None

    @property
    def key(self) -> TypeKey:
        """Category and number."""
        return (self.category, self.id)

    @property
    def reverse_key(self) -> TypeKey:
        """Category and number in the other direction."""
        return (self.category, self.reverse)

    def json(self) -> dict[str, Any]:
        """Return the type as labels and batch reads show it."""
        return {"category": self.category, "typeId": self.id, "label": self.label}


CONTACT, COMPANY, DEAL, LINE_ITEM = "0-1", "0-2", "0-3", "0-8"
INVOICE, PAYMENT, ORDER = "0-53", "0-101", "0-123"

_UNLABELLED = (
    (CONTACT, COMPANY, 279, 280),
    (COMPANY, COMPANY, 450, 450),
    (CONTACT, DEAL, 4, 3),
    (DEAL, COMPANY, 341, 342),
    (DEAL, LINE_ITEM, 19, 20),
    (INVOICE, CONTACT, 177, 178),
    (INVOICE, COMPANY, 179, 180),
    (INVOICE, DEAL, 175, 176),
    (INVOICE, LINE_ITEM, 409, 410),
    (INVOICE, ORDER, 517, 518),
    (INVOICE, PAYMENT, 541, 542),
    (PAYMENT, CONTACT, 387, 388),
    (PAYMENT, COMPANY, 389, 390),
    (PAYMENT, DEAL, 391, 392),
    (PAYMENT, LINE_ITEM, 395, 396),
    (PAYMENT, ORDER, 524, 523),
    (ORDER, CONTACT, 507, 508),
    (ORDER, COMPANY, 934, 935),
    (ORDER, DEAL, 512, 511),
    (ORDER, LINE_ITEM, 513, 514),
)
_PRIMARY = ((CONTACT, COMPANY, 1, 2), (DEAL, COMPANY, 5, 6), (ORDER, COMPANY, 509, 510))
_LABELLED = (
    (CONTACT, COMPANY, 931, 930, "Billing contact", "Billing contact"),
    (COMPANY, COMPANY, 14, 13, "Parent Company", "Child Company"),
)


class AssociationTypes:
    """All association types of the account, standard and added."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], dict[TypeKey, AssociationType]] = {}
        self._next_user_id = 1
        for start, end, number, reverse in _UNLABELLED:
            self._add(AssociationType(start, end, HUBSPOT, number, reverse, Role.UNLABELLED))
        for start, end, number, reverse in _PRIMARY:
            self._add(AssociationType(start, end, HUBSPOT, number, reverse, Role.PRIMARY, "Primary"))
        for start, end, number, reverse, label, inverse in _LABELLED:
            self._add(AssociationType(start, end, HUBSPOT, number, reverse, Role.LABEL, label), inverse)

    def between(self, from_type: str, to_type: str) -> dict[TypeKey, AssociationType]:
        """Return the types from one object type to another, by key; empty when there are none."""
        return self._pairs.get((from_type, to_type), {})

    def unlabelled(self, from_type: str, to_type: str) -> AssociationType | None:
        """Return the plain type of a pair."""
        return self._with_role(from_type, to_type, Role.UNLABELLED)

    def primary(self, from_type: str, to_type: str) -> AssociationType | None:
        """Return the primary type of a pair, if it has one."""
        return self._with_role(from_type, to_type, Role.PRIMARY)

    def user_labels(self, from_type: str, to_type: str) -> Iterator[AssociationType]:
        """Yield the labels people added to a pair."""
        return (item for item in self.between(from_type, to_type).values() if item.category == USER)

    def add_label(
        self, from_type: str, to_type: str, name: str, label: str, inverse: str | None
    ) -> list[AssociationType]:
        """Add a label in both directions; a paired label gets a number of its own for the way back."""
        number = self._take()
        reverse = self._take() if inverse is not None or from_type == to_type else number
        made = AssociationType(from_type, to_type, USER, number, reverse, Role.LABEL, label, name)
        return self._add(made, inverse or label)

    def add_object(self, custom_type: str, other: str) -> None:
        """Let a custom object be associated with another type."""
        if self.unlabelled(custom_type, other) is None:
            made = AssociationType(custom_type, other, USER, self._take(), self._take(), Role.UNLABELLED)
            self._add(made)

    def rename(self, from_type: str, to_type: str, key: TypeKey, label: str) -> bool:
        """Change the text of a label; False when there is no such label."""
        found = self.between(from_type, to_type).get(key)
        if found is None or found.category != USER:
            return False
        self._pairs[from_type, to_type][key] = replace(found, label=label)
        return True

    def remove_label(self, from_type: str, to_type: str, key: TypeKey) -> bool:
        """Remove a label in both directions; False when there is no such label."""
        found = self.between(from_type, to_type).get(key)
        if found is None or found.category != USER:
            return False
        del self._pairs[from_type, to_type][key]
        self._pairs[to_type, from_type].pop(found.reverse_key, None)
        return True

    def _with_role(self, from_type: str, to_type: str, role: Role) -> AssociationType | None:
        return next((item for item in self.between(from_type, to_type).values() if item.role is role), None)

    def _take(self) -> int:
        self._next_user_id += 1
        return self._next_user_id - 1

    def _add(self, made: AssociationType, inverse_label: str | None = None) -> list[AssociationType]:
        back = AssociationType(
            made.to_type,
            made.from_type,
            made.category,
            made.reverse,
            made.id,
            made.role,
            inverse_label if inverse_label is not None else made.label,
            made.name,
        )
        self._pairs.setdefault((made.from_type, made.to_type), {})[made.key] = made
        self._pairs.setdefault((made.to_type, made.from_type), {})[back.key] = back
        return [made, back]
