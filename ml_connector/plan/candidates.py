"""What HubSpot holds that a new record might be: read whole, or asked for by key, whichever is fewer calls.

Reads only. Identity never rests on a search, whose index lags: search only proposes companies a record may adopt, and
a record that fits none is created by an upsert on its own unique id, which cannot double it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil

from ml_connector.chunks import chunks
from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import (
    CONTACT_ADDRESSES,
    Inventory,
    contact_inventory,
    read_inventory,
)
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan import forms
from ml_connector.plan.matching import ID_PROPERTIES, CompanyIndex, keys_of
from ml_connector.records import normal_forms
from ml_connector.records.model import CompanyRecord
from ml_connector.settings.matching import CompanyRule, CompanyStep, MatchingSettings

BATCH = 100
"""Records in one read (reference: hubspot 3)."""

SEARCHED_RECORDS = 10
"""About how many records' spellings fit one search body of 3,000 characters; used to compare costs only."""

SEARCHED_PROPERTIES: Mapping[CompanyRule, tuple[str, ...]] = {
    CompanyRule.DOMAIN: ("domain", "website", "hs_additional_domains"),
    CompanyRule.PHONE: ("hs_searchable_calculated_phone_number",),
    CompanyRule.NAME: ("name",),
}
"""Where a rule's keys are searched, besides the organisation number's own properties (reference: hubspot 3)."""

COMPARED = ("name", "domain", "website", "phone", "hs_additional_domains")
"""HubSpot's own properties that rules compare."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

SEARCH_LAG = timedelta(minutes=15)
"""How long after a write a company is looked for in the ledger too, as HubSpot's search may not know it yet."""


