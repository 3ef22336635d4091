"""The parts customers, suppliers and contacts have in common: addresses, numbers as typed, terms, currencies."""

import random
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.company import Company, LegalEntity
from ml_connector.sandbox.visma.chart import CREDIT_TERMS, VAT_ZONES, reference
from ml_connector.sandbox.visma.rendering import money

_TERM_SHARES = (3, 10, 45, 30, 8, 4)


def region(entity: LegalEntity) -> str:
    """Return the class of country: ``NO``, or ``EU`` for all others."""
    return "NO" if entity.country.code == "NO" else "EU"


def address(entity: LegalEntity, address_id: int) -> dict[str, Any]:
    """Return the entity's address as Visma writes it; ids differ from row to row."""
    place, country = entity.place, entity.country
    return {
        "addressId": address_id,
        "addressLine1": entity.street,
        "addressLine2": entity.second_line,
        "addressLine3": None,
        "postalCode": place.postal_code,
        "city": place.city,
        "country": {"id": country.code, "name": country.name},
        "county": {"id": place.county_id, "name": place.county},
    }


def contact_info(
    company: Company, entity: LegalEntity, contact_id: int, style: int, chance: random.Random
) -> dict[str, Any]:
    """Return the entity's own contact details; ``style`` is how its telephone number is typed."""
    person = company.person(entity.index, 0)
    return {
        "contactId": contact_id,
        "name": entity.name,
        "attention": f"{person.given} {person.family}" if chance.random() < 0.6 else None,
        "email": entity.mailbox,
        "web": entity.web,
        "phone1": entity.phone.written(style) if entity.phone else None,
        "phone2": person.mobile.written(style + 3) if person.mobile and chance.random() < 0.2 else None,
        "fax": None,
    }


def organisation_number(entity: LegalEntity, style: int) -> str | None:
    """Return the number as typed: usually bare, now and then spaced or with the country in front."""
    if entity.numbers is None:
        return None
    number = entity.numbers.organisation
    if entity.country.code != "NO":
        return number
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    return {0: spaced, 1: spaced, 2: f"NO {number} MVA"}.get(style % 12, number)


def attributes(chance: random.Random) -> list[dict[str, str]] | None:
    """Return the trade of a few, null for most."""
    if chance.random() < 0.7:
        return None
    return [
        {
            "id": "BRANSJE",
            "value": chance.choice(("BYGG", "SKIP", "FISK", "HAVBRUK")),
            "description": "Bransje",
        }
    ]


def currency(entity: LegalEntity, chance: random.Random) -> str | None:
    """Return the partner's currency, now and then none or that of the company."""
    kind = chance.random()
    if kind < 0.04:
        return None
    return entity.country.currency if kind < 0.85 else "NOK"


def credit(chance: random.Random) -> dict[str, Any]:
    """Return the three fields about credit; the limit has four decimals, or one."""
    limited = chance.random() < 0.4
    limit = money(chance.randint(1, 40) * 25_000) if limited else None
    if limited and chance.random() < 0.2:
        limit = Decimal(chance.randint(20_000, 90_000)) + Decimal("0.5")
    return {
        "creditVerification": "CreditLimit" if limited else "Disabled",
        "creditLimit": limit,
        "creditDaysPastDue": chance.choice((0, 14, 30)) if limited else None,
    }


def terms(chance: random.Random) -> dict[str, str] | None:
    """Return the credit terms, now and then none."""
    if chance.random() < 0.03:
        return None
    key = chance.choices(tuple(CREDIT_TERMS), _TERM_SHARES)[0]
    return reference(key, CREDIT_TERMS[key][1])


def vat_zone(entity: LegalEntity) -> dict[str, Any]:
    """Return the VAT zone of the country."""
    number, description = VAT_ZONES[region(entity)]
    return {"id": number, "description": description, "defaultVatCategory": "3", "defaultTaxCategory": None}
