"""Opening invoices: a draft gets its status once all that belongs to it is in HubSpot, else it says what is missing.

Nobody in HubSpot shall see an invoice as open or paid that lacks a line or its company.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from ml_connector.chunks import chunks
from ml_connector.hubspot.batches import BATCH_SIZE, WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.freshness import CARRIED_OUT, OVERTAKEN
from ml_connector.hubspot.ledger_rows import identity_rows, rejected_row, settlement, write_input
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.ledger.entries import Entry, IdentityRow, RejectRow, Settlement
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.wholeness import Draft, Obstacle, WholenessReader
from ml_connector.plan.known import is_older
from ml_connector.plan.operations import Action, Operation

CHUNK = 5000
"""Invoices the ledger is asked about at once."""

INVOICES = "invoices"
REASON = "visma_pending_reason"
NOT_THERE = Obstacle("the invoice is not in HubSpot yet", "it is not in HubSpot yet")


@dataclass(frozen=True, slots=True)
class _Step:
    """An opening as it stands now. With an obstacle it waits, and what is to be written is the reason if it is new."""

    entry: Entry
    obstacle: Obstacle | None = None

    @property
    def operation(self) -> Operation:
        """The operation, with what is to be written."""
        return self.entry.operation


class Openings:
    """Carries out the openings of a plan; load lines and links before.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: says what an invoice lacks.
        run_id: the run; trace ids start with it and are unique for each attempt at a step.
    """

    def __init__(self, client: HubSpotClient, journal: Journal, ledger: WholenessReader, run_id: str) -> None:
        self._client = client
        self._journal = journal
        self._ledger = ledger
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"
        self._sequence = 0

    def load(self, plan: Iterable[Operation]) -> LoadCounts:
        """Open the invoices that are whole, note the reason on the others, and return what became of them.

        An invoice that is opened counts as updated, one that is not whole as pending; it is planned again in every run.

        Raises:
            ConnectorError: HubSpot or the ledger cannot be used at all; what was sent by then is in the ledger.
        """
        counts = LoadCounts()
        for some in chunks(plan, CHUNK):
            unique = list({operation.key: operation for operation in some}.values())
            counts.read += len(unique)
            self._load_chunk(unique, counts)
        return counts

    def _load_chunk(self, operations: Sequence[Operation], counts: LoadCounts) -> None:
        steps = list(self._steps(operations))
        self._note([step.entry for step in steps if step.operation.action is not Action.OPEN], counts)
        waiting = [step for step in steps if step.operation.action is Action.OPEN]
        self._wait([step for step in waiting if not step.operation.values], counts)
        sent = {step.entry.trace_id: step for step in waiting if step.operation.values}

        def intend(batch: Sequence[WriteInput]) -> None:
            self._journal.intend([sent[item.trace_id].entry for item in batch])

        batches = chunks((write_input(step.entry) for step in sent.values()), BATCH_SIZE)
        for _, outcomes in write_batches(self._client, INVOICES, batches, before=intend):
            self._settle([(sent[outcome.trace_id], outcome) for outcome in outcomes], counts)

    def _steps(self, operations: Sequence[Operation]) -> Iterator[_Step]:
        keys = [operation.key for operation in operations]
        drafts, obstacles = self._ledger.drafts(keys), self._ledger.obstacles(keys)
        for operation in operations:
            key = operation.key
            obstacle = obstacles.get(key) if key in drafts else NOT_THERE
            self._sequence += 1
            entry = Entry(
                f"{self._trace}-{self._sequence}", _as_it_stands(operation, drafts.get(key), obstacle)
            )
            yield _Step(entry, obstacle)

    def _note(self, entries: Sequence[Entry], counts: LoadCounts) -> None:
        """Note openings that another run has carried out or overtaken."""
        for entry in entries:
            counts.done(entry.operation)
        self._journal.note(entries)
        self._journal.settle(
            [], cleared=[(entry.operation.entity, entry.operation.key, "") for entry in entries]
        )

    def _wait(self, steps: Sequence[_Step], counts: LoadCounts) -> None:
        """Note invoices that are not whole for a reason that stands in HubSpot already."""
        self._journal.intend([step.entry for step in steps])
        self._journal.settle([_pending(step, counts) for step in steps])

    def _settle(self, results: Sequence[tuple[_Step, Outcome]], counts: LoadCounts) -> None:
        """Write outcomes to the ledger and count them."""
        settlements: list[Settlement] = []
        identities: list[IdentityRow] = []
        rejects: list[RejectRow] = []
        cleared: list[tuple[str, str, str]] = []
        for step, outcome in results:
            operation = step.operation
            confirmed = outcome.status is OutcomeStatus.CONFIRMED
            if confirmed:
                identities.extend(identity_rows(operation, outcome.hubspot_id))
            if step.obstacle is not None:
                settlements.append(_pending(step, counts))
                continue
            settlements.append(settlement(step.entry, outcome))
            if confirmed:
                counts.done(operation, outcome.hubspot_id)
                cleared.append((operation.entity, operation.key, ""))
            else:
                counts.ended_badly(outcome, operation.key)
                rejects.append(rejected_row(operation, outcome))
        self._journal.settle(settlements, identities=identities, rejects=rejects, cleared=cleared)


def _as_it_stands(operation: Operation, draft: Draft | None, obstacle: Obstacle | None) -> Operation:
    """Return what is to be done now; one that waits has the reason to write, or nothing where it stands already.

    It says only what it writes: the ledger keeps its stamp and fingerprint, which an earlier load has set.
    """
    if operation.action is not Action.OPEN:
        return operation
    if draft is None:
        return replace(operation, values={}, previous={})
    part = replace(
        operation, hubspot_id=draft.identity.hubspot_id, id_property=None, stamp="", fingerprint=""
    )
    if draft.status not in (None, "", "draft"):
        return replace(part, action=Action.UNCHANGED, values={}, reason=CARRIED_OUT)
    if is_older(operation.stamp, [draft.identity]):
        return replace(part, action=Action.SKIP, values={}, reason=OVERTAKEN)
    if obstacle is None:
        return part
    new = obstacle.sentence != draft.reason
    return replace(part, values={REASON: obstacle.sentence} if new else {}, previous={REASON: draft.reason})


def _pending(step: _Step, counts: LoadCounts) -> Settlement:
    """Count an invoice that is not whole and return its line for the ledger."""
    obstacle = step.obstacle or NOT_THERE
    counts.waiting(obstacle.cause, step.operation.key)
    return Settlement(step.entry, "pending", message=obstacle.sentence)
