"""The believable Nordic company: who its customers, suppliers and their people are, all from one seed.

Fjordlys Teknikk AS of Ålesund sells ship and building technology. Nothing here knows the shapes of either API; the
Visma half writes these facts as rows, the portal's own records (``portal_seed.py``) write some of them as HubSpot
properties. Every fact follows from the seed and an index, so any one of 100,000 customers costs the same to build.
"""

import random
import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from ml_connector.sandbox.draws import fraction, source
from ml_connector.sandbox.identifiers import Identifiers, identifiers
from ml_connector.sandbox.names import (
    BOOKKEEPERS,
    COUNTRIES,
    FREE_MAIL_HOSTS,
    POSITIONS,
    SHARED_MAILBOXES,
    SHARES,
    Country,
    Place,
)
from ml_connector.sandbox.phones import Phone, draw_phone

COMPANY_NAME = "Fjordlys Teknikk AS"
COMPANY_NUMBER = 77
"""The serial behind the company's own organisation number."""

FIRST_CUSTOMER = 10_001
FIRST_SUPPLIER = 50_001
FIRST_CONTACT = 3_001

_NAME_STEP = 7919
"""Prime step through the names, so that neighbours do not look alike."""
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "å": "a", "Å": "A", "ß": "ss"})
_LEGAL_FORM = re.compile(r" (AS|ASA|AB|A/S|I/S|ApS|Oy|Oyj|GmbH|AG|e\.K\.|SA|DA|ANS|ENK|HB|Ky)( .*)?$")


class Topic(IntEnum):
    """What a draw is for, so that two facts about one index do not move together."""

    ENTITY = 1
    PERSON = 2
    CONTACT_COUNT = 3
    CUSTOMER = 4
    SUPPLIER = 5
    CREATED = 6
    MODIFIED = 7
    PORTAL = 8


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """One company in the world. A customer and a supplier that are the same company share one.

    ``numbers`` is None where the accounting never learnt them; ``domain`` is None for those who only have free mail.
    """

    index: int
    country: Country
    name: str
    numbers: Identifiers | None
    domain: str | None
    web: str | None
    mailbox: str | None
    phone: Phone | None
    place: Place
    street: str
    second_line: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One contact person. ``email`` is as typed: it may be missing, shared, free mail or malformed."""

    given: str
    family: str
    email: str | None
    phone: Phone | None
    mobile: Phone | None
    position: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Which person of which customer or supplier a contact is; ``number`` is None for a contact of nobody."""

    entity: int
    person: int
    number: str | None
    supplier: bool


def ascii_slug(text: str) -> str:
    """Return lower-case ASCII letters, digits and single dashes, as used in domains and mail addresses."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


class Company:
    """The company's business partners.

    Args:
        seed: the same seed gives the same company.
        customers, suppliers: how many there are.
        contacts_per_customer: the mean; single customers have none or several.
    """

    def __init__(self, seed: int, customers: int, suppliers: int, contacts_per_customer: float) -> None:
        self.seed = seed
        self.customers = customers
        self.suppliers = suppliers
        self.contacts_per_customer = contacts_per_customer
        self.entity = lru_cache(maxsize=8192)(self._entity)
        self._contacts = self._list_contacts()

    @property
    def contacts(self) -> int:
        """How many contacts there are."""
        return len(self._contacts)

    def customer_number(self, index: int) -> str:
        """Return the customer's number: mostly digits, now and then with leading zeros or a reserved character."""
        number = str(FIRST_CUSTOMER + index)
        if index % 53 == 41:
            return f"{number}/B"
        return f"00{number}" if index % 53 == 17 else number

    def supplier_number(self, index: int) -> str:
        """Return the supplier's number."""
        return str(FIRST_SUPPLIER + index)

    def customer_entity(self, index: int) -> int:
        """Return the index of the legal entity behind a customer; every 29th shares that of the customer before it."""
        return index - 1 if index % 29 == 28 else index

    def supplier_entity(self, index: int) -> int:
        """Return the index of the legal entity behind a supplier; every fourth is a customer's."""
        if self.customers and index % 4 == 1:
            return self.customer_entity((index * 13 + 5) % self.customers)
        return self.customers + index

    def prospect_entity(self, index: int) -> int:
        """Return the index of an entity that is neither customer nor supplier."""
        return self.customers + self.suppliers + index

    def contact(self, index: int) -> Contact:
        """Return who a contact is."""
        owner, person = self._contacts[index]
        if owner >= self.customers:
            supplier = owner - self.customers
            return Contact(self.supplier_entity(supplier), person, self.supplier_number(supplier), True)
        number = None if index % 97 == 96 else self.customer_number(owner)
        return Contact(self.customer_entity(owner), person, number, False)

    def person(self, entity: int, number: int) -> Person:
        """Return one person of a legal entity; ``number`` counts from 0."""
        return _draw_person(source(self.seed, Topic.PERSON, entity * 64 + number), self.entity(entity))

    def _list_contacts(self) -> list[tuple[int, int]]:
        """Return (owner, person) of each contact; owners from ``customers`` on are suppliers."""
        contacts: list[tuple[int, int]] = []
        for owner in range(self.customers + self.suppliers):
            spread = fraction(self.seed, Topic.CONTACT_COUNT, owner)
            mean = self.contacts_per_customer if owner < self.customers else self.contacts_per_customer / 2
            contacts.extend((owner, person) for person in range(int(2 * mean * spread + 0.5)))
        return contacts

    def _entity(self, index: int) -> LegalEntity:
        chance = source(self.seed, Topic.ENTITY, index)
        country = chance.choices(COUNTRIES, SHARES)[0]
        name = _draw_name(chance, country, index)
        domain, mailbox = _draw_mailbox(chance, country, _stem(name, index))
        return LegalEntity(
            index=index,
            country=country,
            name=name,
            numbers=identifiers(country.code, index) if chance.random() < 0.95 else None,
            domain=domain,
            web=_draw_web(chance, domain),
            mailbox=mailbox,
            phone=draw_phone(chance, country, mobile=chance.random() < 0.3)
            if chance.random() < 0.9
            else None,
            place=chance.choice(country.places),
            street=f"{chance.choice(country.streets)} {chance.randint(1, 180)}{chance.choice(('', '', '', 'A', ' B'))}",
            second_line=f"{country.box} {chance.randint(10, 990)}" if chance.random() < 0.2 else None,
        )


