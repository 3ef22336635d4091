"""Carrying out the plan of an undo with the ordinary loaders: links before records, children before parents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ml_connector.datasets import Dataset
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.ledger.entries import LinkRow
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action, Operation
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.model import OWED
from ml_connector.undo.planning import OPENINGS

BACKWARDS = ("transactions", "payments", "line_items", "invoices", "contacts", "companies")
"""Children before parents, by what they are counted as."""

Counts = Mapping[str, Mapping[str, int]]
"""What became of the operations, by entity."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Operations that are carried out together."""

    entity: str
    object_type: str
    action: Action

    @property
    def is_link(self) -> bool:
        return self.entity.endswith("links")

    @property
    def place(self) -> int:
        names = [one for one, name in enumerate(BACKWARDS) if self.entity.endswith(name)]
        return names[0] if names else len(BACKWARDS)


ORDER: tuple[tuple[bool, frozenset[Action]], ...] = (
    (True, frozenset({Action.UNLINK, Action.SKIP})),
    (False, frozenset({Action.ARCHIVE})),
    (False, frozenset({Action.UPDATE, Action.UNCHANGED, Action.SKIP})),
    (False, frozenset({Action.CREATE})),
    (True, frozenset({Action.LINK})),
)
"""Links or records, and what is done with them, in turn; invoices that go become drafts before all of it."""


class Undoer:
    """Carries out the plan of an undo; its run is the portal's one writer.

    Args:
        records, links: the ordinary loaders of the run.
        journal: its ledger.
        reader: what is known of the run that is undone.
    """

    def __init__(
        self, records: RecordLoader, links: LinkLoader, journal: Journal, reader: UndoReader
    ) -> None:
        self._records = records
        self._links = links
        self._journal = journal
        self._reader = reader

    def carry_out(self, plan: Dataset) -> Counts:
        """Carry out a plan, make the ledger forget what is no more, and return what became of the operations.

        Raises:
            ConnectorError: HubSpot or the ledger cannot be used at all; the next undo of the same run goes on.
        """
        kinds = _kinds(plan)
        counts: dict[str, dict[str, int]] = {}
        for turn in _turns(kinds):
            done = self._load(turn, plan).as_dict()
            mine = counts.setdefault(turn.entity, dict.fromkeys(done, 0))
            for name, many in done.items():
                mine[name] += many
        self._journal.settle(
            [],
            links=[
                LinkRow(from_type, from_key, to_type, to_key, None, None, "", "pending", OWED)
                for from_type, from_key, to_type, to_key in self._reader.owed()
            ],
            forgotten=self._reader.adopted(),
            cleared=[(entity, key, "") for entity, key in self._reader.refused_then()],
        )
        return counts

    def _load(self, kind: _Kind, plan: Dataset) -> LoadCounts:
        operations = _operations(plan, kind)
        if kind.is_link:
            return self._links.load(operations, frozenset())
        return self._records.load(kind.object_type, operations)


def _kinds(plan: Dataset) -> set[_Kind]:
    columns = ("entity", "object_type", "action")
    return {
        _Kind(row["entity"], row["object_type"], Action(row["action"])) for row in plan.rows(list(columns))
    }


def _turns(kinds: set[_Kind]) -> list[_Kind]:
    """Return the kinds in the order in which they are carried out."""

    def turn(kind: _Kind) -> tuple[int, int, str, str]:
        if kind.entity == OPENINGS:
            return -1, 0, kind.object_type, str(kind.action)
        place = next(
            number
            for number, (links, actions) in enumerate(ORDER)
            if kind.is_link is links and kind.action in actions
        )
        return place, kind.place, kind.object_type, str(kind.action)

    return sorted(kinds, key=turn)


def _operations(plan: Dataset, kind: _Kind) -> Iterator[Operation]:
    for row in plan.rows(where=("entity", kind.entity)):
        if (row["object_type"], row["action"]) == (kind.object_type, kind.action):
            yield Operation.from_row(row)
