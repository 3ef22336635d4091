"""Opening the books: the partners they know, the year they hold, and the tables that show them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.deals import DealPlan
from ml_connector.sandbox.books.partners import ContactPerson, Partner, partner_of
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.books.year import Year
from ml_connector.sandbox.company import FIRST_CONTACT, Company
from ml_connector.sandbox.portal_seed import known_customers
from ml_connector.sandbox.visma.partners import customer_row, supplier_row

Rows = Callable[[str, str], Mapping[str, Any]]


def contact_people(company: Company) -> dict[str, list[ContactPerson]]:
    """Return the contacts of each customer, by its number."""
    found: dict[str, list[ContactPerson]] = {}
    for index in range(company.contacts):
        contact = company.contact(index)
        if contact.number is not None and not contact.supplier:
            person = company.person(contact.entity, contact.person)
            name = f"{person.family}, {person.given}"
            found.setdefault(contact.number, []).append(
                ContactPerson(FIRST_CONTACT + index, name, person.email)
            )
    return found


def open_books(company: Company, settings: BooksSettings | None, until: datetime, row: Rows) -> Books:
    """Return the books with the year the settings ask for, or with nothing in them.

    Args:
        company: whose they are.
        settings: None for empty books.
        until: naive midnight before which everything happened.
        row: gives the present row of an entity by key, for partners of later documents.
    """
    people: dict[str, list[ContactPerson]] = contact_people(company) if settings is not None else {}

    def customer(number: str) -> Partner:
        return partner_of(row("customers", number), people.get(number, ()))

    def supplier(number: str) -> Partner:
        return partner_of(row("suppliers", number))

    books = Books(company.seed, customer, supplier)
    if settings is not None:
        books.touch = settings.payments_touch_invoices
        deals = deal_plan(company)
        customers = customers_of(company, people)
        suppliers = [partner_of(supplier_row(company, index)) for index in range(company.suppliers)]
        Year(books, settings, customers, suppliers, until, deals.reference).live()
    return books


def customers_of(
    company: Company, people: Mapping[str, Sequence[ContactPerson]] | None = None
) -> list[Partner]:
    """Return all customers in the order of their numbers."""
    return [
        partner_of(customer_row(company, index), (people or {}).get(company.customer_number(index), ()))
        for index in range(company.customers)
    ]


def deal_plan(company: Company) -> DealPlan:
    """Return which of the customers that sales knew have deals."""
    return DealPlan(company.seed, [company.customer_number(index) for index in known_customers(company)])


def contact_person(row: Rows, contact_id: int) -> ContactPerson:
    """Return the person behind a contact of Visma. Raises UsageError where there is none."""
    found = row("contacts", str(contact_id))
    name = found.get("displayName")
    if not name:
        raise UsageError("The contact has no name.", record=str(contact_id))
    return ContactPerson(contact_id, str(name), found.get("email"))
