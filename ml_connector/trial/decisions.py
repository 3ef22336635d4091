"""What merging decided about each value of one record, and why, in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.plan.edits import Edit, Kept
from ml_connector.plan.merging import STAMP_PROPERTIES, Outcome, decide
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.model import Properties
from ml_connector.settings.merging import Policy

NOT_LOOKED_AT = "not_looked_at"
WITH_OTHERS = "only_with_others"
NOT_ITS_OWN = "not_its_own"
"""Decisions besides those of merging and of the shield, in the words of scripts."""

WHY: Mapping[str, str] = {
    Outcome.SET: "it differs",
    Outcome.EQUAL: "HubSpot holds it already",
    Outcome.NO_VALUE: "Visma has no value, and clear_on_null does not name it",
    Outcome.KEPT_FILLED: "kept: HubSpot has a value, and fill_blank fills only where there is none",
    Outcome.KEPT_AFTER_CREATE: "kept: never_after_create leaves it alone",
    Kept.KEPT: "kept: a person changed it in HubSpot after our last write",
    Kept.FLAGGED: "kept: a person changed it in HubSpot; the record says what Visma has",
    Kept.OVERWRITTEN: "it differs; a person's change is overwritten",
    NOT_LOOKED_AT: "left alone: Visma's record is as it was synced",
    WITH_OTHERS: "a stamp is no reason to write by itself",
    NOT_ITS_OWN: "the customer or contact that shares the HubSpot record says it",
}


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What becomes of one property.

    Args:
        name: the property.
        visma: what Visma's record says, None for nothing.
        held: what HubSpot holds, None for nothing.
        after: what HubSpot holds after a sync.
        decision: ``set``, ``equal``, ``no_value``, ``kept_filled``, ``kept_after_create``, ``kept``, ``flagged``,
            ``overwritten``, ``not_looked_at``, ``only_with_others`` or ``not_its_own``.
        policy: who wins, by the settings.
    """

    name: str
    visma: str | None
    held: str | None
    after: str | None
    decision: str
    policy: str

    @property
    def why(self) -> str:
        """The decision in words."""
        return WHY[self.decision]

    def as_json(self) -> dict[str, str | None]:
        """Return it under the names that scripts rely on."""
        return {
            "property": self.name,
            "visma": self.visma,
            "hubspot": self.held,
            "after": self.after,
            "decision": str(self.decision),
            "why": self.why,
            "policy": self.policy,
        }


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of merging of one object: who wins per property, what is cleared, and how values compare."""

    policies: Mapping[str, Policy]
    cleared: frozenset[str]
    definitions: Mapping[str, PropertyDefinition]

    def decided(
        self, operation: Operation, record: Properties, asked: Properties, held: Properties | None
    ) -> list[FieldDecision]:
        """Return what is decided about every value of a record.

        Args:
            operation: what is planned.
            record: all that Visma's record says.
            asked: what of it is asked of this HubSpot record.
            held: what HubSpot holds; None where the record is made.
        """
        edits = {edit.name: edit for edit in operation.edits or ()}
        found = [self._decided(name, record, asked, held, operation, edits.get(name)) for name in record]
        return [*found, *_added(operation, record)]

    def _decided(
        self,
        name: str,
        record: Properties,
        asked: Properties,
        held: Properties | None,
        operation: Operation,
        edit: Edit | None,
    ) -> FieldDecision:
        policy = self.policies.get(name, Policy.OVERWRITE)
        before = (held.get(name) if held is not None else None) or None
        outcome, new = decide(
            name,
            asked.get(name, record[name]),
            held,
            policy=policy,
            clears=name in self.cleared,
            definition=self.definitions.get(name),
        )
        written = name in operation.values
        decision: str = edit.outcome if edit is not None else outcome
        if name not in asked:
            decision = NOT_ITS_OWN
        elif outcome is Outcome.SET and edit is None and not written:
            decision = WITH_OTHERS if name in STAMP_PROPERTIES else NOT_LOOKED_AT
        after = (new or None) if written else before
        return FieldDecision(name, record[name], before, after, decision, str(policy))


def _added(operation: Operation, record: Properties) -> Iterable[FieldDecision]:
    """Yield what is written besides the record's own values, such as the note about edits."""
    for name, value in operation.values.items():
        if name not in record:
            before = operation.previous.get(name)
            yield FieldDecision(name, None, before, value or None, Outcome.SET, str(Policy.OVERWRITE))


def as_planned(operation: Operation) -> list[FieldDecision]:
    """Return the values of a record that is always as Visma has it: those that would be written."""
    if operation.action not in (Action.CREATE, Action.UPDATE):
        return []
    return [
        FieldDecision(
            name, value, operation.previous.get(name), value or None, Outcome.SET, str(Policy.OVERWRITE)
        )
        for name, value in sorted(operation.values.items())
    ]
