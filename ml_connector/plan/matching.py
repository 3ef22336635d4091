"""Matching: which HubSpot company a Visma record should adopt the first time. Pure; what HubSpot holds comes in.

The rules are tried in order and the first one with a hit decides; what one hit and several hits mean, its step says.
A company that already belongs to another Visma record is no candidate, with one exception: a customer and a supplier
with the same organisation number are one company. Nor is one whose organisation number is another.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.forms import in_form
from ml_connector.records import normal_forms
from ml_connector.records.model import CompanyRecord
from ml_connector.settings.matching import CompanyRule, CompanyStep, Many

VISMA_ID = "visma_id"
"""The rule that comes before all others: HubSpot already carries this record's own id."""

ID_PROPERTIES = ("visma_customer_id", "visma_supplier_id")

TAKEN = "it belongs to another Visma record"
ANOTHER = "it has another organisation number"
"""Why a company that a rule finds does not count."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a record matched: the HubSpot ids (none, one, or several) and the name of the rule that found them.

    ``step`` says what the hits mean; None where the record's own Visma id found them.
    """

    ids: tuple[str, ...] = ()
    rule: str | None = None
    step: CompanyStep | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """A company that a step finds for a record; ``ruled_out`` says why it does not count, None where it does."""

    company: HubSpotRecord
    ruled_out: str | None = None


class CompanyIndex:
    """The companies HubSpot holds, by every key a step of matching can ask for. Add all companies, then match.

    Args:
        steps: the steps, in the order in which they are tried.
        number_properties: company properties that may hold an organisation number.
        region: country of phone numbers written without a country code.
    """

    def __init__(self, steps: Iterable[CompanyStep], number_properties: Sequence[str], region: str) -> None:
        self.companies: dict[str, HubSpotRecord] = {}
        self.region = region
        self._steps = tuple(steps)
        self._number_properties = tuple(number_properties)
        self._by_visma_id: dict[tuple[str, str], str] = {}
        self._by_step: dict[CompanyStep, dict[str, list[str]]] = {
            step: defaultdict(list) for step in self._steps
        }

    def add_company(self, company: HubSpotRecord) -> None:
        """Index a company under all its keys; adding one again changes nothing."""
        if company.id in self.companies:
            return
        self.companies[company.id] = company
        held = company.properties
        for name in ID_PROPERTIES:
            if value := held.get(name):
                self._by_visma_id[name, value] = company.id
        for step, companies in self._by_step.items():
            for key in self._keys_of(held, step):
                companies[key].append(company.id)

    def add_contact(self, contact: HubSpotRecord) -> None:
        """Index the companies a contact belongs to under its e-mail addresses."""
        more = (contact.properties.get("hs_additional_emails") or "").split(";")
        written = (contact.properties.get("email"), *more)
        addresses = [address for one in written if (address := normal_forms.email(one))]
        belongs = contact.associations.get("companies", ())
        for step, companies in self._by_step.items():
            for address in addresses if step.rule is CompanyRule.EMAIL else ():
                known = companies[address]
                known.extend(company for company in belongs if company not in known)

    def _keys_of(self, held: Mapping[str, str | None], step: CompanyStep) -> set[str]:
        """Return the normal forms under which a company is found by a step; by e-mail, its contacts tell."""
        found: set[str | None] = set()
        if step.rule is CompanyRule.ORGANISATION_NUMBER:
            return self.numbers_of(held)
        if step.rule is CompanyRule.DOMAIN:
            extra = (held.get("hs_additional_domains") or "").split(";")
            found = {normal_forms.host(value) for value in (held.get("domain"), held.get("website"), *extra)}
        elif step.rule is CompanyRule.PHONE:
            found = {normal_forms.phone(held.get("phone"), self.region)}
        elif step.rule is CompanyRule.NAME:
            found = {normal_forms.company_name(held.get("name"))}
        elif step.rule is CompanyRule.PROPERTY:
            found = {in_form(step.form, held.get(str(step.hubspot)), self.region)}
        return {key for key in found if key}

    def numbers_of(self, held: Mapping[str, str | None]) -> set[str]:
        """Return the organisation numbers in a company's properties, in normal form."""
        numbers = (normal_forms.organisation_number(held.get(name)) for name in self._number_properties)
        return {number for number in numbers if number}

    def with_visma_id(self, name: str, value: str) -> HubSpotRecord | None:
        """Return the company that carries a Visma id such as ``acme:10023``, if any.

        A customer and a supplier may have the same number, so ``name`` says as which of the two.
        """
        found = self._by_visma_id.get((name, value))
        return self.companies[found] if found else None

    def hits(self, step: CompanyStep, key: str) -> tuple[HubSpotRecord, ...]:
        """Return the known companies with this key; those only named by a contact and never added are left out."""
        return tuple(
            self.companies[found] for found in self._by_step[step].get(key, ()) if found in self.companies
        )

    def hits_of(self, record: CompanyRecord, step: CompanyStep) -> Iterator[Hit]:
        """Yield the companies that a step finds for a record, with those that do not count."""
        for key in keys_of(record, step, self.region):
            for company in self.hits(step, key):
                if not is_free(record, company, step.rule):
                    yield Hit(company, TAKEN)
                elif is_another(record, self.numbers_of(company.properties)):
                    yield Hit(company, ANOTHER)
                else:
                    yield Hit(company)

    def match(self, record: CompanyRecord) -> Match:
        """Return the companies a record fits by its own Visma id or by the first step with a hit that counts."""
        own = {
            company.id: None
            for name in ID_PROPERTIES
            if (value := record.properties.get(name))
            and (company := self.with_visma_id(name, value)) is not None
        }
        if own:
            return Match(tuple(own), VISMA_ID)
        for step in self._steps:
            found = {hit.company.id: None for hit in self.hits_of(record, step) if hit.ruled_out is None}
            if found and not (len(found) > 1 and step.many is Many.NEXT):
                return Match(tuple(found), step.name, step)
        return Match()


def keys_of(record: CompanyRecord, step: CompanyStep, region: str) -> tuple[str, ...]:
    """Return the normal forms under which a record is looked for by a step; empty where it has none."""
    if step.rule is CompanyRule.PROPERTY:
        written = (part.fields.get(str(step.visma)) for part in record.parts or (record,))
        keys = (in_form(step.form, value, region) for value in written)
        return tuple(dict.fromkeys(one for one in keys if one))
    single: dict[CompanyRule, str | None] = {
        CompanyRule.ORGANISATION_NUMBER: record.organisation_number,
        CompanyRule.DOMAIN: record.domain,
        CompanyRule.NAME: normal_forms.company_name(record.properties.get("name")),
    }
    several = {CompanyRule.EMAIL: record.emails, CompanyRule.PHONE: record.phones}
    key = single.get(step.rule)
    return several.get(step.rule, (key,) if key else ())


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
