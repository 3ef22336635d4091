"""The shapes an undo works with: what a run wrote, what came after it, and what stays with the reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.plan.changes import PASSING
from ml_connector.plan.openings import PENDING_REASON
from ml_connector.plan.operations import Action, Values

PREFIX = "undo_"
"""Begins the entities of an undo's operations, so that nothing takes them for those of a sync."""

RULE = "undo"
"""Stands in the ledger where another operation has the name of the rule that matched."""

ADOPTION = "undo_adoption"
"""The rule of an operation after which a Visma key is no HubSpot record any more: that run had linked the two."""

OWED = "it was owed before that run, and is again"
"""The reason of a link that is taken away and then waits, as it did before the run."""

MENDED = "a person linked it with another HubSpot record; `conflicts` links it back"
"""The reason of what a repair of a wrong link wrote: half of it taken back would leave the record nowhere."""

BOOKKEEPING = PASSING | {PENDING_REASON}
"""Properties that runs keep up by themselves: a later write of nothing else is no use made of a record."""

RECORDS = {"purchases": "companies", "openings": "invoices"}
"""What the entities that write to records of others are undone as."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row of the ledger that wrote to a HubSpot record, or may have.

    Args:
        id: its place in the order of all.
        run_id: the run.
        undoes: the run that this one undid, None for other runs.
        entity, key, object_type, action, status, partition: as in the ledger.
        hubspot_id: the record.
        created: of a create, whether HubSpot made the record; None where it did not say.
        values: what was written; of another run than the one to undo only the names count.
        previous: what it replaced, by the names that are known.
    """

    id: int
    run_id: str
    undoes: str | None
    entity: str
    key: str
    object_type: str
    action: str
    status: str
    partition: str
    hubspot_id: str
    created: bool | None
    values: Values
    previous: Values


@dataclass(frozen=True, slots=True)
class Written:
    """All that a run wrote to one HubSpot record, in order."""

    object_type: str
    hubspot_id: str
    writes: Sequence[Write]

    @property
    def entity(self) -> str:
        """What it is undone as."""
        entity = self.writes[0].entity
        return PREFIX + RECORDS.get(entity, entity)

    @property
    def create(self) -> Write | None:
        """The create among the writes."""
        return next((one for one in self.writes if one.action == Action.CREATE), None)

    @property
    def made(self) -> bool:
        """Whether the run made the record: HubSpot said so."""
        return self.create is not None and bool(self.create.created)

    @property
    def archived(self) -> Write | None:
        """The write that put the record into the recycle bin."""
        return next((one for one in self.writes if one.action == Action.ARCHIVE), None)

    @property
    def values(self) -> dict[str, str]:
        """What the run left in the record; empty text for a value that it cleared."""
        left: dict[str, str] = {}
        for write in self.writes:
            left.update({name: value or "" for name, value in write.values.items()})
        return left

    @property
    def before(self) -> dict[str, str | None]:
        """What was there before the run, by the names that the ledger knows it of."""
        known: dict[str, str | None] = {}
        unknown: set[str] = set()
        for write in self.writes:
            for name in write.values:
                if name not in known and name not in unknown:
                    if name in write.previous:
                        known[name] = write.previous[name]
                    else:
                        unknown.add(name)
        return known


@dataclass(frozen=True, slots=True)
class Claim:
    """A Visma key that stands for a HubSpot record, as the ledger knows it.

    ``by_run`` says whether the run that is undone linked the two, ``later`` names a run that did after it.
    """

    key: str
    fingerprint: str
    by_run: bool
    later: str | None


@dataclass(frozen=True, slots=True)
class Since:
    """What runs of ours did to a record after the run that is undone: the last to write each property, by name.

    What an undo took back counts as never done, and what earlier undos of the same run did is none of it.
    """

    writers: Mapping[str, str] = field(default_factory=dict)

    @property
    def used_by(self) -> str | None:
        """The last run that wrote more than it keeps up by itself, None where none did."""
        return next((run for name, run in self.writers.items() if name not in BOOKKEEPING), None)


def since(run_id: str, writes: Iterable[Write]) -> Since:
    """Return what the writes to one record that followed a run's amount to.

    Args:
        run_id: the run that is undone.
        writes: of other runs, in their order.
    """
    stacks: dict[str, list[str]] = {}
    for write in writes:
        if run_id in (write.run_id, write.undoes):
            continue
        for name in write.values:
            stack = stacks.setdefault(name, [])
            if write.undoes in stack:
                stack.remove(str(write.undoes))
            elif write.undoes is None:
                stack.append(write.run_id)
    return Since({name: stack[-1] for name, stack in stacks.items() if stack})


@dataclass(frozen=True, slots=True)
class Kept:
    """Why something that a run wrote stays: in plain words, and the later run that it is because of, if one."""

    reason: str
    run_id: str | None = None


def named(run_id: str) -> str:
    """Return a run as sentences name it."""
    return f"run {run_id[:8]}"
