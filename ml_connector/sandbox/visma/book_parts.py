"""The small objects that rows of the books share: accounts, subaccounts, VAT codes, amounts with four places."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ml_connector.sandbox.books.documents import Document, Tax
from ml_connector.sandbox.books.money import FOUR, VAT_CODES, ZERO
from ml_connector.sandbox.company import COMPANY_NAME
from ml_connector.sandbox.visma.chart import ACCOUNTS, subaccount_rows

BRANCH = {"number": "1", "name": COMPANY_NAME}
NOTHING = ZERO.quantize(FOUR)


def four(value: Decimal) -> Decimal:
    """Return the amount with the four places Visma writes."""
    return value.quantize(FOUR)


def moment(day: date) -> datetime:
    """Return a date as Visma writes it: midnight."""
    return datetime.combine(day, time())


@lru_cache
def account(number: str) -> Mapping[str, Any]:
    """Return the account as lines of documents point at it."""
    kind, description = ACCOUNTS.get(number, ("Expense", number))
    return {
        "type": kind,
        "externalCode1": None,
        "externalCode2": None,
        "active": number != "3600",
        "number": number,
        "description": description,
    }


@lru_cache
def _subaccounts() -> dict[str, dict[str, Any]]:
    return {
        row["subaccountNumber"]: {
            **row,
            "lastModifiedDateTime": None,
            "segments": row["segments"],
        }
        for row in subaccount_rows()
    }


def subaccount(number: str) -> Mapping[str, Any] | None:
    """Return the subaccount with its segments, None for an unknown one."""
    return _subaccounts().get(number)


@lru_cache
def vat_code(code: str) -> Mapping[str, str]:
    """Return a VAT code as lines point at it."""
    known = VAT_CODES.get(code)
    return {"id": code, "description": known.description if known else code}


def tax_rows(taxes: Iterable[Tax]) -> list[dict[str, Any]]:
    """Return the VAT details of a document; amounts are in its own currency."""
    return [
        {
            "taxId": tax.code,
            "recordId": place,
            "vatId": {"number": tax.code, "description": vat_code(tax.code)["description"]},
            "vatRate": four(tax.percent),
            "taxableAmount": four(tax.taxable),
            "vatAmount": four(tax.vat),
        }
        for place, tax in enumerate(taxes, 1)
    ]


def both(name: str, in_currency: Decimal, in_base: Decimal) -> dict[str, Decimal]:
    """Return an amount of a customer's or supplier's document: ``X`` is base, ``XInCurrency`` the document's."""
    return {name: four(in_base), f"{name}InCurrency": four(in_currency)}


def closed_period(document: Document) -> str | None:
    """Return the period in which the last of a document was settled, None while it is open."""
    if document.status != "Closed":
        return None
    return f"{max((item.day for item in document.applications), default=document.day):%Y%m}"


def sparse(row: dict[str, Any], serial: int) -> dict[str, Any]:
    """Return the row without a third of its null fields, as the real API may leave any of them out."""
    return {
        name: value
        for place, (name, value) in enumerate(row.items())
        if value is not None or (place + serial) % 3
    }
