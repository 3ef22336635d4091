"""The plan for an invoice's links: its lines, its contact, its deal, its company; and those owed from before."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.ledger.queries import KnownLink, LedgerReader
from ml_connector.plan.billing_contacts import OBJECT as CONTACTS
from ml_connector.plan.billing_contacts import Ask, ContactChooser
from ml_connector.plan.deal_search import OBJECT as DEALS
from ml_connector.plan.invoice_deals import Choice, DealChooser, bill_of, deal_operations
from ml_connector.plan.lines import INVOICE_TIES
from ml_connector.plan.lines import OBJECT as LINES
from ml_connector.plan.links import (
    CONFIRMED,
    Owner,
    Wanted,
    by_owner,
    leading_to,
    link,
    link_operations,
    owed,
    unlink,
)
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.owned import Planned
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.settings.money import DealSettings

COMPANIES = "companies"

DEAL_CLUES = frozenset({"visma_amount", "visma_vat_amount", "hs_currency", "hs_purchase_order_number"})
"""Values whose change may make another deal the right one."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is, or is going to be, in HubSpot.

    Args:
        record: the document.
        planned: what would be done with it.
        links: its links in the ledger, by the key they lead to.
        draft: whether it is a draft in HubSpot, or will be made as one.
    """

    record: InvoiceRecord
    planned: Planned
    links: Mapping[str, KnownLink]
    draft: bool

    @property
    def key(self) -> str:
        """The record's name everywhere."""
        return self.record.key


class InvoiceLinks:
    """Plans the links of invoices.

    Args:
        settings: rules of deals.
        ledger: which links stand.
        contacts: chooses contacts.
        deals: chooses deals.
        companies: HubSpot ids of companies that this run's plan found, by key.
    """

    def __init__(
        self,
        settings: DealSettings,
        ledger: LedgerReader,
        contacts: ContactChooser,
        deals: DealChooser,
        companies: Mapping[str, str],
    ) -> None:
        self.asked: set[str] = set()
        """Keys of the invoices whose deals were chosen in this run."""
        self._settings = settings
        self._ledger = ledger
        self._contacts = contacts
        self._deals = deals
        self._companies = companies

    def plan(self, documents: Sequence[Document], expected: int) -> Iterator[Operation]:
        """Yield the links to make and to remove.

        Args:
            documents: the invoices.
            expected: how many invoices the run is going to ask deals for, as far as is known.
        """
        contacts = self._contacts.choose(
            [_ask(document.record) for document in documents],
            {document.key: document.links for document in documents},
        )
        deals = self._choose_deals([one for one in documents if _asks_for_deal(one)], expected)
        for document in documents:
            wanted = (
                *(Wanted(line.key, LINES) for line in document.record.lines),
                *_contact(document, contacts.get(document.key)),
                *self._deal(document, deals),
                *_company(document.record),
            )
            operation = document.planned.operation
            owner = Owner(document.key, operation.hubspot_id, operation.partition, wanted)
            yield from link_operations(INVOICE_TIES, owner, document.links, kept={LINES})
            choice = deals.get(document.key)
            if choice is not None and choice.wanted is None:
                yield from deal_operations(document.key, choice, operation.partition)

    def _choose_deals(self, documents: Sequence[Document], expected: int) -> dict[str, Choice]:
        if not documents or not self._settings.rules:
            return {}
        self.asked.update(document.key for document in documents)
        customers = {document.record.customer for document in documents if document.record.customer}
        known = self._ledger.identities(COMPANIES, customers)
        ids = {**self._companies, **{key: found.hubspot_id for key, found in known.items()}}
        bills = [bill_of(document.record, self._settings, ids) for document in documents]
        return self._deals.choose(bills, expected)

    def _deal(self, document: Document, chosen: Mapping[str, Choice]) -> Iterator[Wanted]:
        """Yield the deal: the one chosen now, or those linked before where nothing was asked."""
        if document.key in self.asked:
            choice = chosen.get(document.key)
            if choice is not None and choice.wanted is not None:
                yield choice.wanted
        else:
            yield from (Wanted(held.to_key, DEALS) for held in leading_to(document.links, DEALS))

    def owed(
        self,
        planned: Collection[str],
        partition: str,
        alone: Callable[[Collection[str]], Collection[str]],
        *,
        settled: Collection[str] = (),
    ) -> Iterator[Operation]:
        """Yield the links that earlier runs could not make or take away, of invoices this run has not planned.

        A contact that never came is replaced by the customer's own, where there is one.

        Args:
            planned: keys of the invoices this run has planned.
            partition: the window that the links go into.
            alone: returns those of some invoices that are left alone; they wait for nothing any more.
            settled: keys of invoices whose contact was chosen in this run.
        """

        def is_open(held: KnownLink) -> bool:
            chosen = held.to_type == CONTACTS and held.from_key in settled
            return held.from_key not in planned and not chosen

        for held in filter(is_open, self._ledger.unwanted_links(INVOICE_TIES.from_type)):
            yield unlink(INVOICE_TIES, held, partition)
        waiting = list(filter(is_open, self._ledger.pending_links(INVOICE_TIES.from_type)))
        given_up = alone({held.from_key for held in waiting})
        pending = [held for held in waiting if held.from_key not in given_up]
        contacts = [held for held in pending if held.to_type == CONTACTS]
        coming = self._contacts.is_coming(held.to_key for held in contacts)
        lost = [held for held in contacts if held.to_key not in coming]
        instead = self._instead_of(lost)
        for held in lost:
            if held.from_key in instead:
                yield unlink(INVOICE_TIES, held, partition)
                yield link(INVOICE_TIES, held.from_key, instead[held.from_key], partition)
        replaced = {held for held in lost if held.from_key in instead}
        yield from owed(INVOICE_TIES, (held for held in pending if held not in replaced), partition)

    def _instead_of(self, lost: Iterable[KnownLink]) -> dict[str, Wanted]:
        """Return the contacts of invoices by their customers, by the invoice's key."""
        links = by_owner(self._ledger.links_of(INVOICE_TIES.from_type, [held.from_key for held in lost]))
        asks = [
            Ask(key, (), (), held.to_key)
            for key, mine in links.items()
            for held in leading_to(mine, COMPANIES)
        ]
        return self._contacts.choose(asks, {})


def _asks_for_deal(document: Document) -> bool:
    """Return whether the deal is to be chosen: for what is new, changed in what decides it, or not whole yet."""
    operation = document.planned.operation
    if operation.action is Action.CREATE or document.planned.found is not None:
        return True
    if operation.rule:
        return not operation.values or not DEAL_CLUES.isdisjoint(operation.values)
    return document.draft and not leading_to(document.links, DEALS)


def _ask(record: InvoiceRecord) -> Ask:
    return Ask(record.key, record.contacts, record.emails, record.customer)


def _contact(document: Document, chosen: Wanted | None) -> Iterator[Wanted]:
    """Yield the chosen contact; without one, a contact that is linked stays."""
    if chosen is not None:
        yield chosen
        return
    for held in leading_to(document.links, CONTACTS):
        if held.status == CONFIRMED:
            yield Wanted(held.to_key, CONTACTS)


def _company(record: InvoiceRecord) -> Iterator[Wanted]:
    if record.customer is not None:
        yield Wanted(record.customer, COMPANIES)
