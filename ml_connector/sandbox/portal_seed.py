"""What a salesperson had typed into the portal before anything was connected: pure data, made from the company.

Some records are Visma customers under another spelling, some are strangers. Each says by what it could be matched, so
that a test can tell a right match from a lucky one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ml_connector.sandbox.company import Company, LegalEntity, Person, Topic, ascii_slug
from ml_connector.sandbox.draws import mix

ORGANISATION_NUMBER_PROPERTY = "organisation_number"
"""The portal's own text property on companies for the organisation number, made by hand long ago."""

_EVERY = 3
"""Every third customer was known to sales before."""
_MOST = 150
_NOTES = (
    "Traff dem på Nor-Fishing, ønsker tilbud på ny landstrøm.",
    "Ringer alltid før kl. 10.",
    "Ny innkjøper fra høsten, ta kontakt igjen i januar.",
)
_STAGES = ("lead", "opportunity", "customer", "customer")


class Clue(StrEnum):
    """What connects a portal record to a Visma customer."""

    ORGANISATION_NUMBER = "organisation number"
    DOMAIN = "domain"
    PHONE = "phone"
    CONTACT_EMAIL = "contact email"
    NAME = "name"
    TWO_OF_ONE_DOMAIN = "two of one domain"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PortalRecord:
    """One record of the portal as HubSpot property values.

    ``company`` is the position, in the same list, of the company a contact belongs to. ``customer`` is the index of the
    Visma customer it stands for, None for a stranger.
    """

    object_type: str
    properties: dict[str, str]
    clue: Clue
    customer: int | None = None
    company: int | None = None


def known_customers(company: Company) -> range:
    """Return the indexes of the Visma customers that sales knew before."""
    return range(1, company.customers, _EVERY)[:_MOST]


def portal_records(company: Company) -> list[PortalRecord]:
    """Return the portal's own companies and contacts, each contact after its company."""
    records: list[PortalRecord] = []
    for place, customer in enumerate(known_customers(company)):
        entity = company.entity(company.customer_entity(customer))
        person = company.person(entity.index, 0)
        clue = _fitting_clue(place, entity, person)
        records.extend(
            PortalRecord("companies", _with_habits(company, entity, properties), clue, customer)
            for properties in _COMPANIES[clue](entity)
        )
        if clue is Clue.CONTACT_EMAIL:
            contact = _contact(person)
            records.append(PortalRecord("contacts", contact, clue, customer, company=len(records) - 1))
    for stranger in range(min(company.customers // 4, _MOST)):
        records.extend(_stranger(company, stranger, len(records)))
    return records


def _fitting_clue(place: int, entity: LegalEntity, person: Person) -> Clue:
    """Return the clue whose turn it is, or the next one the entity can give."""
    possible = {
        Clue.ORGANISATION_NUMBER: entity.numbers is not None,
        Clue.DOMAIN: entity.domain is not None,
        Clue.PHONE: entity.phone is not None,
        Clue.CONTACT_EMAIL: _is_own_address(person.email, entity),
        Clue.NAME: True,
        Clue.TWO_OF_ONE_DOMAIN: entity.domain is not None and place % 18 == 5,
    }
    clues = list(possible)
    turns = clues[place % len(clues) :] + clues
    return next(clue for clue in turns if possible[clue])


def _is_own_address(email: str | None, entity: LegalEntity) -> bool:
    """Whether the address is one person's at the company's own domain, well formed."""
    return (
        email is not None
        and entity.domain is not None
        and "." in email
        and email.endswith(f"@{entity.domain}")
    )


def _short(entity: LegalEntity) -> str:
    """Return the name as sales would say it: the first two words, and the one after an ampersand."""
    words = entity.name.split()
    return " ".join(words[: 3 if words[1] == "&" else 2])


def _by_number(entity: LegalEntity) -> list[dict[str, str]]:
    number = entity.numbers.organisation if entity.numbers else ""
    return [{"name": _short(entity), ORGANISATION_NUMBER_PROPERTY: number}]


def _by_domain(entity: LegalEntity) -> list[dict[str, str]]:
    return [{"name": _short(entity), "domain": entity.domain or ""}]


def _by_phone(entity: LegalEntity) -> list[dict[str, str]]:
    phone = entity.phone.written(len(entity.name)) if entity.phone else ""
    return [{"name": _short(entity), "phone": phone}]


def _by_contact(entity: LegalEntity) -> list[dict[str, str]]:
    return [{"name": _short(entity)}]


def _by_name(entity: LegalEntity) -> list[dict[str, str]]:
    return [{"name": entity.name}]


def _twice(entity: LegalEntity) -> list[dict[str, str]]:
    return [*_by_domain(entity), {"name": f"{_short(entity)} (gammel)", "domain": entity.domain or ""}]


_COMPANIES: dict[Clue, Callable[[LegalEntity], list[dict[str, str]]]] = {
    Clue.ORGANISATION_NUMBER: _by_number,
    Clue.DOMAIN: _by_domain,
    Clue.PHONE: _by_phone,
    Clue.CONTACT_EMAIL: _by_contact,
    Clue.NAME: _by_name,
    Clue.TWO_OF_ONE_DOMAIN: _twice,
}


def _with_habits(company: Company, entity: LegalEntity, properties: dict[str, str]) -> dict[str, str]:
    """Add what sales keeps besides: a stage, often a town, sometimes a note that no sync may overwrite."""
    drawn = mix(company.seed, Topic.PORTAL, entity.index)
    habits = {"lifecyclestage": _STAGES[drawn % len(_STAGES)]}
    if drawn // 8 % 2:
        habits["city"] = entity.place.city.title()
    if drawn // 16 % 4 == 0:
        habits["description"] = _NOTES[drawn // 64 % len(_NOTES)]
    return properties | habits


def _contact(person: Person) -> dict[str, str]:
    properties = {"firstname": person.given, "lastname": person.family, "email": (person.email or "").lower()}
    if person.mobile is not None:
        properties["phone"] = person.mobile.e164
    return properties


def _stranger(company: Company, number: int, first: int) -> list[PortalRecord]:
    """Return a company that is in no way a Visma customer, and one person there."""
    entity = company.entity(company.prospect_entity(number))
    person = company.person(entity.index, 0)
    domain = f"{ascii_slug(entity.name)}-{number}.{entity.country.domain}"
    properties = {"name": f"{entity.name} ({entity.country.code} {number})", "domain": domain}
    contact = _contact(person) | {"email": f"{ascii_slug(person.given)}@{domain}"}
    return [
        PortalRecord("companies", _with_habits(company, entity, properties), Clue.NONE),
        PortalRecord("contacts", contact, Clue.NONE, company=first),
    ]
