"""Carrying out a plan: intents into the ledger, batches to HubSpot, outcomes back into the ledger.

Every operation ends in the ledger as done (nothing to send), confirmed, rejected, unknown or pending; the counts of a
load add up to the operations of its plan.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from ml_connector.chunks import chunks
from ml_connector.hubspot.adoption import ADDRESSES, adopted
from ml_connector.hubspot.batches import WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.hubspot.remedies import remedy_for
from ml_connector.ledger.journal import Entry, IdentityRow, Journal, RejectRow, Settlement
from ml_connector.ledger.queries import Identity, LedgerReader
from ml_connector.plan.known import is_older
from ml_connector.plan.operations import SENT, Action, Operation
from ml_connector.settings import Policy

BATCH = 100
"""Inputs in one write (reference: hubspot 3)."""

CHUNK = 1000
"""Operations taken from the plan at once."""

OVERTAKEN = "another run synced a newer version since this was planned"
CARRIED_OUT = "this was carried out since it was planned"

ADDITIONAL = {"companies": frozenset[str](), "contacts": frozenset(ADDRESSES)}
"""What has to be read, besides the values of a refused create, of the record in its way."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A create that HubSpot refused because the record exists: it names the one to take instead."""

    operation: Operation
    hubspot_id: str


class RecordLoader:
    """Carries out the create and update operations of one object type.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: what other runs have synced since the plan was made.
        run_id: the run; trace ids start with it and are unique for each attempt at a step.
        policies: who wins, per object type and property, on a record that is found to exist only when it is made.
    """

    def __init__(
        self,
        client: HubSpotClient,
        journal: Journal,
        ledger: LedgerReader,
        run_id: str,
        policies: Mapping[str, Mapping[str, Policy]] | None = None,
    ) -> None:
        self.created_ids: set[str] = set()
        self._client = client
        self._journal = journal
        self._ledger = ledger
        self._policies = policies or {}
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"
        self._sequence = 0

    def load(self, object_type: str, plan: Iterable[Operation]) -> LoadCounts:
        """Carry out a plan for one object type and return what became of it.

        Raises:
            ConnectorError: HubSpot or the ledger cannot be used at all; what was sent by then is in the ledger.
        """
        counts = LoadCounts()
        adoptions = self._carry_out(object_type, plan, counts, adopting=True)
        if adoptions:
            counts.read -= len(adoptions)
            self._carry_out(object_type, self._adopt(object_type, adoptions), counts, adopting=False)
        return counts

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
        waiting: dict[str | None, list[WriteInput]] = {}
        for chunk in chunks(plan, CHUNK):
            counts.read += len(chunk)
            entries = [self._entry(operation) for operation in self._still_newest(object_type, chunk)]
            self._note([entry for entry in entries if entry.operation.action not in SENT], counts)
            for entry in entries:
                if entry.operation.action in SENT:
                    sent[entry.trace_id] = entry
                    lane = waiting.setdefault(entry.operation.id_property, [])
                    lane.append(write_input(entry))
                    if len(lane) == BATCH:
                        yield waiting.pop(entry.operation.id_property)
        yield from waiting.values()

    def _still_newest(self, object_type: str, operations: Sequence[Operation]) -> Iterator[Operation]:
        """Yield the operations, as skips where another run has synced a newer version since they were planned."""
        writing = [key for operation in operations if operation.action in SENT for key in operation.keys]
        known = self._ledger.identities(object_type, writing)
        for operation in operations:
            # A contact's stamp is that of the row that names it; the other keys share its mailbox only.
            compared = operation.keys if object_type == "companies" else operation.keys[:1]
            mine = [known[key] for key in compared if key in known]
            if operation.action in SENT and is_older(operation.stamp, mine):
                yield replace(
                    operation, action=Action.SKIP, values={}, previous={}, rule=None, reason=OVERTAKEN
                )
            elif operation.action in SENT and _carried_out(operation, known):
                yield replace(
                    operation,
                    action=Action.UNCHANGED,
                    hubspot_id=known[operation.key].hubspot_id,
                    values={},
                    previous={},
                    rule=None,
                    reason=CARRIED_OUT,
                )
            else:
                yield operation

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
                row for item in operations if item.rule and item.hubspot_id for row in identity_rows(item)
            ],
            seen=[
                (item.object_type, item.key, item.stamp)
                for item in operations
                if item.action is Action.UNCHANGED and item.stamp
            ],
            rejects=[
                _refused(item) for item in operations if item.action in (Action.REJECT, Action.CONFLICT)
            ],
            cleared=[
                (item.entity, key)
                for item in operations
                if item.action in (Action.UNCHANGED, Action.SKIP)
                for key in item.keys
            ],
        )

    def _settle(
        self, results: Sequence[tuple[Entry, Outcome]], counts: LoadCounts, *, adopting: bool
    ) -> list[Adoption]:
        """Write outcomes to the ledger and count them; return the refusals that name a record to adopt instead."""
        identities: list[IdentityRow] = []
        rejects: list[RejectRow] = []
        cleared: list[tuple[str, str]] = []
        adoptions: list[Adoption] = []
        for entry, outcome in results:
            operation = entry.operation
            if outcome.status is OutcomeStatus.CONFIRMED:
                counts.done(operation, outcome.hubspot_id)
                identities.extend(identity_rows(operation, outcome.hubspot_id))
                cleared.extend((operation.entity, key) for key in operation.keys)
                if outcome.created and outcome.hubspot_id:
                    self.created_ids.add(outcome.hubspot_id)
            elif adopting and outcome.existing_id and operation.action is Action.CREATE:
                adoptions.append(Adoption(operation, outcome.existing_id))
            else:
                if outcome.status is OutcomeStatus.REJECTED:
                    counts.refused(outcome.message or "HubSpot refused it and gave no reason", operation.key)
                else:
                    counts.waiting("HubSpot did not say what became of it", operation.key)
                rejects.append(_rejected(operation, outcome))
        settlements = [settlement(entry, outcome) for entry, outcome in results]
        self._journal.settle(settlements, identities=identities, rejects=rejects, cleared=cleared)
        return adoptions

    def _adopt(self, object_type: str, adoptions: Sequence[Adoption]) -> Iterator[Operation]:
        """Yield what to do with records that exist already, from what HubSpot holds now."""
        names = sorted(
            {name for adoption in adoptions for name in adoption.operation.values} | ADDITIONAL[object_type]
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
                )


