"""Books and lines for the tests of the sandbox's money."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.company import Company
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector.sandbox.visma.opening import open_books

AS_OF = datetime(2026, 11, 20)
STAMP = datetime(2026, 11, 20, 9, 30, 15)


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
