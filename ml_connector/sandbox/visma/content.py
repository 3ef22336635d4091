"""Which rows each table starts with: generated from the company, a small fixed list, or none."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ml_connector.sandbox.company import FIRST_CONTACT, Company
from ml_connector.sandbox.visma import chart
from ml_connector.sandbox.visma.collection import Collection, Generated
from ml_connector.sandbox.visma.journal_rows import currency_rows, ledger_rows
from ml_connector.sandbox.visma.partners import contact_row, customer_row, supplier_row
from ml_connector.sandbox.visma.stamps import History
from ml_connector.sandbox.visma.table import Table
from ml_connector.sandbox.visma.tables import TABLES

_SET_UP = timedelta(days=2400)
"""How long before the present the ledger's own tables were entered."""


def collections(
    company: Company, as_of: datetime, kept: Mapping[str, Callable[[Table], Collection]] | None = None
) -> dict[str, Collection]:
    """Return the rows of every table by entity name, as they are before anything happens.

    Args:
        company: whose they are.
        as_of: naive midnight before which everything happened.
        kept: what fills the tables of the bookkeeping, by entity.
    """
    filled: dict[str, Callable[[Table], Collection]] = {
        "customers": lambda table: _customers(table, company, as_of),
        "suppliers": lambda table: _suppliers(table, company, as_of),
        "contacts": lambda table: _contacts(table, company, as_of),
        "accounts": lambda table: _fixed(table, chart.account_rows(), as_of),
        "subaccounts": lambda table: _fixed(table, chart.subaccount_rows(), as_of),
        "dimensions": lambda table: _fixed(table, chart.dimension_rows(as_of - _SET_UP), as_of),
        "credit_terms": lambda table: _fixed(table, chart.credit_term_rows(), as_of),
        "branches": lambda table: _fixed(table, chart.branch_rows(), as_of),
        "organisations": lambda table: _fixed(table, chart.organisation_rows(), as_of),
        "ledgers": lambda table: _fixed(table, ledger_rows(), as_of),
        "currencies": lambda table: _fixed(table, currency_rows(), as_of),
        **(kept or {}),
    }
    return {table.name: filled.get(table.name, _collection)(table) for table in TABLES}


def _collection(
    table: Table,
    generated: Iterator[Generated] | tuple[Generated, ...] = (),
    build: Callable[[int], Mapping[str, Any]] | None = None,
) -> Collection:
    return Collection(
        table.name,
        table.fields,
        generated,
        build,
        created_field=table.created_field,
        modified_field=table.modified_field,
    )


def _customers(table: Table, company: Company, as_of: datetime) -> Collection:
    rows = _stamped(1, company.customers, company.customer_number, company.seed, as_of)
    return _collection(table, rows, lambda index: customer_row(company, index))


def _suppliers(table: Table, company: Company, as_of: datetime) -> Collection:
    rows = _stamped(2, company.suppliers, company.supplier_number, company.seed, as_of)
    return _collection(table, rows, lambda index: supplier_row(company, index))


def _contacts(table: Table, company: Company, as_of: datetime) -> Collection:
    rows = _stamped(3, company.contacts, lambda index: str(FIRST_CONTACT + index), company.seed, as_of)
    return _collection(table, rows, lambda index: contact_row(company, index, FIRST_CONTACT + index))


def _stamped(
    kind: int, count: int, key: Callable[[int], str], seed: int, as_of: datetime
) -> Iterator[Generated]:
    """Yield the key and stamps of each row; ``kind`` keeps the entities' stamps apart."""
    history = History(seed, as_of)
    for index in range(count):
        created = history.created(kind, index, count)
        yield Generated(key(index), created, history.modified(kind, index, created))


def _fixed(table: Table, rows: list[dict[str, Any]], as_of: datetime) -> Collection:
    """Return a table of a few rows, all entered when the ledger was set up."""
    collection = _collection(table)
    stamp = as_of - _SET_UP
    for row in rows:
        collection.add(table.key(row), row, stamp)
    return collection
