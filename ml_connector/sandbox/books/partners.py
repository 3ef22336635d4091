"""Customers and suppliers as the books see them: what is needed to write a document to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.sandbox.books.money import BASE

CREDIT_DAYS = {"00": 0, "10": 10, "14": 14, "30": 30, "45": 45, "60": 60}


@dataclass(frozen=True, slots=True)
class ContactPerson:
    """A person a document can be addressed to."""

    id: int
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Partner:
    """One customer or supplier.

    ``address`` and ``contact_info`` are the objects Visma gives, as they are. ``contacts`` are those of its people who
    are contacts in Visma.
    """

    number: str
    name: str
    internal_id: int
    currency: str
    terms: Mapping[str, str] | None
    vat_zone: Mapping[str, Any] | None
    location: Mapping[str, Any] | None
    address: Mapping[str, Any] | None
    contact_info: Mapping[str, Any] | None
    status: str
    contacts: Sequence[ContactPerson] = ()

    @property
    def domestic(self) -> bool:
        """Whether VAT is charged."""
        return self.vat_zone is None or self.vat_zone.get("id") == "01"

    @property
    def credit_days(self) -> int:
        """Days from the date of a document until it is due."""
        return CREDIT_DAYS.get(self.terms["id"], 30) if self.terms else 0

    @property
    def ledger_account(self) -> str:
        """The control account of a customer."""
        return "1500" if self.domestic else "1510"

    @property
    def supplier_account(self) -> str:
        """The control account of a supplier."""
        return "2400" if self.domestic else "2410"


def partner_of(row: Mapping[str, Any], contacts: Sequence[ContactPerson] = ()) -> Partner:
    """Return the partner a customer's or supplier's row describes; a row may lack any field but its number."""
    return Partner(
        number=str(row["number"]),
        name=str(row.get("name") or ""),
        internal_id=int(row.get("internalId") or 0),
        currency=row.get("currencyId") or BASE,
        terms=row.get("creditTerms"),
        vat_zone=row.get("vatZone"),
        location=row.get("location"),
        address=row.get("invoiceAddress") or row.get("mainAddress"),
        contact_info=row.get("invoiceContact") or row.get("mainContact"),
        status=str(row.get("status") or "Active"),
        contacts=contacts,
    )
