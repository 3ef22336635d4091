"""What a plan holds, counted while it is written. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ml_connector.hubspot.counts import LoadCounts
from ml_connector.plan.changes import Changes
from ml_connector.plan.operations import Operation
from ml_connector.plan.page import MOST_ITEMS
from ml_connector.plan.view import EntityView

MOST_REASONS = 20
"""Reasons that a plan lists; more would hide the frequent ones."""


@dataclass(slots=True)
class Planned:
    """The operations of one entity: their counts, what they would change, and the first of each kind for a page."""

    view: EntityView
    counts: LoadCounts = field(default_factory=LoadCounts)
    changes: Changes = field(default_factory=Changes)


@dataclass(slots=True)
class Tally:
    """All operations of a plan, by entity, and why some are not sent."""

    entities: dict[str, Planned] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, operations: Iterable[Operation]) -> None:
        """Count operations."""
        for operation in operations:
            planned = self._of(operation)
            planned.counts.read += 1
            planned.counts.done(operation)
            planned.changes.add(operation)
            planned.view.add(operation, MOST_ITEMS)
            if operation.reason:
                self.reasons[f"{operation.action}: {operation.reason}"] += 1

    def _of(self, operation: Operation) -> Planned:
        planned = self.entities.get(operation.entity)
        if planned is None:
            planned = Planned(EntityView(operation.entity, operation.object_type))
            self.entities[operation.entity] = planned
        return planned

    def views(self) -> list[EntityView]:
        """Return what the plan holds, as a page shows it."""
        return [planned.view for planned in self.entities.values()]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counts by entity, as a run's summary has them."""
        return {entity: planned.counts.as_dict() for entity, planned in self.entities.items()}

    def listed_reasons(self) -> str:
        """Return the most frequent reasons as a Markdown list."""
        lines = [f"- {many} x {reason}" for reason, many in self.reasons.most_common(MOST_REASONS)]
        return "\n".join(lines) or "Nothing is skipped, refused or in conflict."
