"""The rows of the works as Visma shows them, for whoever reads them there."""

from typing import Any

from bench.works import Kind, Row

ENTITIES = {Kind.COMPANIES: "customers", Kind.LINKED_CONTACTS: "contacts"}
"""Where rows of a kind are kept in Visma."""

KEY_FIELDS = {"customers": "number", "contacts": "contactId"}
"""The field that tells rows apart."""


def visma_row(kind: Kind, row: Row) -> dict[str, Any]:
    """Return a row as Visma has it."""
    return _customer(row) if kind is Kind.COMPANIES else _contact(row)


def _customer(row: Row) -> dict[str, Any]:
    number = _number(row.key)
    return {
        "number": number,
        "name": row.properties["name"],
        "status": "Active",
        "corporateId": row.properties.get("visma_organisation_number"),
        "mainAddress": {"city": row.properties.get("city"), "country": {"id": "NO", "name": "Norge"}},
        "mainContact": {
            "contactId": 1_000_000 + int(number.lstrip("C")),
            "web": row.properties.get("domain"),
            "email": row.properties.get("email"),
            "phone1": row.properties.get("phone"),
        },
        "creditTerms": {"id": "30", "description": "30 dager"},
        "currencyId": "NOK",
    }


def _contact(row: Row) -> dict[str, Any]:
    return {
        "contactId": int(_number(row.key)),
        "firstName": row.properties["firstname"],
        "lastName": row.properties["lastname"],
        "email": row.properties["email"],
        "active": True,
        "businessAccount": _number(row.company) if row.company else None,
        "businessAccountType": "Customer" if row.company else None,
    }


def _number(key: str) -> str:
    """Return Visma's number in a key such as ``bench:C000037``."""
    return key.partition(":")[2]
