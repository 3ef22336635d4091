"""What became of the operations of a plan, in numbers that add up."""

from dataclasses import dataclass, field

from ml_connector.causes.catalogue import cause_of_reason
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.plan.operations import Action, Operation

_OF_ACTION = {
    Action.CREATE: "created",
    Action.LINK: "created",
    Action.UPDATE: "updated",
    Action.OPEN: "updated",
    Action.ARCHIVE: "archived",
    Action.UNLINK: "archived",
    Action.UNCHANGED: "unchanged",
    Action.SKIP: "skipped",
    Action.CONFLICT: "conflicts",
    Action.REJECT: "rejected",
}


SAMPLES = 5
"""Written records a run shows by name, and records named for each cause."""


@dataclass(slots=True)
class Blamed:
    """Operations that ended badly for one cause: how many, and the keys of the first few."""

    many: int = 0
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class LoadCounts:
    """What became of the operations of one entity; ``read`` is the sum of the others.

    ``archived`` counts records and links that were taken away. ``causes`` says by its name in the catalogue why
    operations ended badly; ``samples`` are a few records that were written, key to HubSpot id.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    archived: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    pending: int = 0
    conflicts: int = 0
    causes: dict[str, Blamed] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)

    def done(self, operation: Operation, written: str | None = None, *, existed: bool = False) -> None:
        """Count an operation that ended as planned.

        Args:
            operation: the operation.
            written: the HubSpot record it was confirmed on.
            existed: HubSpot says that the record of a create was there already, so it was updated.
        """
        name = "updated" if existed and operation.action is Action.CREATE else _OF_ACTION[operation.action]
        setattr(self, name, getattr(self, name) + 1)
        if written and len(self.samples) < SAMPLES:
            self.samples[operation.key] = written
        if operation.action in (Action.CONFLICT, Action.REJECT):
            self._blame(cause_of_reason(operation.reason), operation.key)

    def ended_badly(self, outcome: Outcome, key: str) -> None:
        """Count an operation that HubSpot refused, or did not confirm."""
        if outcome.status is OutcomeStatus.REJECTED:
            self.rejected += 1
        else:
            self.pending += 1
        self._blame(outcome.cause, key)

    def waiting(self, reason: str, key: str) -> None:
        """Count an operation that waits for another record, with what it waits for in plain words."""
        self.pending += 1
        self._blame(cause_of_reason(reason), key)

    def _blame(self, cause: str, key: str) -> None:
        blamed = self.causes.setdefault(cause, Blamed())
        blamed.many += 1
        if len(blamed.keys) < SAMPLES:
            blamed.keys.append(key)

    @property
    def bad(self) -> int:
        """How many did not go through."""
        return self.rejected + self.pending + self.conflicts

    def as_dict(self) -> dict[str, int]:
        """Return the counts under the names of the run's summary."""
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "archived": self.archived,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "rejected": self.rejected,
            "pending": self.pending,
            "conflicts": self.conflicts,
        }

    def sentence(self) -> str:
        """Return the equation of the counts for a person."""
        counts = self.as_dict()
        return f"{counts.pop('read')} read = " + " + ".join(f"{many} {name}" for name, many in counts.items())

    @property
    def adds_up(self) -> bool:
        """Whether every record read is accounted for by one of the other counts."""
        counts = self.as_dict()
        return counts.pop("read") == sum(counts.values())