class CompanyCandidates:
    """Finds the companies that records without an identity may be.

    Args:
        client: reads the portal.
        ledger: knows what was written so lately that a search may not find it.
        matching: the rules, and where organisation numbers are kept.
        read: names of the company properties the plan will compare.
        region: country of phone numbers written without a country code.
        contacts: the portal's contacts, where the run's other plan may have read them.
    """

    def __init__(
        self,
        client: HubSpotClient,
        ledger: LedgerReader,
        matching: MatchingSettings,
        read: Iterable[str],
        region: str,
        contacts: Inventory | None = None,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._steps = matching.companies
        self._by_address = any(step.rule is CompanyRule.EMAIL for step in self._steps)
        self._region = region
        defined = client.properties("companies")
        self._defined = defined
        self._numbers = tuple(name for name in matching.organisation_number_properties if name in defined)
        self._ids = tuple(name for name in ID_PROPERTIES if name in defined)
        compared = (str(step.hubspot) for step in self._steps if step.rule is CompanyRule.PROPERTY)
        wanted = {*read, *self._numbers, *compared, *COMPARED}
        self._read = tuple(sorted(wanted & defined.keys()))
        self._contacts = contacts or contact_inventory(client)
        self._whole: CompanyIndex | None = None

    def prepare(self, unknown: int) -> None:
        """Choose how to look, given how many records are unknown.

        The whole inventory is read where that is cheaper, and where a step compares what no search can be asked for.
        """
        if unknown and (not self._searchable or self._inventory_calls() <= self._lookup_calls(unknown)):
            self._whole = self._inventory()

    @property
    def _searchable(self) -> bool:
        """Whether every step's values can be searched for."""
        return all(step.form in forms.SEARCHABLE for step in self._steps if step.rule is CompanyRule.PROPERTY)

    def with_people(self, records: Sequence[CompanyRecord]) -> list[CompanyRecord]:
        """Return the records with the e-mail addresses of the contacts that came for them, in whichever window.

        A record has those of its own window. Without the others it would fit one company in a run that brings its
        people and none in the next, which would then make it.
        """
        if not self._by_address:
            return list(records)
        links = self._ledger.linked_to("contacts", "companies", [key for one in records for key in one.keys])
        people = {found.from_key for some in links.values() for found in some}
        addresses = {key: one.email for key, one in self._ledger.identities("contacts", people).items()}
        return [
            _reachable_at(
                one, [addresses.get(found.from_key) for key in one.keys for found in links.get(key, ())]
            )
            for one in records
        ]

    def index_for(self, records: Sequence[CompanyRecord]) -> CompanyIndex:
        """Return an index that holds at least every company one of the records may be."""
        return self._whole if self._whole is not None else self._look_up(records)

    def _inventory_calls(self) -> int:
        calls = ceil(self._client.count("companies") / BATCH)
        if self._by_address:
            calls += self._contacts.calls()
        return calls

    def _lookup_calls(self, unknown: int) -> int:
        searched = sum(len(self._searched_properties(step)) for step in self._steps)
        through_contacts = 2 * ceil(unknown / BATCH) if self._by_address else 0
        return (
            len(self._ids) * ceil(unknown / BATCH)
            + searched * ceil(unknown / SEARCHED_RECORDS)
            + through_contacts
        )

    def _searched_properties(self, step: CompanyStep) -> tuple[str, ...]:
        if step.rule is CompanyRule.ORGANISATION_NUMBER:
            return self._numbers
        names = (
            (str(step.hubspot),)
            if step.rule is CompanyRule.PROPERTY
            else SEARCHED_PROPERTIES.get(step.rule, ())
        )
        return tuple(name for name in names if name in self._defined)

    def _index(self) -> CompanyIndex:
        return CompanyIndex(self._steps, self._numbers, self._region)

    def _inventory(self) -> CompanyIndex:
        index = self._index()
        for page in read_inventory(self._client, "companies", self._read):
            for company in page:
                index.add_company(company)
        if self._by_address and index.companies:
            for page in self._contacts.pages():
                for contact in page:
                    index.add_contact(contact)
        return index

    def _look_up(self, records: Sequence[CompanyRecord]) -> CompanyIndex:
        index = self._index()
        for name in self._ids:
            values = [value for record in records if (value := record.properties.get(name))]
            for company in self._read_by(name, values):
                index.add_company(company)
        for step in self._steps:
            keys = list(
                dict.fromkeys(key for record in records for key in keys_of(record, step, self._region))
            )
            by_address = step.rule is CompanyRule.EMAIL
            found = self._by_email(keys, index) if by_address else self._searched(step, keys)
            for company in found:
                index.add_company(company)
        return index

    def _read_by(self, id_property: str | None, values: Sequence[str]) -> Iterator[HubSpotRecord]:
        for chunk in chunks(values, BATCH):
            yield from self._client.batch_read(
                "companies", chunk, self._read, id_property=id_property
            ).values()

    def _searched(self, step: CompanyStep, keys: Sequence[str]) -> Iterator[HubSpotRecord]:
        """Search for keys, then read what was found: a search may answer with yesterday's values."""
        ids: dict[str, None] = {}
        for name in self._searched_properties(step):
            values = [one for key in keys for one in self._spellings(name, step, key)]
            ids |= dict.fromkeys(found.id for found in self._client.search("companies", name, values, ()))
        if step.rule is CompanyRule.ORGANISATION_NUMBER and keys:
            written = self._ledger.numbers_written("companies", SEARCH_LAG)
            wanted = set(keys)
            ids |= {
                one: None for one, number in written if normal_forms.organisation_number(number) in wanted
            }
        yield from self._read_by(None, list(ids))

    def _spellings(self, name: str, step: CompanyStep, key: str) -> tuple[str, ...]:
        """Return what to search a property for; a property that holds numbers is asked for numbers only."""
        by_website = step.rule is CompanyRule.DOMAIN and name == "website"
        found = normal_forms.website_spellings(key) if by_website else spellings(step, key)
        only_numbers = self._defined[name].type == "number"
        return tuple(one for one in found if _NUMBER.fullmatch(one)) if only_numbers else found

    def _by_email(self, addresses: Sequence[str], index: CompanyIndex) -> Iterator[HubSpotRecord]:
        """Find contacts by their address, without lag, and read the companies they belong to."""
        contacts: dict[str, HubSpotRecord] = {}
        for chunk in chunks(addresses, BATCH):
            contacts |= self._client.batch_read("contacts", chunk, CONTACT_ADDRESSES, id_property="email")
        links = read_links(
            self._client, "contacts", "companies", [contact.id for contact in contacts.values()]
        )
        companies: dict[str, None] = {}
        for contact in contacts.values():
            belongs = tuple(linked.id for linked in links.get(contact.id, ()))
            companies |= dict.fromkeys(belongs)
            index.add_contact(HubSpotRecord(contact.id, contact.properties, {"companies": belongs}))
        yield from self._read_by(None, list(companies))


def _reachable_at(record: CompanyRecord, addresses: Iterable[str | None]) -> CompanyRecord:
    more = (address for address in addresses if address)
    return replace(record, emails=tuple(dict.fromkeys((*record.emails, *more))))


def spellings(step: CompanyStep, key: str) -> tuple[str, ...]:
    """Return what to search for to find the companies that have a key in normal form."""
    rule = step.rule
    if rule is CompanyRule.PROPERTY:
        return forms.spellings(step.form, key)
    if rule is CompanyRule.ORGANISATION_NUMBER:
        return normal_forms.organisation_number_spellings(key)
    if rule is CompanyRule.DOMAIN:
        return normal_forms.host_spellings(key)
    if rule is CompanyRule.PHONE:
        return normal_forms.phone_spellings(key)
    return (key,)
