"""The plan for invoices, credit notes and debit notes: the documents, and with each its lines, links and opening.

A new document is made as a draft and opened once it is whole. Memory holds one chunk of documents, the keys of all,
and what the run's other plans bring.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.mapped_properties import require
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.queries import KnownLink, LedgerReader
from ml_connector.plan.billing_contacts import ContactChooser, named
from ml_connector.plan.deal_search import DealFinder
from ml_connector.plan.invoice_deals import DealChooser, remembered
from ml_connector.plan.invoice_links import Document, InvoiceLinks
from ml_connector.plan.late import DAYS_OVERDUE, LateInvoices
from ml_connector.plan.later_contacts import LaterContacts
from ml_connector.plan.lines import DueLine, LinePlanner, Parent
from ml_connector.plan.links import by_owner
from ml_connector.plan.openings import DRAFT, NOT_WHOLE_YET, PENDING_REASON, STATUS, earlier_drafts, opening
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.owned import Item, Kind, OwnedPlanner, Planned
from ml_connector.plan.taken import NotTaken, given_up
from ml_connector.plan.upcoming import Upcoming
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.model import Properties
from ml_connector.settings import ConnectionSettings

OBJECT = "invoices"

CHUNK = 1000
"""Documents planned at once, with their lines."""

DEALS_CHANGED = timedelta(days=2)
"""How far back deals count as changed, at least: one may come days before or after the last run's look."""


