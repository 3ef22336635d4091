"""What other settings would change, counted, with examples, and how scripts read it. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ml_connector.trial.fates import Kind, Shift, ValueShift


@dataclass(slots=True)
class Changed:
    """What would change of one object: all counted, the first of each kind and property kept.

    Args:
        entity: ``companies`` or ``contacts``.
        most: how many of each kind and property are kept; None keeps all.
    """

    entity: str
    most: int | None
    records: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    shifts: list[Shift] = field(default_factory=list)
    values: list[ValueShift] = field(default_factory=list)

    def add(self, shift: Shift) -> None:
        """Count a record whose fate changes."""
        self.kinds[shift.kind] += 1
        if self.most is None or self.kinds[shift.kind] <= self.most:
            self.shifts.append(shift)

    def add_value(self, shift: ValueShift) -> None:
        """Count a property of a record that would hold another value."""
        self.properties[shift.name] += 1
        if self.most is None or self.properties[shift.name] <= self.most:
            self.values.append(shift)

    def as_json(self) -> dict[str, Any]:
        """Return the counts under the names that scripts rely on."""
        return {
            "records": self.records,
            **{str(kind): self.kinds[kind] for kind in Kind},
            "values": dict(sorted(self.properties.items())),
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What other settings would change.

    ``not_looked_at`` names settings that differ too, of which nothing is told; ``calls`` is how many calls to HubSpot
    it took.
    """

    companies: Changed
    contacts: Changed
    not_looked_at: tuple[str, ...]
    calls: int

    @property
    def both(self) -> tuple[Changed, Changed]:
        """The two objects."""
        return self.companies, self.contacts

    def many(self, kind: Kind) -> int:
        """Return how many records change in a way."""
        return sum(one.kinds[kind] for one in self.both)

    @property
    def values(self) -> int:
        """How many values would be others."""
        return sum(sum(one.properties.values()) for one in self.both)

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "companies": self.companies.as_json(),
            "contacts": self.contacts.as_json(),
            "changes": [shift.as_json() for one in self.both for shift in one.shifts],
            "values": [shift.as_json() for one in self.both for shift in one.values],
            "not_looked_at": list(self.not_looked_at),
            "requests": {"visma": 0, "hubspot": self.calls},
        }