def _draw_name(chance: random.Random, country: Country, index: int) -> str:
    """Return the entity's name. Below a thousand entities hardly two have the same, so that a name means something."""
    towns = dict.fromkeys(place.city.title() for place in country.places)
    words = (*country.landmarks, *country.families, *towns)
    which, what = divmod(index * _NAME_STEP % (len(words) * len(country.trades)), len(country.trades))
    word, trade = words[which], country.trades[what]
    form = chance.choice(country.legal_forms)
    kind = chance.random()
    if kind < 0.6:
        return f"{word} {trade} {form}"
    if kind < 0.8:
        return f"{word} {trade} {chance.choice(country.places).city.title()} {form}"
    return f"{word} & {country.families[what % len(country.families)]} {form}"


def _stem(name: str, index: int) -> str:
    """Return the domain without its ending. From the thousandth entity on names repeat, so the index is added."""
    stem = ascii_slug(_LEGAL_FORM.sub("", name)).replace("-", "")
    return stem if index < 1000 else f"{stem}{index}"


def _draw_mailbox(chance: random.Random, country: Country, stem: str) -> tuple[str | None, str | None]:
    """Return the company's domain and its general mailbox; either may be missing."""
    kind = chance.random()
    if kind < 0.10:
        return None, f"{stem}@{chance.choice(FREE_MAIL_HOSTS)}"
    domain = f"{stem}.{country.domain}"
    if kind < 0.15:
        return domain, f"faktura@{chance.choice(BOOKKEEPERS)}"
    if kind < 0.27:
        return domain, None
    return domain, f"{chance.choice(SHARED_MAILBOXES)}@{domain}"


def _draw_web(chance: random.Random, domain: str | None) -> str | None:
    if domain is None or chance.random() < 0.3:
        return None
    forms = (f"www.{domain}", f"https://www.{domain}", f"http://{domain}/", domain, f"WWW.{domain.upper()}")
    return chance.choice(forms)


def _draw_person(chance: random.Random, entity: LegalEntity) -> Person:
    country = entity.country
    given, family = chance.choice(country.given), chance.choice(country.families)
    return Person(
        given=given,
        family=family,
        email=_draw_email(chance, entity, given, family),
        phone=entity.phone if chance.random() < 0.3 else None,
        mobile=draw_phone(chance, country, mobile=True) if chance.random() < 0.7 else None,
        position=chance.choice(POSITIONS) if chance.random() < 0.6 else None,
        active=chance.random() >= 0.05,
    )


def _draw_email(chance: random.Random, entity: LegalEntity, given: str, family: str) -> str | None:
    host = entity.domain or chance.choice(FREE_MAIL_HOSTS)
    name = f"{ascii_slug(given)}.{ascii_slug(family)}"
    kind = chance.random()
    if kind < 0.08:
        return None
    if kind < 0.18:
        return entity.mailbox
    if kind < 0.23:
        return f"{name}{chance.randint(1, 99)}@{chance.choice(FREE_MAIL_HOSTS)}"
    if kind < 0.25:
        return f"{given}.{family}@{host}".upper()
    if kind < 0.26:
        return chance.choice(
            (f"{name}(at){host}", f"{name}@", f"{name}@{host}; post@{host}", f"{name} @{host}")
        )
    return f"{name}@{host}"
