"""Books and lines for the tests of the sandbox's money."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.company import Company
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector.sandbox.visma.opening import open_books
from ml_connector.sandbox.visma.sandbox import VismaSandbox
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector_tests.sandbox.visma_calls import VismaCaller

AS_OF = datetime(2026, 11, 20)
STAMP = datetime(2026, 11, 20, 9, 30, 15)
LATER = STAMP + timedelta(hours=3)
SWEDE = "11999"
"""A customer abroad whom `opened` adds."""


def year(settings: BooksSettings | None = None, *, seed: int = 2026, customers: int = 120) -> Books:
    """The books of a year, without an API around them."""
    company = Company(seed, customers, 40, 1.6)

    def no_row(entity: str, key: str) -> dict[str, str]:
        raise AssertionError(f"{entity} {key}")

    return open_books(company, settings or BooksSettings(), AS_OF, no_row)


def sold(*prices: str, quantity: str = "1", vat: str | None = "3") -> list[NewLine]:
    """Lines with these unit prices."""
    return [
        NewLine(
            text=f"Vare {place}", item=f"V-{place}", quantity=Decimal(quantity), price=Decimal(price), vat=vat
        )
        for place, price in enumerate(prices, 1)
    ]


def total(values: Sequence[Decimal]) -> Decimal:
    """The sum of amounts."""
    return sum(values, Decimal(0))


def everything(visma: VismaCaller, path: str, **params: str) -> list[dict[str, Any]]:
    """All rows of a list."""
    rows: list[dict[str, Any]] = []
    for page in range(1, 99):
        found = visma.rows(path, pageNumber=page, pageSize=1000, **params)
        if not found:
            return rows
        rows += found
    raise AssertionError("The list does not end.")


def journal(visma: VismaCaller) -> dict[str, dict[str, Any]]:
    """All batches by module and number, put together from the pages."""
    batches: dict[str, dict[str, Any]] = {}
    for row in everything(visma, "/v2/journaltransaction", lastModifiedDateTime="1900-01-01"):
        key = f"{row['module']}:{row['batchNumber']}"
        known = batches.setdefault(key, {**row, "journalTransactionLines": []})
        known["journalTransactionLines"] += row["journalTransactionLines"]
    return batches


def opened(settings: BooksSettings | None = None) -> VismaSandbox:
    """A company with books, without a server."""
    visma = VismaSandbox(VismaSandboxSettings(as_of=AS_OF), Company(2026, 30, 10, 1.6), None, settings)
    zone = {"id": "03", "description": "EU/EØS"}
    row = {"number": SWEDE, "name": "Svensk AB", "currencyId": "SEK", "vatZone": zone}
    visma.add("customers", row, stamp=STAMP)
    return visma


def changed(visma: VismaSandbox, entity: str, key: str) -> datetime:
    """The last change of a row."""
    stamp = visma.row(entity, key)["lastModifiedDateTime"]
    assert isinstance(stamp, datetime)
    return stamp


@pytest.fixture
def visma() -> Iterator[VismaSandbox]:
    """A company with books that must be in order at the end of the test."""
    company = opened()
    yield company
    assert company.books.problems() == []


@pytest.fixture(scope="module")
def served() -> Iterator[VismaCaller]:
    """A caller of a year of books with every kind of document."""
    settings = SandboxSettings(
        visma=VismaSandboxSettings(as_of=AS_OF), books=BooksSettings(credit_notes=60, debit_notes=12)
    )
    with Sandbox(settings) as running:
        yield VismaCaller(running)
