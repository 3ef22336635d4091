"""Rows as a bookkeeper would enter them in Visma, plain and predictable, and the moments they are stamped with."""

from datetime import date, datetime, time
from typing import Any

FIRST = date(2026, 3, 2)
"""Date of the first window of the tests' connections: a Monday, long enough ago to be complete on every clock."""


def day(number: int) -> str:
    """Return the key of a window: 0 is the first."""
    return date.fromordinal(FIRST.toordinal() + number).isoformat()


def at(number: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment of a window's day as Visma stamps it."""
    return datetime.combine(date.fromisoformat(day(number)), time(hour, minute, second))


def customer(number: int, /, **changes: Any) -> dict[str, Any]:
    """Return a customer whose own contact has no e-mail address, so that it makes one company and no contact."""
    return {
        "number": str(number),
        "name": f"Kunde {number} AS",
        "status": "Active",
        "corporateId": str(900_000_000 + number),
        "mainAddress": {
            "addressLine1": f"Storgata {number}",
            "postalCode": "6002",
            "city": "Ålesund",
            "country": {"id": "NO", "name": "Norge"},
        },
        "mainContact": {"contactId": 600_000 + number, "web": f"www.kunde{number}.no"},
        "creditTerms": {"id": "30", "description": "30 dager"},
        "currencyId": "NOK",
        **changes,
    }


def supplier(number: int, /, **changes: Any) -> dict[str, Any]:
    """Return a supplier."""
    return {
        "number": str(number),
        "name": f"Leverandør {number} AS",
        "status": "Active",
        "corporateId": str(800_000_000 + number),
        "mainContact": {"contactId": 700_000 + number, "web": f"www.leverandor{number}.no"},
        "currencyId": "NOK",
        **changes,
    }


def contact(number: int, owner: int | None, /, **changes: Any) -> dict[str, Any]:
    """Return a contact of the list; ``owner`` is a customer's number unless ``businessAccountType`` says otherwise."""
    return {
        "contactId": number,
        "displayName": f"Etternavn{number}, Fornavn{number}",
        "firstName": f"Fornavn{number}",
        "lastName": f"Etternavn{number}",
        "email": f"person{number}@kunde{owner}.no",
        "phone1": f"+47 9{number % 10_000_000:07d}",
        "active": True,
        "businessAccount": str(owner) if owner is not None else None,
        "businessAccountType": "Customer" if owner is not None else None,
        **changes,
    }
