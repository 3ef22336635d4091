"""Contacts that come after the invoices they belong to: which of the ledger's invoices they are for.

The ledger remembers the contact and the address that an invoice names. What a run's plan of contacts has in it is held
against that, with the rules an invoice's contact is chosen by at all, so the order in which windows come makes no
difference. HubSpot is not asked anything.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ml_connector.chunks import chunks
from ml_connector.ledger.document_queries import Billed, DocumentReader
from ml_connector.ledger.queries import KnownLink, LedgerReader
from ml_connector.plan.billing_contacts import OBJECT, Ask, ContactChooser
from ml_connector.plan.lines import INVOICE_TIES
from ml_connector.plan.links import Owner, by_owner, leading_to, link_operations
from ml_connector.plan.operations import Operation
from ml_connector.plan.upcoming import Upcoming

AT_A_TIME = 2000
"""Names the ledger is asked about, and invoices whose contact is chosen, at once."""


class LaterContacts:
    """Finds the invoices that a run's contacts are for.

    ``settled`` holds the keys of the invoices whose contact was chosen here.

    Args:
        ledger: which links stand.
        documents: what invoices name.
        chooser: chooses contacts.
        upcoming: the contacts that come with this run.
    """

    def __init__(
        self, ledger: LedgerReader, documents: DocumentReader, chooser: ContactChooser, upcoming: Upcoming
    ) -> None:
        self.settled: set[str] = set()
        self._ledger = ledger
        self._documents = documents
        self._chooser = chooser
        self._upcoming = upcoming

    def links(
        self, planned: Collection[str], partition: str, alone: Callable[[Collection[str]], Collection[str]]
    ) -> Iterator[Operation]:
        """Yield the links of earlier invoices with contacts of this run, and the end of weaker ones.

        Args:
            planned: keys of the invoices that this run has planned, which chose for themselves.
            partition: the window that the links go into.
            alone: returns those of some invoices that are left alone.
        """
        for some in chunks(self._concerned(planned), AT_A_TIME):
            left = alone([one.key for one in some])
            yield from self._choose([one for one in some if one.key not in left], partition)

    def _concerned(self, planned: Collection[str]) -> Iterator[Billed]:
        """Yield the invoices that name a contact of this run without being linked to it, or whose company has one."""
        names = self._names()
        for some in chunks(names, AT_A_TIME):
            found = self._documents.naming(some)
            linked = self._documents.contacts_of([one.key for one in found])
            for one in found:
                coming = {names[name] for name in (one.contact, one.email) if name and name in names}
                if not coming <= linked.get(one.key, set()):
                    yield from self._once(one, planned)
        for companies in chunks(self._companies(), AT_A_TIME):
            for one in self._documents.without_contact(companies):
                yield from self._once(one, planned)

    def _once(self, one: Billed, planned: Collection[str]) -> Iterator[Billed]:
        if one.key not in planned and one.key not in self.settled:
            self.settled.add(one.key)
            yield one

    def _names(self) -> dict[str, str]:
        """Return what an invoice may call the contacts of this run, their keys and addresses, each with the key."""
        known = self._ledger.identities(OBJECT, self._upcoming.contacts).values()
        return {
            **{found.email: found.key for found in known if found.email},
            **self._upcoming.by_email,
            **{key: key for key in self._upcoming.contacts},
        }

    def _companies(self) -> list[str]:
        """Return the companies of the contacts of this run."""
        linked = self._ledger.links_of(OBJECT, sorted(self._upcoming.contacts))
        return list(dict.fromkeys([*self._upcoming.by_company, *(to_key for _, to_key in linked)]))

    def _choose(self, invoices: Sequence[Billed], partition: str) -> Iterator[Operation]:
        links = by_owner(self._ledger.links_of(INVOICE_TIES.from_type, [one.key for one in invoices]))
        chosen = self._chooser.choose([_ask(one, links.get(one.key, {})) for one in invoices], links)
        for one in invoices:
            if one.key in chosen:
                mine = {to: held for to, held in links.get(one.key, {}).items() if held.to_type == OBJECT}
                owner = Owner(one.key, one.hubspot_id, partition, (chosen[one.key],))
                yield from link_operations(INVOICE_TIES, owner, mine)


def _ask(one: Billed, links: Mapping[str, KnownLink]) -> Ask:
    contacts = (one.contact,) if one.contact else ()
    emails = (one.email,) if one.email else ()
    customer = next((held.to_key for held in leading_to(links, "companies")), None)
    return Ask(one.key, contacts, emails, customer)
