"""What a trial of one record tells: operations, what was decided on the way to them, and how scripts read it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ml_connector.plan.operations import Operation
from ml_connector.plan.view import as_json
from ml_connector.trial.decisions import FieldDecision

LINKED = "ledger"
"""What stands in the place of a rule where the ledger links a record already."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A HubSpot record that a rule of matching found; ``ruled_out`` says why it does not count, None where it does."""

    rule: str
    hubspot_id: str
    name: str | None
    ruled_out: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "rule": self.rule,
            "hubspot_id": self.hubspot_id,
            "name": self.name,
            "counts": self.ruled_out is None,
            "ruled_out": self.ruled_out,
        }


@dataclass(frozen=True, slots=True)
class Tried:
    """One operation that a sync would carry out, with what was decided on the way to it."""

    operation: Operation
    fields: Sequence[FieldDecision] = ()
    candidates: Sequence[Candidate] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on: those of a plan, and the decisions."""
        return {
            **as_json(self.operation),
            "fields": [field.as_json() for field in self.fields],
            "matching": [one.as_json() for one in self.candidates],
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of one record.

    Args:
        connection: its connection.
        asked: what was typed.
        key: the record that is.
        stamp: Visma's last change of it.
        about: what would become of the record itself, with its lines, links and opening.
        owner: what would become of the customer or supplier it belongs to.
        shared: the other Visma records of the same HubSpot record.
        notes: what is not looked at.
        calls: how many calls to Visma and to HubSpot it took.
    """

    connection: str
    asked: str
    key: str
    stamp: str
    about: Sequence[Tried]
    owner: Sequence[Tried]
    shared: Sequence[str]
    notes: Sequence[str]
    calls: tuple[int, int]

    @property
    def operations(self) -> list[Operation]:
        """All operations, those on the owner first, as a sync carries them out."""
        return [one.operation for one in (*self.owner, *self.about)]

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that scripts rely on."""
        return {
            "connection": self.connection,
            "asked": self.asked,
            "record": self.key,
            "action": str(self.about[0].operation.action),
            "stamp": self.stamp,
            "operations": [one.as_json() for one in self.about],
            "belongs_to": [one.as_json() for one in self.owner],
            "shared_with": list(self.shared),
            "notes": list(self.notes),
            "requests": {"visma": self.calls[0], "hubspot": self.calls[1]},
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record that is tried counts to: the newest window, and its last day."""

    partition: str
    as_of: date
