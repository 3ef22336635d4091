"""The plan for payments and sales transactions: records of ours with links to companies, documents and contacts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.queries import UNWANTED, LedgerReader
from ml_connector.plan.links import Owner, Ties, Wanted, by_owner, link, link_operations, unlink
from ml_connector.plan.operations import SENT, Action, Operation
from ml_connector.plan.owned import Item, Kind, OwnedPlanner
from ml_connector.plan.taken import NotTaken, given_up
from ml_connector.plan.upcoming import UpcomingDocuments
from ml_connector.records.booking_model import PaymentRecord, TransactionRecord
from ml_connector.records.model import Properties

INVOICES = "invoices"
COMPANIES = "companies"
CONTACTS = "contacts"

CHUNK = 2000
"""Records planned at once."""

HELD_BACK = "held_back"
"""The rule of a skip that waits for the portal to take records of its kind."""

RecordT = TypeVar("RecordT", PaymentRecord, TransactionRecord)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a record wants of this portal, or why it cannot be sent there."""

    wanted: Properties
    refusal: str | None = None


def as_it_is(record: PaymentRecord | TransactionRecord) -> Fitted:
    """Return what a record wants wherever it goes."""
    return Fitted(record.properties, record.refusal)


@dataclass(frozen=True, slots=True)
class Booking(Generic[RecordT]):
    """What tells payments from transactions.

    Args:
        kind: how they are known.
        ties: their links.
        documents: returns the keys of the documents a record is about.
        with_contact: whether a record is linked with the contact of its first document.
        fitted: returns what a record wants of this portal.
    """

    kind: Kind
    ties: Ties
    documents: Callable[[RecordT], Sequence[str]]
    with_contact: bool
    fitted: Callable[[RecordT], Fitted] = as_it_is


