"""Carrying out a plan: intents into the ledger, batches to HubSpot, outcomes back into the ledger.

Every operation ends in the ledger as done (nothing to send), confirmed, rejected, unknown or pending; the counts of a
load add up to the operations of its plan.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from ml_connector.chunks import chunks
from ml_connector.hubspot.adoption import ADDRESSES, adopted
from ml_connector.hubspot.batches import WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.freshness import NEVER_THERE, as_it_stands, unsent
from ml_connector.hubspot.ledger_rows import (
    identity_rows,
    rejected_row,
    settlement,
    unsendable_row,
    write_input,
)
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.ledger.entries import Entry, IdentityRow, RejectRow
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.decided import RELEASES
from ml_connector.plan.operations import SENT, Action, Operation
from ml_connector.settings.merging import Policy

BATCH = 100
"""Inputs in one write (reference: hubspot 3)."""

CHUNK = 1000
"""Operations taken from the plan at once."""

NOT_TAKEN = "HubSpot does not take"

ADDITIONAL = {"contacts": frozenset(ADDRESSES)}
"""What has to be read, besides the values of a refused create, of the record in its way."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A create that HubSpot refused because the record exists: it names the one to take instead."""

    operation: Operation
    hubspot_id: str


class RecordLoader:
    """Carries out the create, update and archive operations of an object type.

    ``created_ids`` are the HubSpot ids of the records it has made: they have no associations to read yet. ``not_made``
    are the keys of those that HubSpot refused to make, ``not_released`` of those that it did not let go of where a
    person linked them otherwise. ``not_taken`` says why the portal takes no records of the type
    that was tried, None where it does or nothing was tried.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: what other runs have synced since the plan was made.
        run_id: the run; trace ids start with it and are unique for each attempt at a step.
        policies: who wins, per object type and property, on a record that is found to exist only when it is made.
        proposing: object types of which such a record is not taken, but proposed to a person.
    """

    def __init__(
        self,
        client: HubSpotClient,
        journal: Journal,
        ledger: LedgerReader,
        run_id: str,
        policies: Mapping[str, Mapping[str, Policy]] | None = None,
        proposing: Collection[str] = (),
    ) -> None:
        self.created_ids: set[str] = set()
        self.not_made: set[str] = set()
        self.not_released: set[str] = set()
        self.not_taken: str | None = None
        self._client = client
        self._journal = journal
        self._ledger = ledger
        self._policies = policies or {}
        self._proposing = proposing
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"
        self._sequence = 0

    def load(self, object_type: str, plan: Iterable[Operation], *, trial: bool = False) -> LoadCounts:
        """Carry out a plan for one object type and return what became of it.

        Args:
            object_type: such as ``companies``.
            plan: the operations.
            trial: the first create goes out alone; where HubSpot refuses it for no value of its own, the portal does
                not take records of this type, and all creates are skipped with its words.

        Raises:
            ConnectorError: HubSpot or the ledger cannot be used at all; what was sent by then is in the ledger.
        """
        counts = LoadCounts()
        if trial:
            plan = self._after_trial(object_type, plan, counts)
        adoptions = self._carry_out(object_type, plan, counts, adopting=True)
        if adoptions:
            counts.read -= len(adoptions)
            self._carry_out(object_type, self._adopt(object_type, adoptions), counts, adopting=False)
        return counts

    def _after_trial(
        self, object_type: str, plan: Iterable[Operation], counts: LoadCounts
    ) -> Iterator[Operation]:
        """Try the first create and yield the other operations, creates as skips where the portal takes none."""
        tried = False
        for operation in plan:
            current = operation
            if operation.action is Action.CREATE and not tried:
                (current,) = self._still_newest(object_type, [operation])
            if current.action is not Action.CREATE:
                yield current
            elif self.not_taken is not None:
                yield unsent(current, Action.SKIP, self.not_taken, None)
            elif tried:
                yield current
            else:
                tried = True
                self.not_taken = self._try_alone(object_type, current, counts)

    def _try_alone(self, object_type: str, operation: Operation, counts: LoadCounts) -> str | None:
        """Send one create; return why the portal takes no records of its type, None where it does."""
        counts.read += 1
        entry = self._entry(operation)

        def intend(_: Sequence[WriteInput]) -> None:
            self._journal.intend([entry])

        ((_, (outcome,)),) = write_batches(self._client, object_type, [[write_input(entry)]], before=intend)
        if outcome.status is not OutcomeStatus.REJECTED or outcome.names_property:
            self._settle([(entry, outcome)], counts, adopting=False)
            return None
        counts.skipped += 1
        self._journal.settle([settlement(entry, outcome)])
        return f"{NOT_TAKEN} {object_type}: {outcome.message}"

    def _carry_out(
        self, object_type: str, plan: Iterable[Operation], counts: LoadCounts, *, adopting: bool
    ) -> list[Adoption]:
        sent: dict[str, Entry] = {}
        adoptions: list[Adoption] = []

        def intend(inputs: Sequence[WriteInput]) -> None:
            self._journal.intend([sent[item.trace_id] for item in inputs])

        batches = self._batches(object_type, plan, counts, sent)
        for _, outcomes in write_batches(self._client, object_type, batches, before=intend):
            results = [(sent.pop(outcome.trace_id), outcome) for outcome in outcomes]
            adoptions.extend(self._settle(results, counts, adopting=adopting))
        return adoptions

    def _batches(
        self, object_type: str, plan: Iterable[Operation], counts: LoadCounts, sent: dict[str, Entry]
    ) -> Iterator[list[WriteInput]]:
        """Yield batches of one kind each; operations with nothing to send go straight to the ledger."""
        waiting: dict[tuple[bool, str | None], list[WriteInput]] = {}
        for chunk in chunks(plan, CHUNK):
            counts.read += len(chunk)
            entries = [self._entry(operation) for operation in self._still_newest(object_type, chunk)]
            self._note([entry for entry in entries if entry.operation.action not in SENT], counts)
            for entry in entries:
                if entry.operation.action in SENT:
                    sent[entry.trace_id] = entry
                    item = write_input(entry)
                    lane = waiting.setdefault((item.archive, item.id_property), [])
                    lane.append(item)
                    if len(lane) == BATCH:
                        yield waiting.pop((item.archive, item.id_property))
        yield from waiting.values()

    def _still_newest(self, object_type: str, operations: Sequence[Operation]) -> Iterator[Operation]:
        """Yield the operations as they stand now: another run may have synced since they were planned."""
        writing = [key for operation in operations if operation.action in SENT for key in operation.keys]
        known = self._ledger.identities(object_type, writing)
        for operation in operations:
            yield as_it_stands(operation, known) if operation.action in SENT else operation

    def _entry(self, operation: Operation) -> Entry:
        self._sequence += 1
        return Entry(f"{self._trace}-{self._sequence}", operation)

    def _note(self, entries: Sequence[Entry], counts: LoadCounts) -> None:
        operations = [entry.operation for entry in entries]
        for operation in operations:
            counts.done(operation)
        self._journal.note(entries)
        self._journal.settle(
            [],
            identities=[
                row
                for item in operations
                if item.rule and item.hubspot_id and item.action is not Action.REJECT
                for row in identity_rows(item)
            ],
            seen=[
                (item.object_type, item.key, item.stamp)
                for item in operations
                if item.action is Action.UNCHANGED and item.stamp
            ],
            rejects=[
                unsendable_row(item) for item in operations if item.action in (Action.REJECT, Action.CONFLICT)
            ],
            cleared=[
                (item.entity, key, item.stamp)
                for item in operations
                if item.action in (Action.UNCHANGED, Action.SKIP)
                for key in item.keys
            ],
            edited=[item for item in operations if item.action is Action.UNCHANGED],
            forgotten=[
                (item.object_type, key, "")
                for item in operations
                if item.reason == NEVER_THERE
                for key in item.keys
            ],
        )

    def _settle(
        self, results: Sequence[tuple[Entry, Outcome]], counts: LoadCounts, *, adopting: bool
    ) -> list[Adoption]:
        """Write outcomes to the ledger and count them; return the refusals that name a record to adopt instead."""
        identities: list[IdentityRow] = []
        forgotten: list[tuple[str, str, str]] = []
        rejects: list[RejectRow] = []
        cleared: list[tuple[str, str, str]] = []
        adoptions: list[Adoption] = []
        for entry, outcome in results:
            operation = entry.operation
            if outcome.status is OutcomeStatus.CONFIRMED:
                counts.done(operation, outcome.hubspot_id, existed=outcome.created is False)
                if operation.action is Action.ARCHIVE:
                    gone = str(operation.hubspot_id)
                    forgotten.extend((operation.object_type, key, gone) for key in operation.keys)
                else:
                    identities.extend(identity_rows(operation, outcome.hubspot_id))
                cleared.extend((operation.entity, key, operation.stamp) for key in operation.keys)
                if outcome.created and outcome.hubspot_id:
                    self.created_ids.add(outcome.hubspot_id)
            elif adopting and outcome.existing_id and operation.action is Action.CREATE:
                adoptions.append(Adoption(operation, outcome.existing_id))
            else:
                counts.ended_badly(outcome, operation.key)
                rejects.append(rejected_row(operation, outcome))
                if operation.entity == RELEASES:
                    self.not_released.update(operation.keys)
                if outcome.status is OutcomeStatus.REJECTED and operation.action is Action.CREATE:
                    self.not_made.update(operation.keys)
        settlements = [settlement(entry, outcome) for entry, outcome in results]
        written = {entry.trace_id for entry, one in results if one.status is OutcomeStatus.CONFIRMED}
        self._journal.settle(
            settlements,
            identities=identities,
            rejects=rejects,
            cleared=cleared,
            forgotten=forgotten,
            edited=[entry.operation for entry, _ in results if entry.trace_id in written],
        )
        return adoptions

    def _adopt(self, object_type: str, adoptions: Sequence[Adoption]) -> Iterator[Operation]:
        """Yield what to do with records that exist already, from what HubSpot holds now."""
        names = sorted(
            {name for adoption in adoptions for name in adoption.operation.values}
            | ADDITIONAL.get(object_type, frozenset())
        )
        for some in chunks(adoptions, BATCH):
            held = self._client.batch_read(
                object_type, dict.fromkeys(item.hubspot_id for item in some), names
            )
            for item in some:
                yield adopted(
                    item.operation,
                    held.get(item.hubspot_id),
                    policies=self._policies.get(object_type, {}),
                    definitions=self._client.properties(object_type),
                    proposed=object_type in self._proposing,
                )
