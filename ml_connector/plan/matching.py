"""Matching: which HubSpot company a Visma record should adopt the first time. Pure; what HubSpot holds comes in.

The rules are tried in order and the first one with a hit decides: one hit is a match, more are a conflict for a person.
A company that already belongs to another Visma record is no candidate, with one exception: a customer and a supplier
with the same organisation number are one company. Nor is one whose organisation number is another.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.records import normal_forms
from ml_connector.records.model import CompanyRecord
from ml_connector.settings import CompanyRule

VISMA_ID = "visma_id"
"""The rule that comes before all others: HubSpot already carries this record's own id."""

ID_PROPERTIES = ("visma_customer_id", "visma_supplier_id")


@dataclass(frozen=True, slots=True)
class Match:
    """What a record matched: the HubSpot ids (none, one, or a conflict's many) and the rule that found them."""

    ids: tuple[str, ...] = ()
    rule: str | None = None


class CompanyIndex:
    """The companies HubSpot holds, by every key a rule can ask for. Add all companies, then match.

    Args:
        number_properties: company properties that may hold an organisation number.
        region: country of phone numbers written without a country code.
    """

    def __init__(self, number_properties: Sequence[str], region: str) -> None:
        self.companies: dict[str, HubSpotRecord] = {}
        self._number_properties = tuple(number_properties)
        self._region = region
        self._by_visma_id: dict[str, str] = {}
        self._by_rule: dict[CompanyRule, dict[str, list[str]]] = {
            rule: defaultdict(list) for rule in CompanyRule
        }

    def add_company(self, company: HubSpotRecord) -> None:
        """Index a company under all its keys; adding one again changes nothing."""
        if company.id in self.companies:
            return
        self.companies[company.id] = company
        held = company.properties
        for name in ID_PROPERTIES:
            if value := held.get(name):
                self._by_visma_id[value] = company.id
        for rule, keys in self._keys_of(held).items():
            for key in keys:
                self._by_rule[rule][key].append(company.id)

    def add_contact(self, contact: HubSpotRecord) -> None:
        """Index the companies a contact belongs to under its e-mail addresses."""
        more = (contact.properties.get("hs_additional_emails") or "").split(";")
        for written in (contact.properties.get("email"), *more):
            if address := normal_forms.email(written):
                known = self._by_rule[CompanyRule.EMAIL][address]
                belongs = contact.associations.get("companies", ())
                known.extend(company for company in belongs if company not in known)

    def _keys_of(self, held: Mapping[str, str | None]) -> dict[CompanyRule, set[str]]:
        extra = (held.get("hs_additional_domains") or "").split(";")
        domains = {normal_forms.host(value) for value in (held.get("domain"), held.get("website"), *extra)}
        return {
            CompanyRule.ORGANISATION_NUMBER: self.numbers_of(held),
            CompanyRule.DOMAIN: {domain for domain in domains if domain},
            CompanyRule.PHONE: {key for key in [normal_forms.phone(held.get("phone"), self._region)] if key},
            CompanyRule.NAME: {key for key in [normal_forms.company_name(held.get("name"))] if key},
        }

    def numbers_of(self, held: Mapping[str, str | None]) -> set[str]:
        """Return the organisation numbers in a company's properties, in normal form."""
        numbers = (normal_forms.organisation_number(held.get(name)) for name in self._number_properties)
        return {number for number in numbers if number}

    def with_visma_id(self, value: str) -> HubSpotRecord | None:
        """Return the company that carries a Visma id such as ``acme:10023``, if any."""
        found = self._by_visma_id.get(value)
        return self.companies[found] if found else None

    def hits(self, rule: CompanyRule, key: str) -> tuple[HubSpotRecord, ...]:
        """Return the known companies with this key; those only named by a contact and never added are left out."""
        return tuple(
            self.companies[found] for found in self._by_rule[rule].get(key, ()) if found in self.companies
        )


def keys_of(record: CompanyRecord, rule: CompanyRule) -> tuple[str, ...]:
    """Return the normal forms under which a record is looked for by a rule; empty where it has none."""
    single: dict[CompanyRule, str | None] = {
        CompanyRule.ORGANISATION_NUMBER: record.organisation_number,
        CompanyRule.DOMAIN: record.domain,
        CompanyRule.NAME: normal_forms.company_name(record.properties.get("name")),
    }
    several = {CompanyRule.EMAIL: record.emails, CompanyRule.PHONE: record.phones}
    key = single.get(rule)
    return several.get(rule, (key,) if key else ())


def match_company(record: CompanyRecord, index: CompanyIndex, rules: Iterable[CompanyRule]) -> Match:
    """Return the companies a record fits by its own Visma id or by the first rule with a hit."""
    own = {
        company.id: None
        for name in ID_PROPERTIES
        if (value := record.properties.get(name)) and (company := index.with_visma_id(value)) is not None
    }
    if own:
        return Match(tuple(own), VISMA_ID)
    for rule in rules:
        found = {
            company.id: None
            for key in keys_of(record, rule)
            for company in index.hits(rule, key)
            if is_free(record, company, rule) and not is_another(record, index.numbers_of(company.properties))
        }
        if found:
            return Match(tuple(found), str(rule))
    return Match()


def is_free(record: CompanyRecord, company: HubSpotRecord, rule: CompanyRule) -> bool:
    """Return whether a company may be adopted by a record: not the Visma record of another, nor of the same kind."""
    as_customer = company.properties.get("visma_customer_id")
    as_supplier = company.properties.get("visma_supplier_id")
    if not as_customer and not as_supplier:
        return True
    if rule is not CompanyRule.ORGANISATION_NUMBER:
        return False
    return not (as_customer and record.customer_number) and not (as_supplier and record.supplier_number)


def is_elsewhere(record: CompanyRecord, company: HubSpotRecord) -> bool:
    """Return whether a company that came from Visma too is in another country, so that its equal number says nothing.

    Both countries are as Visma names them; what people type in a company of their own may be another language.
    """
    ours = any(company.properties.get(name) for name in ID_PROPERTIES)
    here, there = record.properties.get("country"), company.properties.get("country")
    return ours and bool(here and there) and str(here).casefold() != str(there).casefold()


def is_another(record: CompanyRecord, numbers: Collection[str]) -> bool:
    """Return whether organisation numbers say that a company is not the record, whatever else the two share.

    Companies of a group share a domain, and customers of one bookkeeper an e-mail address.
    """
    return (
        bool(numbers) and record.organisation_number is not None and record.organisation_number not in numbers
    )


def is_anothers(record: CompanyRecord, company: HubSpotRecord) -> bool:
    """Return whether a company carries the id of another Visma record of a kind that this record is of.

    Found by one of its ids, it would lose the other record its company: a person has to decide.
    """
    return any(
        (own := record.properties.get(name)) and (held := company.properties.get(name)) and held != own
        for name in ID_PROPERTIES
    )