class BookingPlanner(Generic[RecordT]):
    """Plans the payments or the transactions of one connection.

    Args:
        booking: which of the two.
        ledger: what was sent before.
        client: reads the portal.
        upcoming: what the run's plan of invoices says.
        exists: whether the portal has the object; one that a sync makes first holds nothing yet.
        not_taken: tells which customers do not travel; None where all do.
    """

    def __init__(
        self,
        booking: Booking[RecordT],
        ledger: LedgerReader,
        client: HubSpotClient,
        upcoming: UpcomingDocuments,
        *,
        exists: bool = True,
        not_taken: NotTaken | None = None,
    ) -> None:
        self._booking: Booking[RecordT] = booking
        self._ledger = ledger
        self._upcoming = upcoming
        self._not_taken = not_taken
        self._owned = OwnedPlanner(booking.kind, ledger, client, exists=exists)

    @property
    def dropped(self) -> set[str]:
        """Names of values that the portal does not let be written."""
        return self._owned.dropped

    def plan(self, records: Iterable[RecordT], unknown: int, partition: str) -> Iterator[Operation]:
        """Yield one operation per record and one per link that is to be made or removed.

        Args:
            records: the records, each once.
            unknown: how many of them have no identity yet; decides how the portal is looked through.
            partition: the newest window of the run, into which links go that are owed from before.
        """
        self._owned.prepare(unknown)
        planned: set[str] = set()
        for chunk in chunks(records, CHUNK):
            for operation in self._plan_chunk(chunk):
                if operation.action is not Action.SKIP:
                    planned.add(operation.key)
                yield operation
        yield from self._owed(planned, partition)

    def _plan_chunk(self, records: Sequence[RecordT]) -> Iterator[Operation]:
        by_key = {record.key: record for record in records}
        left_out = self._left_out(records)
        planned = self._owned.plan(
            [
                _item(record, self._booking.fitted(record), left_out.get(record.customer or ""))
                for record in records
            ]
        )
        alive = [one for one in planned if one.alive]
        yield from (one.operation for one in planned)
        keys = [one.item.key for one in alive]
        links = by_owner(self._ledger.links_of(self._booking.ties.from_type, keys))
        named = {key: self._booking.documents(by_key[key]) for key in keys}
        coming = self._coming({document for documents in named.values() for document in documents})
        contacts = self._contacts(documents[0] for documents in named.values() if documents)
        for one in alive:
            record = by_key[one.item.key]
            documents = [document for document in named[record.key] if document in coming]
            wanted = [Wanted(document, INVOICES) for document in documents]
            contact = contacts.get(documents[0]) if documents else None
            if contact is not None:
                wanted.append(Wanted(contact, CONTACTS))
            if record.customer is not None:
                wanted.append(Wanted(record.customer, COMPANIES))
            owner = Owner(record.key, one.operation.hubspot_id, record.partition, tuple(wanted))
            kept = () if contact is not None else (CONTACTS,)
            yield from link_operations(self._booking.ties, owner, links.get(record.key, {}), kept=kept)

    def _left_out(self, records: Sequence[RecordT]) -> Mapping[str, str]:
        """Return why customers of records do not travel, by their keys."""
        if self._not_taken is None:
            return {}
        return self._not_taken.reasons(record.customer for record in records if record.customer is not None)

    def _coming(self, documents: Collection[str]) -> set[str]:
        """Return the documents without those that are never sent, such as one voided before it could be."""
        unknown = documents - self._ledger.identities(INVOICES, documents).keys() - self._upcoming.coming
        left_out = self._ledger.left_out("invoices", unknown) | (unknown & self._upcoming.left_out)
        return set(documents) - left_out

    def _contacts(self, documents: Iterable[str]) -> dict[str, str]:
        """Return the contacts of documents, by the document: as chosen by this run, else as linked."""
        if not self._booking.with_contact:
            return {}
        wanted = list(dict.fromkeys(documents))
        linked = self._ledger.links_of(INVOICES, wanted)
        held = {
            link.from_key: link.to_key
            for link in linked.values()
            if link.to_type == CONTACTS and link.status != UNWANTED
        }
        return held | {key: self._upcoming.contacts[key] for key in wanted if key in self._upcoming.contacts}

    def _owed(self, planned: Collection[str], partition: str) -> Iterator[Operation]:
        """Yield the links that earlier runs could not make or take away, and the end of those that never will be.

        Those are links to documents never sent, and of records whose customer does not travel any more.
        """
        ties = self._booking.ties
        for held in self._ledger.unwanted_links(ties.from_type):
            if held.from_key not in planned:
                yield unlink(ties, held, partition)
        pending = [
            held for held in self._ledger.pending_links(ties.from_type) if held.from_key not in planned
        ]
        documents = {held.to_key for held in pending if held.to_type == INVOICES}
        coming = self._coming(documents)
        alone = given_up(self._not_taken, self._ledger, ties.from_type, [one.from_key for one in pending])
        for held in pending:
            if held.from_key in alone:
                continue
            if held.to_type == INVOICES and held.to_key not in coming:
                yield unlink(ties, held, partition)
            else:
                yield link(ties, held.from_key, Wanted(held.to_key, held.to_type), partition)


def left_alone(records: Iterable[RecordT], kind: Kind, reason: str) -> Iterator[Operation]:
    """Yield a skip with the reason for every record: the portal does not take them."""
    for record in records:
        yield Operation(
            entity=kind.entity,
            object_type=kind.object_type,
            action=Action.SKIP,
            keys=record.keys,
            partition=record.partition,
            rule=None if record.skip else HELD_BACK,
            reason=record.skip or reason,
            stamp=record.stamp,
        )


def not_taken(plan: Iterable[Operation], reason: str) -> Iterator[Operation]:
    """Yield what was to be sent as skips with the reason: the portal turned out, at loading, not to take it."""
    for operation in plan:
        if operation.action in SENT:
            yield replace(operation, action=Action.SKIP, values={}, previous={}, rule=None, reason=reason)
        else:
            yield operation


def _item(record: PaymentRecord | TransactionRecord, fitted: Fitted, left_out: str | None) -> Item:
    """Return a record to plan; ``left_out`` is why its customer does not travel, or None.

    What is stored to try it again is the record as it is, for a portal that may fit by then.
    """
    return Item(
        key=record.key,
        stamp=record.stamp,
        partition=record.partition,
        wanted=fitted.wanted,
        row=record.to_row,
        refusal=None if left_out else fitted.refusal,
        skip=left_out or record.skip,
        left_out="it was voided before it was ever sent" if record.voided else None,
    )
