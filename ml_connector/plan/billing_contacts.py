"""Which contact an invoice is linked with: the one it names, else the one at its address, else its customer's.

Only contacts that are in HubSpot or come with this run are chosen: an invoice must not wait for one that never comes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.ledger.document_queries import NAMED_CONTACT, NAMED_EMAIL
from ml_connector.ledger.queries import Identity, KnownLink, LedgerReader
from ml_connector.plan.links import CONFIRMED, Wanted
from ml_connector.plan.upcoming import Upcoming
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.model import Properties

OBJECT = "contacts"


@dataclass(frozen=True, slots=True)
class Ask:
    """What an invoice says about its contact: keys and addresses it names, and its customer."""

    key: str
    contacts: Sequence[str]
    emails: Sequence[str]
    customer: str | None


def named(record: InvoiceRecord) -> Properties:
    """Return what the ledger keeps of an invoice so that a contact who comes later is linked with it."""
    return {NAMED_CONTACT: next(iter(record.contacts), None), NAMED_EMAIL: next(iter(record.emails), None)}


class ContactChooser:
    """Chooses contacts for invoices.

    Args:
        ledger: contacts that are in HubSpot.
        upcoming: contacts that come with this run.
    """

    def __init__(self, ledger: LedgerReader, upcoming: Upcoming) -> None:
        self._ledger = ledger
        self._upcoming = upcoming

    def choose(self, asks: Sequence[Ask], links: Mapping[str, Mapping[str, KnownLink]]) -> dict[str, Wanted]:
        """Return the contact of each invoice that has one, by the invoice's key.

        One that is linked already stays as long as no better rule names another.

        Args:
            asks: the invoices.
            links: their links in the ledger, by the invoice's key and the key they lead to.
        """
        by_email = self._ledger.identities_by_email(OBJECT, (one for ask in asks for one in ask.emails))
        by_company = self._of_companies(ask.customer for ask in asks if ask.customer)
        linked = [held for mine in links.values() for held in mine.values() if held.to_type == OBJECT]
        named = [key for ask in asks for key in ask.contacts]
        others = [key for keys in by_company.values() for key in keys]
        known = self._ledger.identities(OBJECT, [*named, *others, *(held.to_key for held in linked)])
        known |= {found.key: found for found in by_email.values()}
        chosen: dict[str, Wanted] = {}
        for ask in asks:
            standing = [
                held
                for held in links.get(ask.key, {}).values()
                if held.to_type == OBJECT and held.status == CONFIRMED
            ]
            for rule, keys in (
                ("contact", ask.contacts),
                ("email", [key for one in ask.emails for key in self._at(one, by_email)]),
                ("customer", by_company.get(ask.customer or "", ())),
            ):
                coming = [key for key in keys if key in known or key in self._upcoming.contacts]
                if coming:
                    chosen[ask.key] = Wanted(_kept(coming, standing, known) or coming[0], OBJECT, rule)
                    break
        return chosen

    def is_coming(self, keys: Iterable[str]) -> set[str]:
        """Return those of the contacts that are in HubSpot or come with this run."""
        wanted = list(keys)
        return self._ledger.identities(OBJECT, wanted).keys() | (self._upcoming.contacts & set(wanted))

    def _at(self, address: str, known: Mapping[str, Identity]) -> list[str]:
        found = known.get(address)
        key = found.key if found is not None else self._upcoming.by_email.get(address)
        return [key] if key else []

    def _of_companies(self, companies: Iterable[str]) -> dict[str, list[str]]:
        """Return the contacts of companies: those linked already first."""
        wanted = list(dict.fromkeys(companies))
        linked = self._ledger.linked_to(OBJECT, "companies", wanted)
        found: dict[str, list[str]] = {}
        for company in wanted:
            mine = [held.from_key for held in linked.get(company, ())]
            new = self._upcoming.by_company.get(company, ())
            found[company] = list(dict.fromkeys([*mine, *new]))
        return found


def _kept(
    candidates: Sequence[str], standing: Sequence[KnownLink], known: Mapping[str, Identity]
) -> str | None:
    """Return the contact that stays: linked already, and among the candidates or the same HubSpot contact as one."""
    ids = {known[key].hubspot_id for key in candidates if key in known}
    return next((held.to_key for held in standing if held.to_key in candidates or held.to_id in ids), None)