def _carried_out(operation: Operation, known: Mapping[str, Identity]) -> bool:
    """Return whether what a plan wants was synced after it was made: by another run, or when it was loaded before."""
    mine = [known[key] for key in operation.keys if key in known]
    return len(mine) == len(operation.keys) and all(
        identity.fingerprint == operation.fingerprint and identity.hubspot_id == mine[0].hubspot_id
        for identity in mine
    )


def write_input(entry: Entry) -> WriteInput:
    """Return an operation as an input of a batch: an upsert on the unique id for a create, else an update by id."""
    operation = entry.operation
    properties = {name: value or "" for name, value in operation.values.items()}
    if operation.id_property is None:
        return WriteInput(entry.trace_id, operation.key, properties, str(operation.hubspot_id), None)
    unique = properties.pop(operation.id_property)
    return WriteInput(entry.trace_id, operation.key, properties, unique, operation.id_property)


def identity_rows(operation: Operation, hubspot_id: str | None = None) -> list[IdentityRow]:
    """Return what is known of each Visma key once an operation stands: all are the same HubSpot record."""
    found = hubspot_id or operation.hubspot_id
    if found is None:
        return []
    return [
        IdentityRow(
            object_type=operation.object_type,
            key=key,
            hubspot_id=found,
            email=operation.email,
            fingerprint=operation.fingerprint,
            values={**operation.remembered, **operation.values},
            stamp=operation.stamp,
        )
        for key in operation.keys
    ]


def settlement(entry: Entry, outcome: Outcome) -> Settlement:
    """Return the ledger's line for an outcome."""
    return Settlement(
        entry=entry,
        status=str(outcome.status),
        hubspot_id=outcome.hubspot_id,
        http_status=outcome.http_status,
        category=outcome.category,
        message=outcome.message,
        correlation_id=outcome.correlation_id,
    )


def _rejected(operation: Operation, outcome: Outcome) -> RejectRow:
    cause = outcome.category or str(outcome.status)
    message = outcome.message or "HubSpot did not confirm it and it could not be read back."
    return RejectRow(
        entity=operation.entity,
        key=operation.key,
        cause=cause,
        message=message,
        remedy=remedy_for(cause),
        record=operation.record,
        partition=operation.partition,
    )


def _refused(operation: Operation) -> RejectRow:
    cause = "CONFLICT_FOR_A_PERSON" if operation.action is Action.CONFLICT else "CANNOT_BE_SENT"
    return RejectRow(
        entity=operation.entity,
        key=operation.key,
        cause=cause,
        message=operation.reason or "",
        remedy=remedy_for(cause),
        record=operation.record,
        partition=operation.partition,
    )