GIVEN_UP = "the customer of its document does not travel any more"


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a plan is made.

    Args:
        partition: the newest window of the run.
        as_of: the last day of that window, to which days overdue are counted.
        now: the moment of planning (aware).
    """

    partition: str
    as_of: date
    now: datetime


class InvoicePlanner:
    """Plans the documents of one connection.

    Args:
        settings: rules of currencies and deals.
        ledger: what was sent before.
        documents: what the ledger knows of documents.
        client: reads the portal.
        currencies: ISO codes of the currencies the portal has.
        upcoming: what the run's plans of companies and contacts bring.
        occasion: when the plan is made.
        due_lines: lines that HubSpot refused before.
        not_taken: tells which customers do not travel; None where all do.

    Raises:
        UsageError: the portal lacks a property or option that the settings name.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        ledger: LedgerReader,
        documents: DocumentReader,
        client: HubSpotClient,
        *,
        currencies: Collection[str],
        upcoming: Upcoming,
        occasion: Occasion,
        due_lines: Iterable[DueLine] = (),
        not_taken: NotTaken | None = None,
    ) -> None:
        require(settings, OBJECT, client)
        self._not_taken = not_taken
        self._settings = settings
        self._ledger = ledger
        self._documents = documents
        self._currencies = frozenset(currencies)
        self._occasion = occasion
        self._newest = not documents.has_newer_window(occasion.partition)
        late = {one.key: one for one in documents.late(occasion.as_of)} if self._newest else {}
        alone = self._alone(late)
        self._late = LateInvoices({key: one for key, one in late.items() if key not in alone})
        kind = Kind(
            "invoices", OBJECT, "visma_invoice_id", frozenset({DAYS_OVERDUE}), _as_a_draft, self._against
        )
        self._owned = OwnedPlanner(kind, ledger, client)
        self._lines = LinePlanner(ledger, client, due_lines)
        self._deals = DealChooser(settings.deals, ledger, DealFinder(client, settings.deals, settings.zone))
        contacts = ContactChooser(ledger, upcoming)
        self._links = InvoiceLinks(settings.deals, ledger, contacts, self._deals, upcoming.companies)
        self._contacts = LaterContacts(ledger, documents, contacts, upcoming)

    @property
    def dropped(self) -> set[str]:
        """Names of values that the portal does not let be written."""
        return self._owned.dropped | self._lines.dropped

    def plan(self, records: Iterable[InvoiceRecord], unknown: int) -> Iterator[Operation]:
        """Yield the operations of all kinds, those on one document and its lines and links near each other.

        Args:
            records: the documents, each once.
            unknown: how many of them have no identity yet; decides how the portal is looked through.
        """
        partition = self._occasion.partition
        planned: set[str] = set()
        for operation in self.documents(records, unknown):
            if operation.entity == "invoices" and operation.action is not Action.SKIP:
                planned.add(operation.key)
            yield operation
        yield from self._lines.give_up(self._alone(self._lines.due), GIVEN_UP, partition)
        yield from self._lines.plan_due()
        yield from self._late.rest(partition)
        yield from self._contacts.links(planned, partition, self._alone)
        yield from self._links.owed(planned, partition, self._alone, settled=self._contacts.settled)
        drafts = self._documents.drafts()
        alone = self._alone([draft.key for draft in drafts])
        yield from earlier_drafts(drafts, planned | alone, partition)
        yield from self._deals.later(
            self._documents,
            since=self._deals_since(),
            dated=self._occasion.as_of - timedelta(days=self._settings.deals.days),
            planned=self._links.asked,
            partition=partition,
            alone=self._alone,
        )

    def documents(self, records: Iterable[InvoiceRecord], unknown: int) -> Iterator[Operation]:
        """Yield the operations on the documents, their lines, links and openings, and nothing else that is due.

        The arguments are those of :meth:`plan`.
        """
        self._owned.prepare(unknown)
        for chunk in chunks(records, CHUNK):
            yield from self._plan_chunk(chunk, unknown)

    def _alone(self, keys: Collection[str]) -> set[str]:
        """Return the documents that are left alone, as their customers do not travel any more."""
        return given_up(self._not_taken, self._ledger, OBJECT, keys)

    def _deals_since(self) -> datetime:
        usual = self._occasion.now - DEALS_CHANGED
        last = self._documents.last_end()
        return min(usual, last) if last is not None else usual

    def _plan_chunk(self, records: Sequence[InvoiceRecord], unknown: int) -> Iterator[Operation]:
        """Yield the operations on some documents, then those on their lines and links, then their openings."""
        sendable = {record.key: self._in_currency(record) for record in records}
        customers = (record.customer for record in records if record.customer)
        left_out = self._not_taken.reasons(customers) if self._not_taken is not None else {}
        planned = self._owned.plan(
            [
                self._item(record, sendable[record.key], left_out.get(record.customer or ""))
                for record in records
            ]
        )
        for one in planned:
            if one.operation.action in (Action.REJECT, Action.CONFLICT):
                self._lines.forget_due(one.operation.key)
            yield self._late.applied(one.operation)
        alive = [one for one in planned if one.alive]
        keys = [one.item.key for one in alive]
        links = by_owner(self._ledger.links_of(OBJECT, keys))
        statuses = self._ledger.values_of(OBJECT, keys, (STATUS,))
        documents = [self._document(sendable[one.item.key], one, links, statuses) for one in alive]
        yield from self._lines.plan([_parent(one) for one in documents])
        yield from self._links.plan(documents, unknown)
        for document in documents:
            if document.draft:
                yield _opening(document)

    def _in_currency(self, record: InvoiceRecord) -> InvoiceRecord:
        """Return a document in a currency the portal has, where the settings let it; others are refused later."""
        converts = self._settings.invoices.convert_currency
        if record.currency in self._currencies or record.in_base is None or not converts:
            return record
        return record.converted() if record.in_base.currency in self._currencies else record

    def _item(self, original: InvoiceRecord, record: InvoiceRecord, left_out: str | None) -> Item:
        """Return a document to plan; what is stored to try it again is the original, not the one converted.

        ``left_out`` is why its customer does not travel, or None.
        """
        return Item(
            key=record.key,
            stamp=record.stamp,
            partition=record.partition,
            wanted=record.properties,
            row=original.to_row,
            refusal=None if left_out else self._refusal(record),
            skip=left_out or record.skip,
            left_out="it was voided before it was ever sent" if record.voided else None,
            remembered={**remembered(record), **named(record)} if record.properties else {},
        )

    def _refusal(self, record: InvoiceRecord) -> str | None:
        """Return why a document cannot be sent, None where it can."""
        if record.refusal or record.skip or record.voided:
            return record.refusal
        if record.customer is None:
            return "it names no customer"
        if record.currency not in self._currencies:
            return f"the portal has no currency {record.currency}"
        return None

    def _against(self, wanted: Properties, held: Properties) -> Properties:
        """Return what is compared: a draft keeps its status, and an old window tells no days overdue."""
        apart = {STATUS} if held.get(STATUS) == DRAFT else set()
        apart |= set() if self._newest else {DAYS_OVERDUE}
        return {name: value for name, value in wanted.items() if name not in apart}

    @staticmethod
    def _document(
        record: InvoiceRecord,
        planned: Planned,
        links: Mapping[str, Mapping[str, KnownLink]],
        statuses: Mapping[str, Properties],
    ) -> Document:
        held = planned.found.properties if planned.found is not None else statuses.get(record.key)
        draft = held is None or held.get(STATUS) == DRAFT
        return Document(record, planned, links.get(record.key, {}), draft=draft)


ONLY_WHEN_MADE = {"hs_invoice_billable": "false"}
"""HubSpot must never mail a customer, and whether it is billable can only be said then (reference: hubspot 5)."""


def _as_a_draft(wanted: Properties) -> Properties:
    """Return what a new invoice is made with, which is not whole yet."""
    return {**wanted, STATUS: DRAFT, **ONLY_WHEN_MADE, PENDING_REASON: NOT_WHOLE_YET}


def _parent(document: Document) -> Parent:
    found = document.planned.found
    return Parent(document.record, found.id if found is not None else None, document.links)


def _opening(document: Document) -> Operation:
    operation = document.planned.operation
    return opening(
        operation.key,
        str(document.record.properties[STATUS]),
        operation.partition,
        hubspot_id=operation.hubspot_id,
        stamp=operation.stamp,
        fingerprint=operation.fingerprint,
    )
